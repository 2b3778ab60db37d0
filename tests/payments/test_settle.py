"""`settle`: the one door for money. Every fen received is booked once, whoever calls and however often."""

from datetime import datetime
from itertools import product

import pytest

from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.payments.actions import Settled, close_unopened, settle
from cishan.payments.alipay.terms import PAID, Trade, TradeStatus
from cishan.payments.models import Order
from cishan.payments.states import OrderStatus, SettleSource, UnassignedReason
from cishan.sealing import Sealer
from payments.order_makers import PRICE_FEN, RecordingOwner, Till, make_till, trade_for

pytestmark = pytest.mark.usefixtures("transaction")


@pytest.fixture
async def till(transaction: object, sealer: Sealer, clock: SteppedClock) -> Till:
    return await make_till(sealer=sealer, now=clock.now())


async def settle_with(owner: RecordingOwner, trade: Trade, sealer: Sealer, now: datetime) -> Settled:
    return await settle(trade, SettleSource.NOTICE, owners={"claim": owner}, sealer=sealer, now=now)


async def received(till: Till) -> tuple[int, int, int]:
    """What the books hold, in fen: at Alipay, in the fund, unassigned."""
    kinds = (AccountType.ALIPAY, AccountType.FUND, AccountType.UNASSIGNED)
    return tuple([await balance_of(till.site.fund_id, kind) for kind in kinds])  # type: ignore[return-value]


async def test_a_payment_is_booked_to_the_fund(till: Till, sealer: Sealer, clock: SteppedClock) -> None:
    owner = RecordingOwner()
    settled = await settle_with(owner, trade_for(till.order), sealer, clock.now())
    assert settled == Settled(known=True, changed=True, status=OrderStatus.PAID)
    assert owner.asked == [7]
    assert await received(till) == (PRICE_FEN, -PRICE_FEN, 0)


async def test_the_same_payment_again_changes_nothing(till: Till, sealer: Sealer, clock: SteppedClock) -> None:
    owner = RecordingOwner()
    for _ in range(3):
        settled = await settle_with(owner, trade_for(till.order), sealer, clock.now())
    assert not settled.changed
    assert owner.asked == [7]
    assert await received(till) == (PRICE_FEN, -PRICE_FEN, 0)


@pytest.mark.parametrize("reason", [UnassignedReason.LATE, UnassignedReason.DUPLICATE])
async def test_money_its_owner_refuses_is_kept_with_the_donors_name(
    till: Till, sealer: Sealer, clock: SteppedClock, reason: UnassignedReason
) -> None:
    await settle_with(RecordingOwner(refuses=reason), trade_for(till.order), sealer, clock.now())
    kept = await rows("SELECT donor_id, reason, amount_fen FROM unassigned_money")
    assert kept == [{"donor_id": till.donor.account_id, "reason": reason.value, "amount_fen": PRICE_FEN}]
    assert await received(till) == (PRICE_FEN, 0, -PRICE_FEN)


@pytest.mark.parametrize(
    ("paid_fen", "fund_fen", "reason"),
    [
        (PRICE_FEN - 1, 0, UnassignedReason.SHORT),
        (PRICE_FEN, PRICE_FEN, None),
        (PRICE_FEN + 1, PRICE_FEN, UnassignedReason.SURPLUS),
    ],
)
async def test_not_a_fen_of_another_amount_is_lost(
    till: Till, sealer: Sealer, clock: SteppedClock, paid_fen: int, fund_fen: int, reason: UnassignedReason | None
) -> None:
    owner = RecordingOwner()
    await settle_with(owner, trade_for(till.order, total_fen=paid_fen), sealer, clock.now())
    kept = await rows("SELECT reason FROM unassigned_money")
    assert await received(till) == (paid_fen, -fund_fen, fund_fen - paid_fen)
    assert kept == ([{"reason": reason.value}] if reason else [])
    assert owner.asked == ([] if reason is UnassignedReason.SHORT else [7])


async def test_an_order_that_is_not_ours_books_nothing(till: Till, sealer: Sealer, clock: SteppedClock) -> None:
    stranger = Order(out_trade_no="C20250303STRANGER", created_at=clock.now())
    settled = await settle_with(RecordingOwner(), trade_for(stranger), sealer, clock.now())
    assert settled == Settled(known=False)
    assert await received(till) == (0, 0, 0)


async def test_money_for_a_closed_order_is_received_all_the_same(
    till: Till, sealer: Sealer, clock: SteppedClock
) -> None:
    assert await close_unopened(till.order.out_trade_no, now=clock.now())
    settled = await settle_with(RecordingOwner(), trade_for(till.order), sealer, clock.now())
    assert settled.status is OrderStatus.PAID
    assert (await received(till))[0] == PRICE_FEN


async def _bring_to(status: OrderStatus, till: Till, sealer: Sealer, clock: SteppedClock) -> None:
    if status is OrderStatus.PAID:
        await settle_with(RecordingOwner(), trade_for(till.order), sealer, clock.now())
    if status is OrderStatus.CLOSED:
        await close_unopened(till.order.out_trade_no, now=clock.now())


NEXT: dict[tuple[OrderStatus, TradeStatus], OrderStatus] = {
    **dict.fromkeys(product(OrderStatus, PAID), OrderStatus.PAID),
    **{(OrderStatus.PAID, status): OrderStatus.PAID for status in TradeStatus},
    (OrderStatus.PENDING, TradeStatus.WAIT_BUYER_PAY): OrderStatus.PENDING,
    (OrderStatus.PENDING, TradeStatus.TRADE_CLOSED): OrderStatus.CLOSED,
    (OrderStatus.CLOSED, TradeStatus.WAIT_BUYER_PAY): OrderStatus.CLOSED,
    (OrderStatus.CLOSED, TradeStatus.TRADE_CLOSED): OrderStatus.CLOSED,
}


@pytest.mark.parametrize(("before", "said"), sorted(NEXT), ids=lambda value: value.value)
async def test_an_order_never_goes_back(
    till: Till, sealer: Sealer, clock: SteppedClock, before: OrderStatus, said: TradeStatus
) -> None:
    await _bring_to(before, till, sealer, clock)
    await settle_with(RecordingOwner(), trade_for(till.order, said), sealer, clock.now())
    order = await Order.get(id=till.order.id)
    assert order.status is NEXT[before, said]
    assert (await received(till))[0] == (PRICE_FEN if order.status is OrderStatus.PAID else 0)
