"""Every way in which an order may stand, and everything that Alipay may say of it: the 48 cells of scenario P4."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

import cishan
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.payments.actions import Settled, add_refunded, close_unopened, settle
from cishan.payments.alipay.terms import PAID, Trade, TradeStatus
from cishan.payments.models import Order
from cishan.payments.settling import CELLS, HEARS, RECEIVES, OrderStand, Step, stand_of
from cishan.payments.states import OrderStatus, SettleSource
from cishan.sealing import Sealer
from payments.order_makers import PRICE_FEN, RecordingOwner, Till, make_till, trade_for

SOURCE = Path(cishan.__file__).parent
UNPAID = frozenset({OrderStand.PENDING, OrderStand.UNKNOWN, OrderStand.CLOSED})
CELL_IDS = [f"{stand}-{status}-{'refund' if refund else 'plain'}" for stand, status, refund in CELLS]


def test_the_table_has_a_cell_for_everything() -> None:
    assert len(CELLS) == 48
    assert set(CELLS) == set(product(OrderStand, TradeStatus, (False, True)))


def test_an_order_is_paid_and_closed_in_one_file_and_settled_from_three() -> None:
    """One door: notice, return page, poll and staff reach it through the inbox or the poller, the bank through its own; the demo
    has no gateway."""
    sources = {path.relative_to(SOURCE).as_posix(): path.read_text() for path in SOURCE.rglob("*.py")}
    writers = {name for name, text in sources.items() if re.search(r"UPDATE payment_order SET status", text)}
    callers = {name for name, text in sources.items() if re.search(r"await settle\(", text)}
    assert writers == {"payments/actions.py"}
    assert callers == {"payments/inbox.py", "payments/polling.py", "payments/transfers.py", "demo/vouching.py"}


@pytest.mark.usefixtures("transaction")
async def test_orders_of_before_have_a_choice_and_no_refund() -> None:
    found = await rows(
        "SELECT column_name, column_default FROM information_schema.columns WHERE table_name = 'payment_order' "
        "AND column_name IN ('late_choice', 'refunded_fen') ORDER BY column_name"
    )
    assert [row["column_default"].partition("::")[0] for row in found] == ["'refund'", "0"]


@pytest.mark.parametrize("cell", CELLS, ids=CELL_IDS)
def test_no_cell_leads_back_and_none_forgets_money(cell: tuple[OrderStand, TradeStatus, bool]) -> None:
    """The table against the rules it follows from, said another way."""
    (stand, status, is_refund), step = cell, CELLS[cell]
    was_paid = status in PAID or (is_refund and status is TradeStatus.TRADE_CLOSED)
    assert (step in RECEIVES) == (was_paid and stand in UNPAID)
    assert (step in HEARS) == (was_paid and is_refund)
    assert (step is Step.CLOSE) == (
        status is TradeStatus.TRADE_CLOSED and not is_refund and stand in {OrderStand.PENDING, OrderStand.UNKNOWN}
    )


def said(till: Till, status: TradeStatus, *, is_refund: bool) -> Trade:
    closed = status is TradeStatus.TRADE_CLOSED
    refunded_fen = (PRICE_FEN if closed else 1_000) if is_refund else 0
    return replace(trade_for(till.order, status), refunded_fen=refunded_fen)


async def tell(till: Till, trade: Trade, owner: RecordingOwner, sealer: Sealer, clock: SteppedClock) -> Settled:
    return await settle(trade, SettleSource.NOTICE, owners={"claim": owner}, sealer=sealer, now=clock.now())


async def bring_to(stand: OrderStand, till: Till, sealer: Sealer, clock: SteppedClock) -> None:
    if stand is OrderStand.UNKNOWN:
        await rows("UPDATE payment_order SET unknown_since = $2 WHERE id = $1", till.order.id, clock.now())
    elif stand is OrderStand.CLOSED:
        await close_unopened(till.order.out_trade_no, now=clock.now())
    elif stand is not OrderStand.PENDING:
        await tell(till, trade_for(till.order), RecordingOwner(), sealer, clock)
    if stand is OrderStand.PART_REFUNDED:
        await add_refunded(till.order.id, 1_000)
    if stand is OrderStand.REFUNDED:
        await add_refunded(till.order.id, PRICE_FEN)


async def standing(till: Till) -> OrderStand:
    order = await Order.get(id=till.order.id)
    return stand_of(
        order.status,
        is_unknown=order.unknown_since is not None,
        paid_fen=order.paid_fen or 0,
        refunded_fen=order.refunded_fen,
    )


@pytest.mark.usefixtures("transaction")
@pytest.mark.parametrize("cell", CELLS, ids=CELL_IDS)
async def test_settle_does_what_the_table_says_and_only_once(
    sealer: Sealer, clock: SteppedClock, cell: tuple[OrderStand, TradeStatus, bool]
) -> None:
    (stand, status, is_refund), step = cell, CELLS[cell]
    till = await make_till(sealer=sealer, now=clock.now())
    await bring_to(stand, till, sealer, clock)
    assert await standing(till) is stand
    owner = RecordingOwner()
    trade = said(till, status, is_refund=is_refund)
    first = await tell(till, trade, owner, sealer, clock)
    again = await tell(till, trade, owner, sealer, clock)
    assert first.changed == (step in RECEIVES or step is Step.CLOSE)
    assert first.hears_refund == again.hears_refund == (step in HEARS)
    assert not again.changed
    assert len(owner.asked) == (1 if step in RECEIVES else 0)
    was_paid = stand not in UNPAID
    after = OrderStatus.PAID if was_paid or step in RECEIVES else first.status
    assert (await Order.get(id=till.order.id)).status is after
    assert await balance_of(till.site.fund_id, AccountType.FUND) == (-PRICE_FEN if after is OrderStatus.PAID else 0)
