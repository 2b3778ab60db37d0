"""What people do about a difference: take it on, book it, explain it, and agree where money would be written off (R-18)."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_midnight
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, NotFound
from cishan.events.actions import record_event
from cishan.ledger.actions import Source, book_adjustment
from cishan.ledger.free import lock_fund
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.permissions import Permission, must
from cishan.reconciliation.comparing import WISH_FUND, lock_day, recount_day
from cishan.reconciliation.rules import (
    check_alipay_holds,
    check_choice,
    check_reason,
    needs_second_person,
    next_status,
)
from cishan.reconciliation.states import DifferenceStatus, Resolution

DAY_OF = "SELECT day_id FROM bill_difference WHERE id = $1"
LOCK = """
SELECT x.id, x.day_id, x.ours_fen, x.theirs_fen, x.status, x.resolution, x.note, x.out_trade_no, x.proposed_by_id, d.day,
       d.charity_id
  FROM bill_difference x JOIN bill_day d ON d.id = x.day_id WHERE x.id = $1 FOR UPDATE OF x
"""
FUND_OF_ORDER = """
SELECT l.fund_id AS id FROM payment_order o JOIN order_line l ON l.order_id = o.id
 WHERE o.out_trade_no = $1 AND o.charity_id = $2 ORDER BY l.id LIMIT 1
"""
TAKE = "UPDATE bill_difference SET owner_id = $2 WHERE id = $1"
PROPOSE = """
UPDATE bill_difference SET status = 'proposed', resolution = $2, note = $3, proposed_by_id = $4, owner_id = $4 WHERE id = $1
"""
DECLINE = """
UPDATE bill_difference SET status = 'open', resolution = NULL, note = '', proposed_by_id = NULL WHERE id = $1
"""
RESOLVE = """
UPDATE bill_difference SET status = 'resolved', resolution = $2, note = $3, resolved_by_id = $4, resolved_at = $5 WHERE id = $1
"""
SOURCE_KIND = "bill_difference"


async def take_difference(difference_id: int, *, actor: Viewer, now: datetime) -> int:
    """Whoever takes an open difference on is its owner from here on; returns the day's id."""
    must(actor, Permission.KEEP_BOOKS)
    async with in_transaction():
        difference = await _lock(difference_id)
        if difference["status"] is not DifferenceStatus.OPEN:
            raise Conflict("这处差异已经有人提出处理办法了。")
        await rows(TAKE, difference_id, actor.account_id)
        await record_event("difference", difference_id, "take", actor=actor, now=now)
        return int(difference["day_id"])


async def resolve_difference(
    difference_id: int, resolution: Resolution, reason: str, *, actor: Viewer, now: datetime
) -> DifferenceStatus:
    """Books or explains a difference. Where money would be missing it is only proposed: a second person must agree."""
    must(actor, Permission.KEEP_BOOKS)
    check_choice(resolution)
    note = check_reason(reason.strip())
    async with in_transaction():
        difference = await _lock(difference_id)
        if needs_second_person(difference["ours_fen"], difference["theirs_fen"]):
            target = next_status(difference["status"], "propose")
            await rows(PROPOSE, difference_id, resolution.value, note, actor.account_id)
            verb = "propose"
        else:
            target = next_status(difference["status"], "resolve")
            await rows(RESOLVE, difference_id, resolution.value, note, actor.account_id, now)
            if resolution is Resolution.BOOKED:
                await _book(difference, now=now)
            verb = "resolve"
        await _told(difference, verb, resolution, actor=actor, now=now)
        return target


async def agree_to_difference(difference_id: int, *, actor: Viewer, now: datetime) -> int:
    """The second person agrees to what was proposed; now it is booked. Returns the day's id."""
    must(actor, Permission.MANAGE_MONEY)
    async with in_transaction():
        difference = await _lock(difference_id)
        next_status(difference["status"], "agree")
        if difference["proposed_by_id"] == actor.account_id:
            raise Conflict("处理办法是您提出的，要由另一位同事来同意。")
        resolution = Resolution(difference["resolution"])
        await rows(RESOLVE, difference_id, resolution.value, difference["note"], actor.account_id, now)
        if resolution is Resolution.BOOKED:
            await _book(difference, now=now)
        await _told(difference, "agree", resolution, actor=actor, now=now)
        return int(difference["day_id"])


async def decline_difference(difference_id: int, reason: str, *, actor: Viewer, now: datetime) -> int:
    """The second person does not agree; the difference is open again, and why stands in its events."""
    must(actor, Permission.MANAGE_MONEY)
    why = check_reason(reason.strip())
    async with in_transaction():
        difference = await _lock(difference_id)
        next_status(difference["status"], "decline")
        await rows(DECLINE, difference_id)
        await record_event("difference", difference_id, "decline", actor=actor, now=now, detail={"why": why})
        await recount_day(difference["day_id"])
        return int(difference["day_id"])


async def _lock(difference_id: int) -> JsonRow:
    """The difference's row with its day's, both locked, the day first: as a comparison locks them."""
    found = await rows(DAY_OF, difference_id)
    if not found:
        raise NotFound
    await lock_day(found[0]["day_id"])
    row = (await rows(LOCK, difference_id))[0]
    return {**row, "status": DifferenceStatus(row["status"])}


async def _book(difference: JsonRow, *, now: datetime) -> None:
    """The books follow the bill: what it has more is the fund's of the order, what it has less is written off there.

    What belongs to no order of ours is the 微心愿 fund's.
    """
    found = await rows(FUND_OF_ORDER, difference["out_trade_no"], difference["charity_id"])
    fund_id = (found or await rows(WISH_FUND, difference["charity_id"]))[0]["id"]
    await lock_fund(fund_id)
    amount_fen = difference["theirs_fen"] - difference["ours_fen"]
    if amount_fen < 0:
        check_alipay_holds(-amount_fen, await balance_of(fund_id, AccountType.ALIPAY))
    source = Source(SOURCE_KIND, difference["id"])
    await book_adjustment(fund_id, amount_fen, source, occurred_at=beijing_midnight(difference["day"]), now=now)


async def _told(difference: JsonRow, verb: str, resolution: Resolution, *, actor: Viewer, now: datetime) -> None:
    detail: dict[str, object] = {"resolution": resolution.value}
    await record_event("difference", difference["id"], verb, actor=actor, now=now, detail=detail)
    await recount_day(difference["day_id"])
