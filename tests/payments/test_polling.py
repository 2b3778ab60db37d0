"""Asking about one order because its donor came back: never about a paid one, and about any other only so often."""

from datetime import timedelta

from cishan.clock import SteppedClock
from cishan.payments.models import Order
from cishan.payments.polling import ASKS_OF_ORDER, ask_about
from cishan.payments.states import OrderStatus, SettleSource
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.settings import Settings
from payments.order_makers import RecordingOwner, make_answering_gateway, make_till, trade_for


async def test_a_paid_order_is_answered_from_our_own_row(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    gateway, till = make_answering_gateway(clock), await make_till(sealer=sealer, now=clock.now())
    services, owners = Services(transaction, clock, sealer, gateway), {"claim": RecordingOwner()}
    gateway.truth = [trade_for(till.order)]
    for _ in range(3):
        await ask_about(till.order.out_trade_no, SettleSource.RETURN, services=services, owners=owners, now=clock.now())
    assert (await Order.get(id=till.order.id)).status is OrderStatus.PAID
    assert gateway.asked == [till.order.out_trade_no]


async def test_an_unpaid_order_is_asked_about_only_so_often(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    gateway, till = make_answering_gateway(clock), await make_till(sealer=sealer, now=clock.now())
    services, owners = Services(transaction, clock, sealer, gateway), {"claim": RecordingOwner()}
    gateway.truth = [None] * (ASKS_OF_ORDER.most + 1)

    async def come_back(times: int) -> int:
        for _ in range(times):
            await ask_about(
                till.order.out_trade_no, SettleSource.RETURN, services=services, owners=owners, now=clock.now()
            )
        return len(gateway.asked)

    assert await come_back(ASKS_OF_ORDER.most + 4) == ASKS_OF_ORDER.most
    clock.advance(ASKS_OF_ORDER.window + timedelta(seconds=1))
    assert await come_back(1) == ASKS_OF_ORDER.most + 1
