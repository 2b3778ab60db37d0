"""Writes refunds down and books what they promise; used by this room's actions, with the order's row locked by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, NotFound
from cishan.events.actions import record_event
from cishan.ledger.actions import Source, book_refund, book_refund_due
from cishan.ledger.free import lock_fund, spendable_of
from cishan.ledger.states import AccountType
from cishan.payments.actions import add_refunded, lock_order, lock_unassigned, promise_back
from cishan.payments.owners import LineOwners
from cishan.payments.rules import PLACES
from cishan.payments.states import PayChannel
from cishan.refunds.models import Refund, RefundLine
from cishan.refunds.neighbours import Neighbours
from cishan.refunds.queries import OrderPart, parts_of
from cishan.refunds.rules import check_amount, check_fund_has, next_status
from cishan.refunds.states import RefundReason, RefundStatus
from cishan.services import Enqueue

REFUND_JOB = "send_refund"
"""The queued job that asks Alipay for a refund."""

ORDER_OF = "SELECT order_id FROM refund WHERE id = $1"
LOCK = """
SELECT r.id, r.order_id, r.request_no, r.amount_fen, r.status, r.reason, r.created_at, r.requested_by_id, r.sent_at,
       r.tries, r.next_try_at, r.due_at, r.handler_id, o.out_trade_no, o.charity_id, o.donor_id, o.channel
  FROM refund r JOIN payment_order o ON o.id = r.order_id WHERE r.id = $1 FOR UPDATE OF r
"""
LINES = """
SELECT t.id, t.amount_fen, t.order_line_id, t.unassigned_id, coalesce(l.fund_id, u.fund_id) AS fund_id
  FROM refund_line t LEFT JOIN order_line l ON l.id = t.order_line_id LEFT JOIN unassigned_money u ON u.id = t.unassigned_id
 WHERE t.refund_id = $1 ORDER BY t.id
"""
MOVE = """
UPDATE refund SET status = $2, status_since = $3, next_try_at = $4, due_at = $5, succeeded_at = $6 WHERE id = $1
"""


@dataclass(frozen=True)
class Share:
    """How much of a part of an order goes back."""

    part: OrderPart
    amount_fen: int


async def lock_refund(refund_id: int) -> JsonRow:
    """The refund's row with the order's, both locked, the order first: refunds of a trade are decided one by one."""
    found = await rows(ORDER_OF, refund_id)
    if not found:
        raise NotFound
    await lock_order(found[0]["order_id"])
    refund = (await rows(LOCK, refund_id))[0]
    return {
        **refund,
        "status": RefundStatus(refund["status"]),
        "reason": RefundReason(refund["reason"]),
        "channel": PayChannel(refund["channel"]),
    }


async def write_refund(
    order_id: int,
    shares: Sequence[Share],
    reason: RefundReason,
    *,
    request_no: str,
    status: RefundStatus,
    note: str = "",
    actor: Viewer | None,
    now: datetime,
    due_at: datetime | None = None,
) -> Refund:
    """The row of a refund with its lines: our number stands in it before anybody outside hears of it."""
    refund = await Refund.create(
        order_id=order_id,
        request_no=request_no,
        amount_fen=sum(share.amount_fen for share in shares),
        status=status,
        status_since=now,
        reason=reason,
        note=note[:200],
        created_at=now,
        requested_by_id=actor.account_id if actor else None,
        next_try_at=now if status is RefundStatus.REQUESTED else None,
        due_at=due_at,
        succeeded_at=now if status is RefundStatus.SUCCEEDED else None,
    )
    for share in shares:
        await RefundLine.create(
            refund=refund,
            order_line_id=share.part.order_line_id,
            unassigned_id=share.part.unassigned_id,
            amount_fen=share.amount_fen,
        )
    detail: dict[str, object] = {"refund": refund.id, "amount_fen": refund.amount_fen, "reason": reason.value}
    await record_event("order", order_id, "refund", actor=actor, now=now, detail=detail)
    return refund


async def check_shares(shares: Sequence[Share], *, owners: LineOwners, counted: bool = False) -> None:
    """Raises for a sum that can't go back: it was promised before, what it was given for has been bought, or its fund has used it.

    `counted` says that the shares' own refund is written already, so that its sum counts among what was promised.
    """
    wanted: dict[int, int] = {}
    released: set[tuple[str, int]] = set()
    for share in shares:
        part, own_fen = share.part, share.amount_fen if counted else 0
        open_fen = part.open_fen + own_fen
        if part.waits and share.amount_fen != part.amount_fen:
            raise Conflict("这笔待处理的钱要退就一次全退。")
        if part.owner_kind and part.owner_id:
            unspent = await owners[part.owner_kind].unspent(part.owner_id)
            gone_fen = part.amount_fen - open_fen
            open_fen = min(open_fen, max(unspent.amount_fen - gone_fen, 0))
            if (part.owner_kind, part.owner_id) not in released:
                released.add((part.owner_kind, part.owner_id))
                wanted[part.fund_id] = wanted.get(part.fund_id, 0) - unspent.released_fen
        check_amount(share.amount_fen, open_fen)
        if not part.waits:
            wanted[part.fund_id] = wanted.get(part.fund_id, 0) + share.amount_fen
    for fund_id in sorted(wanted):
        await lock_fund(fund_id)
        check_fund_has(wanted[fund_id], await spendable_of(fund_id))


async def promise(
    refund: JsonRow, shares: Sequence[Share], *, neighbours: Neighbours, actor: Viewer | None, now: datetime
) -> None:
    """From here on the money is owed: it leaves the fund in the books, and what it was to buy is not bought with it."""
    by_part = {(share.part.order_line_id, share.part.unassigned_id): share.part for share in shares}
    for line in await rows(LINES, refund["id"]):
        part = by_part[line["order_line_id"], line["unassigned_id"]]
        taken_from = AccountType.FUND
        if part.waits and part.unassigned_id is not None:
            await promise_back(await lock_unassigned(part.unassigned_id), now=now)
            taken_from = AccountType.UNASSIGNED
        elif part.owner_kind and part.owner_id:
            await neighbours.owners[part.owner_kind].give_up(part.owner_id, actor=actor, now=now)
        source = Source("refund_line", line["id"])
        await book_refund_due(line["fund_id"], taken_from, line["amount_fen"], source, now=now)
    await neighbours.follow(refund["order_id"], actor=actor, now=now)


async def shares_of(refund: JsonRow) -> tuple[Share, ...]:
    """The shares of a written refund, with what their parts are now."""
    parts = {(part.order_line_id, part.unassigned_id): part for part in await parts_of(refund["order_id"])}
    return tuple(
        Share(parts[line["order_line_id"], line["unassigned_id"]], line["amount_fen"])
        for line in await rows(LINES, refund["id"])
    )


async def book_as_gone(refund: JsonRow, *, left_at: datetime, now: datetime) -> None:
    """The money has left: booked line by line, and counted on the order, from which every total is read."""
    place = PLACES[refund["channel"]]
    for line in await rows(LINES, refund["id"]):
        source = Source("refund_line", line["id"])
        await book_refund(line["fund_id"], line["amount_fen"], source, left_at=left_at, now=now, place=place)
    await add_refunded(refund["order_id"], refund["amount_fen"])


async def move_refund(
    refund: JsonRow,
    verb: str,
    *,
    actor: Viewer | None,
    now: datetime,
    next_try_at: datetime | None = None,
    due_at: datetime | None = None,
    succeeded_at: datetime | None = None,
    detail: dict[str, object] | None = None,
) -> RefundStatus:
    """Moves a locked refund along; raises IllegalMove."""
    target = next_status(refund["status"], verb)
    await rows(MOVE, refund["id"], target.value, now, next_try_at, due_at, succeeded_at)
    told: dict[str, object] = {"refund": refund["id"], **(detail or {})}
    await record_event("order", refund["order_id"], f"refund_{verb}", actor=actor, now=now, detail=told)
    return target


async def queue_sending(refund_id: int, enqueue: Enqueue) -> None:
    """Sent at once by whichever worker is free; a sweep finds it in its row if none was."""
    await enqueue(REFUND_JOB, {"refund_id": refund_id})
