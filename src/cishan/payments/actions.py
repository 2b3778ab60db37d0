"""The only writers of orders and of unassigned money. `settle` is the one door through which money comes in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.events.actions import record_event
from cishan.ledger.actions import Source, book_gift, book_unassigned
from cishan.messages.actions import queue_notice
from cishan.money import yuan_text
from cishan.payments.alipay.terms import PAID, Trade, TradeStatus
from cishan.payments.models import Order, OrderLine
from cishan.payments.owners import LineOwners
from cishan.payments.rules import Line, new_out_trade_no, next_poll, split_received
from cishan.payments.states import OrderStatus, SettleSource, UnassignedReason
from cishan.sealing import Sealer

LOCK_ORDER = """
SELECT id, out_trade_no, donor_id, charity_id, total_fen, status, trade_no FROM payment_order
 WHERE out_trade_no = $1 FOR UPDATE
"""
LINES = "SELECT id, fund_id, owner_kind, owner_id, amount_fen FROM order_line WHERE order_id = $1 ORDER BY id"
MARK_PAID = """
UPDATE payment_order SET status = 'paid', trade_no = $2, paid_fen = $3, paid_at = $4, settled_at = $5,
       next_poll_at = NULL, unknown_since = NULL WHERE id = $1
"""
MARK_CLOSED = """
UPDATE payment_order SET status = 'closed', settled_at = $2, next_poll_at = NULL, unknown_since = NULL WHERE id = $1
"""
ADD_UNASSIGNED = """
INSERT INTO unassigned_money (charity_id, fund_id, order_id, donor_id, reason, amount_fen, booked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
"""

REASON_SENTENCES = {
    UnassignedReason.LATE: "付款到达时，这件心愿的付款时间已经过了",
    UnassignedReason.DUPLICATE: "这件心愿您已经付过一次",
    UnassignedReason.SURPLUS: "付款比应付的多",
    UnassignedReason.SHORT: "付款比应付的少",
}


@dataclass(frozen=True)
class NewLine:
    """What a part of an order is for."""

    owner_kind: str
    owner_id: int
    fund_id: int
    amount_fen: int


@dataclass(frozen=True)
class Settled:
    """What `settle` did: `changed` is False when there was nothing new. `known` is False for a number not ours."""

    known: bool
    changed: bool = False
    status: OrderStatus | None = None


async def open_order(
    lines: Sequence[NewLine], *, charity_id: int, subject: str, expires_at: datetime, actor: Viewer, now: datetime
) -> Order:
    """Writes down what a donor sets out to pay, before the gateway hears of it."""
    async with in_transaction():
        order = await Order.create(
            out_trade_no=new_out_trade_no(now),
            charity_id=charity_id,
            donor_id=actor.account_id,
            subject=subject,
            total_fen=sum(line.amount_fen for line in lines),
            status=OrderStatus.PENDING,
            created_at=now,
            expires_at=expires_at,
            next_poll_at=next_poll(created_at=now, expires_at=expires_at, now=now),
        )
        for line in lines:
            await OrderLine.create(
                order=order,
                fund_id=line.fund_id,
                owner_kind=line.owner_kind,
                owner_id=line.owner_id,
                amount_fen=line.amount_fen,
            )
        await record_event("order", order.id, "open", actor=actor, now=now, detail={"total_fen": order.total_fen})
    return order


async def settle(trade: Trade, source: SettleSource, *, owners: LineOwners, sealer: Sealer, now: datetime) -> Settled:
    """Makes the order what the gateway vouches for: books paid money once, closes what was never paid.

    Idempotent under the order's row lock, whoever calls and however often. Never goes back: a paid order stays paid;
    money for a closed order is still received. `trade` comes from a verified notice that agrees with the order, or
    from a query; this function makes no remote call.
    """
    async with in_transaction():
        found = await rows(LOCK_ORDER, trade.out_trade_no)
        if not found:
            return Settled(known=False)
        order = found[0]
        status = OrderStatus(order["status"])
        if status is OrderStatus.PAID:
            return Settled(known=True, status=status)
        if trade.status in PAID:
            await _receive(order, trade, source, owners=owners, sealer=sealer, now=now)
            return Settled(known=True, changed=True, status=OrderStatus.PAID)
        if trade.status is TradeStatus.TRADE_CLOSED and status is OrderStatus.PENDING:
            await _close(order["id"], now=now)
            return Settled(known=True, changed=True, status=OrderStatus.CLOSED)
        return Settled(known=True, status=status)


async def close_unopened(out_trade_no: str, *, now: datetime) -> bool:
    """Closes a pending, expired order whose cashier nobody ever opened; True when it did."""
    async with in_transaction():
        found = await rows(LOCK_ORDER, out_trade_no)
        if not found or found[0]["status"] != OrderStatus.PENDING:
            return False
        await _close(found[0]["id"], now=now)
        return True


async def _close(order_id: int, *, now: datetime) -> None:
    await rows(MARK_CLOSED, order_id, now)
    await record_event("order", order_id, "close", actor=None, now=now)


async def _receive(
    order: JsonRow, trade: Trade, source: SettleSource, *, owners: LineOwners, sealer: Sealer, now: datetime
) -> None:
    paid_at = trade.paid_at or now
    await rows(MARK_PAID, order["id"], trade.trade_no, trade.total_fen, paid_at, now)
    lines = tuple([await _offered(line, order, trade, owners, now) for line in await rows(LINES, order["id"])])
    split = split_received(lines, order["total_fen"], trade.total_fen)
    for line in split.gifts:
        await book_gift(line.fund_id, line.amount_fen, Source("order_line", line.id), paid_at=paid_at, now=now)
    for fund_id, reason, amount_fen in split.unassigned:
        await _keep_unassigned(order, fund_id, reason, amount_fen, paid_at=paid_at, sealer=sealer, now=now)
    detail: dict[str, object] = {"paid_fen": trade.total_fen, "source": source.value}
    await record_event("order", order["id"], "receive", actor=None, now=now, detail=detail)


async def _offered(line: JsonRow, order: JsonRow, trade: Trade, owners: LineOwners, now: datetime) -> Line:
    """Offers a line's money to its owner; an order paid short is offered to nobody."""
    if trade.total_fen < order["total_fen"]:
        return Line(line["id"], line["fund_id"], line["amount_fen"])
    owner = owners[line["owner_kind"]]
    refused = await owner.accept_payment(line["owner_id"], order_id=order["id"], now=now)
    return Line(line["id"], line["fund_id"], line["amount_fen"], refused)


async def _keep_unassigned(
    order: JsonRow,
    fund_id: int,
    reason: UnassignedReason,
    amount_fen: int,
    *,
    paid_at: datetime,
    sealer: Sealer,
    now: datetime,
) -> None:
    values = (order["charity_id"], fund_id, order["id"], order["donor_id"], reason.value, amount_fen, now)
    kept = await rows(ADD_UNASSIGNED, *values)
    await book_unassigned(fund_id, amount_fen, Source("unassigned", kept[0]["id"]), paid_at=paid_at, now=now)
    sentence = (
        f"您付的 {yuan_text(amount_fen)} 元已经收到。{REASON_SENTENCES[reason]}，这笔钱先单独记在您的名下，"
        "慈善总会财务会和您联系处理。"
    )
    await queue_notice(f"unassigned:{kept[0]['id']}", order["donor_id"], sentence, sealer=sealer, now=now)
