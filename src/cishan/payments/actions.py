"""The only writers of orders and of unassigned money. `settle` is the one door through which money comes in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.events.actions import record_event
from cishan.ledger.actions import Source, book_assignment, book_gift, book_unassigned
from cishan.messages.actions import queue_notice
from cishan.money import yuan_text
from cishan.payments.alipay.terms import Trade
from cishan.payments.models import Order, OrderLine
from cishan.payments.owners import LineOwners, Used
from cishan.payments.rules import (
    LATE_MONEY_JOB,
    PLACES,
    Line,
    new_out_trade_no,
    new_transfer_code,
    next_poll,
    split_received,
)
from cishan.payments.settling import HEARS, RECEIVES, Step, stand_of, step_for
from cishan.payments.states import LateChoice, OrderStatus, PayChannel, SettleSource, UnassignedReason
from cishan.sealing import Sealer
from cishan.services import Enqueue, queue_nothing

ORDER = """
SELECT id, out_trade_no, donor_id, charity_id, total_fen, status, trade_no, paid_fen, paid_at, refunded_fen, late_choice,
       unknown_since, channel FROM payment_order
"""
LOCK_ORDER = ORDER + " WHERE out_trade_no = $1 FOR UPDATE"
LOCK_ORDER_BY_ID = ORDER + " WHERE id = $1 FOR UPDATE"
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
ORDER_OF_UNASSIGNED = "SELECT order_id FROM unassigned_money WHERE id = $1"
LOCK_UNASSIGNED = """
SELECT u.id, u.fund_id, u.order_id, u.donor_id, u.reason, u.amount_fen, u.resolved_at, u.resolved_as, u.owner_kind,
       u.owner_id, u.used_fen, o.out_trade_no, o.charity_id, o.late_choice, o.channel
  FROM unassigned_money u JOIN payment_order o ON o.id = u.order_id WHERE u.id = $1 FOR UPDATE OF u
"""
RESOLVE = """
UPDATE unassigned_money SET resolved_at = $2, resolved_as = $3, owner_kind = $4, owner_id = $5, used_fen = $6 WHERE id = $1
"""
ADD_REFUNDED = "UPDATE payment_order SET refunded_fen = refunded_fen + $2 WHERE id = $1"

REASON_SENTENCES = {
    UnassignedReason.LATE: "付款到达时，收款的时间已经过了",
    UnassignedReason.DUPLICATE: "这一笔您已经付过一次",
    UnassignedReason.SURPLUS: "付款比应付的多",
    UnassignedReason.SHORT: "付款比应付的少",
}
CHOICE_SENTENCES = {
    LateChoice.SIMILAR: "会用来认领一件相近的心愿，没有合适的就转入微心愿项目",
    LateChoice.FUND: "会转入微心愿项目",
    LateChoice.REFUND: "会原路退给您",
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
    """What `settle` did: `changed` is False when there was nothing new. `known` is False for a number not ours.

    `hears_refund` asks the caller to look into the refund that the trade speaks of, once this is committed.
    """

    known: bool
    changed: bool = False
    status: OrderStatus | None = None
    hears_refund: bool = False


async def open_order(
    lines: Sequence[NewLine],
    *,
    charity_id: int,
    subject: str,
    expires_at: datetime,
    actor: Viewer,
    now: datetime,
    late_choice: LateChoice = LateChoice.REFUND,
    channel: PayChannel = PayChannel.ALIPAY,
) -> Order:
    """Writes down what a donor sets out to pay, and what is to be done if it comes too late, twice or is too much.

    An order by bank has a code of its own; nobody is asked about it, and it is closed when its time is over.
    """
    by_bank = channel is PayChannel.BANK
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
            late_choice=late_choice,
            channel=channel,
            transfer_code=new_transfer_code() if by_bank else None,
            next_poll_at=expires_at if by_bank else next_poll(created_at=now, expires_at=expires_at, now=now),
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


async def settle(
    trade: Trade,
    source: SettleSource,
    *,
    owners: LineOwners,
    sealer: Sealer,
    now: datetime,
    enqueue: Enqueue = queue_nothing,
) -> Settled:
    """Makes the order what the gateway vouches for: books paid money once, closes what was never paid.

    What it does stands in the table of `settling.py`, for every way an order can stand and all that Alipay may say.

    Idempotent under the order's row lock, whoever calls and however often. Never goes back: a paid order stays paid;
    money for a closed order is still received. `trade` comes from a verified notice that agrees with the order, or
    from a query; this function makes no remote call. An order by bank is settled by the bank's word alone, and no other is:
    for everybody else it is not known.
    """
    async with in_transaction():
        found = await rows(LOCK_ORDER, trade.out_trade_no)
        if not found:
            return Settled(known=False)
        order = found[0]
        if (source is SettleSource.BANK) != (order["channel"] == PayChannel.BANK):
            return Settled(known=False)
        status = OrderStatus(order["status"])
        stand = stand_of(
            status,
            is_unknown=order["unknown_since"] is not None,
            paid_fen=order["paid_fen"] or 0,
            refunded_fen=order["refunded_fen"],
        )
        step = step_for(stand, trade.status, is_refund=trade.refunded_fen > 0)
        if step in RECEIVES:
            await _receive(order, trade, source, owners=owners, sealer=sealer, now=now, enqueue=enqueue)
            return Settled(known=True, changed=True, status=OrderStatus.PAID, hears_refund=step in HEARS)
        if step is Step.CLOSE:
            await _close(order["id"], now=now)
            return Settled(known=True, changed=True, status=OrderStatus.CLOSED)
        return Settled(known=True, status=status, hears_refund=step in HEARS)


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
    order: JsonRow,
    trade: Trade,
    source: SettleSource,
    *,
    owners: LineOwners,
    sealer: Sealer,
    now: datetime,
    enqueue: Enqueue,
) -> None:
    paid_at = trade.paid_at or now
    await rows(MARK_PAID, order["id"], trade.trade_no, trade.total_fen, paid_at, now)
    lines = tuple([await _offered(line, order, trade, owners, now) for line in await rows(LINES, order["id"])])
    split = split_received(lines, order["total_fen"], trade.total_fen)
    place = PLACES[PayChannel(order["channel"])]
    for line in split.gifts:
        source_of_line = Source("order_line", line.id)
        await book_gift(line.fund_id, line.amount_fen, source_of_line, paid_at=paid_at, now=now, place=place)
    for fund_id, reason, amount_fen in split.unassigned:
        kept_id = await _keep_unassigned(order, fund_id, reason, amount_fen, paid_at=paid_at, sealer=sealer, now=now)
        await enqueue(LATE_MONEY_JOB, {"unassigned_id": kept_id})
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
) -> int:
    values = (order["charity_id"], fund_id, order["id"], order["donor_id"], reason.value, amount_fen, now)
    kept = await rows(ADD_UNASSIGNED, *values)
    kept_as, place = Source("unassigned", kept[0]["id"]), PLACES[PayChannel(order["channel"])]
    await book_unassigned(fund_id, amount_fen, kept_as, paid_at=paid_at, now=now, place=place)
    sentence = (
        f"您付的 {yuan_text(amount_fen)} 元已经收到。{REASON_SENTENCES[reason]}。按您付款前选的，这笔钱"
        f"{CHOICE_SENTENCES[LateChoice(order['late_choice'])]}，办好了马上告诉您。"
    )
    await queue_notice(f"unassigned:{kept[0]['id']}", order["donor_id"], sentence, sealer=sealer, now=now)
    unassigned_id: int = kept[0]["id"]
    return unassigned_id


# --- for the rooms that move money on; they hold the order's row in their own transaction --------------------------


async def lock_order(order_id: int) -> JsonRow:
    """The order's row, locked until the transaction ends: whoever moves its money takes this lock first."""
    found = await rows(LOCK_ORDER_BY_ID, order_id)
    if not found:
        raise NotFound
    return found[0]


async def lock_unassigned(unassigned_id: int) -> JsonRow:
    """Unassigned money with its order, both locked, the order first."""
    found = await rows(ORDER_OF_UNASSIGNED, unassigned_id)
    if not found:
        raise NotFound
    await lock_order(found[0]["order_id"])
    return (await rows(LOCK_UNASSIGNED, unassigned_id))[0]


async def assign_to_fund(money: JsonRow, *, used: tuple[str, Used] | None = None, now: datetime) -> None:
    """Gives locked unassigned money to its fund; `used` names what of the fund's use it is for, and how much of it."""
    await book_assignment(money["fund_id"], money["amount_fen"], Source("unassigned", money["id"]), now=now)
    resolved_as = LateChoice.SIMILAR if used else LateChoice.FUND
    kind, owner_id, used_fen = (used[0], used[1].owner_id, used[1].amount_fen) if used else (None, None, None)
    await _resolve(money, resolved_as, kind, owner_id, used_fen, now=now)


async def promise_back(money: JsonRow, *, now: datetime) -> None:
    """Locked unassigned money is on its way back to its donor; the refunds room books it."""
    await _resolve(money, LateChoice.REFUND, None, None, None, now=now)


async def keep_for_fund(unassigned_id: int, *, now: datetime) -> None:
    """A refund of this money can't be made, so it stays with the fund; the refunds room books it."""
    await rows(RESOLVE, unassigned_id, now, LateChoice.FUND.value, None, None, None)


async def _resolve(
    money: JsonRow,
    resolved_as: LateChoice,
    owner_kind: str | None,
    owner_id: int | None,
    used_fen: int | None,
    *,
    now: datetime,
) -> None:
    await rows(RESOLVE, money["id"], now, resolved_as.value, owner_kind, owner_id, used_fen)
    detail: dict[str, object] = {"amount_fen": money["amount_fen"], "as": resolved_as.value}
    await record_event("order", money["order_id"], "resolve", actor=None, now=now, detail=detail)


async def add_refunded(order_id: int, amount_fen: int) -> None:
    """Counts what has gone back of an order; the database refuses more than was received."""
    await rows(ADD_REFUNDED, order_id, amount_fen)
