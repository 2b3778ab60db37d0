"""Orders that are paid by a transfer to the bank: found by their code, received through `settle`, closed when nothing came."""

from datetime import datetime

from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.payments.actions import Settled, close_unopened, settle
from cishan.payments.alipay.terms import Trade, TradeStatus
from cishan.payments.owners import LineOwners
from cishan.payments.states import SettleSource
from cishan.sealing import Sealer
from cishan.services import Enqueue

FIND = "SELECT id, out_trade_no, total_fen, status FROM payment_order WHERE channel = 'bank'"
WITH_CODE = f"{FIND} AND charity_id = $1 AND transfer_code = $2"
WITH_NUMBER = f"{FIND} AND out_trade_no = $1"
DUE = """
SELECT out_trade_no FROM payment_order WHERE next_poll_at <= $1 AND status = 'pending' AND channel = 'bank'
 ORDER BY next_poll_at LIMIT $2
"""


async def order_with_code(charity_id: int, code: str) -> JsonRow | None:
    """The order of this charity with a transfer code: id, out_trade_no, total_fen, status."""
    found = await rows(WITH_CODE, charity_id, code)
    return found[0] if found else None


async def order_with_number(out_trade_no: str) -> JsonRow:
    """The same by our number of it; raises NotFound."""
    found = await rows(WITH_NUMBER, out_trade_no)
    if not found:
        raise NotFound
    return found[0]


async def receive_transfer(
    out_trade_no: str,
    amount_fen: int,
    line_id: int,
    *,
    arrived_at: datetime,
    owners: LineOwners,
    sealer: Sealer,
    enqueue: Enqueue,
    now: datetime,
) -> Settled:
    """What came on the bank account for an order, once; `line_id` is the movement that proves it."""
    trade = Trade(
        out_trade_no=out_trade_no,
        trade_no=f"BANK{line_id}",
        status=TradeStatus.TRADE_SUCCESS,
        total_fen=amount_fen,
        refunded_fen=0,
        paid_at=arrived_at,
        buyer="",
    )
    return await settle(trade, SettleSource.BANK, owners=owners, sealer=sealer, now=now, enqueue=enqueue)


async def close_due_transfers(*, limit: int, now: datetime) -> int:
    """Closes orders by bank whose time is over; returns how many. A transfer that comes later is received all the same."""
    closed = 0
    for row in await rows(DUE, now, limit):
        closed += await close_unopened(row["out_trade_no"], now=now)
    return closed
