"""The only writer of cases and of the figures that make them."""

from datetime import date, datetime
from typing import TypedDict

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.permissions import Permission, must
from cishan.vigilance.lists import clear_matches, is_listed, open_listed_case
from cishan.vigilance.models import WatchCase, WatchTerms
from cishan.vigilance.queries import over_fen_on
from cishan.vigilance.rules import (
    DAYS_TO_LOOK,
    JOINED_FOR,
    ask_for_source,
    check_finding,
    check_other_person,
    is_over,
)
from cishan.vigilance.states import CaseOutcome, GiftSource
from cishan.working_days import end_of_working_days

GIVERS = """
SELECT a.id FROM account a JOIN account me ON me.id = $1
 WHERE a.id = me.id OR (me.organisation_id IS NOT NULL AND a.organisation_id = me.organisation_id) ORDER BY a.id
"""
LOCK_GIVERS = f"{GIVERS} FOR NO KEY UPDATE OF a"
JOINED = """
SELECT coalesce(sum(coalesce(paid_fen, total_fen)), 0)::bigint AS fen FROM payment_order
 WHERE donor_id = ANY($1) AND created_at > $2 AND status <> 'closed'
"""
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('watch_received', $1))"
"""Two gifts of one giver that come at once see each other. Accounts are not locked here, for the order is locked already."""
RECEIVED = """
SELECT o.charity_id, o.donor_id, o.paid_at FROM payment_order o
 WHERE o.id = $1 AND NOT EXISTS (SELECT FROM watch_case w WHERE w.order_id = o.id)
"""
JOINED_RECEIVED = """
SELECT coalesce(sum(paid_fen), 0)::bigint AS fen FROM payment_order
 WHERE donor_id = ANY($1) AND status = 'paid' AND paid_at > $2::timestamptz - $3::interval AND paid_at < $2::timestamptz + $3::interval
"""
LOCK_CASE = """
SELECT w.id, w.order_id, w.handler_id, w.closed_at, o.charity_id FROM watch_case w JOIN payment_order o ON o.id = w.order_id
 WHERE w.id = $1 AND o.charity_id = $2 FOR UPDATE OF w
"""
FIND_OUT = "UPDATE watch_case SET handler_id = $2, finding = $3 WHERE id = $1"
CLOSE = "UPDATE watch_case SET outcome = $2, closed_by_id = $3, closed_at = $4 WHERE id = $1"
FROZEN = "SELECT id FROM watch_case WHERE order_id = $1 AND closed_at IS NULL"
MOST_GIVERS = 200


async def watch_order(
    order_id: int,
    source: GiftSource | None,
    *,
    charity_id: int,
    actor: Viewer,
    now: datetime,
    may_ask: bool = True,
) -> None:
    """Looks at an order just opened, in its transaction: beyond the charity's figure it needs its source and makes a case,
    and so does the order of somebody whose name stands on an official list, without a question.

    Raises InvalidInput("source") when the donor has not said where the money comes from; then nothing is opened. All
    accounts of an organisation are one giver; they are locked, so that two orders at once are joined too.
    """
    givers = [row["id"] for row in await rows(LOCK_GIVERS, actor.account_id)][:MOST_GIVERS]
    joined_fen: int = (await rows(JOINED, givers, now - JOINED_FOR))[0]["fen"]
    over_fen, listed = await over_fen_on(charity_id, now), await is_listed(givers)
    if not is_over(joined_fen, over_fen):
        if listed:
            await open_listed_case(order_id, joined_fen, now=now)
        return
    if source is None and may_ask:
        raise ask_for_source(over_fen)
    await _add_case(order_id, joined_fen, source, is_listed=listed, now=now)


async def _add_case(
    order_id: int, joined_fen: int, source: GiftSource | None, *, is_listed: bool, now: datetime
) -> None:
    case = await WatchCase.create(
        order_id=order_id,
        joined_fen=joined_fen,
        is_listed=is_listed,
        source=source,
        opened_at=now,
        due_at=end_of_working_days(now, DAYS_TO_LOOK),
    )
    await record_event("watch_case", case.id, "open", actor=None, now=now, detail={"joined_fen": joined_fen})


async def check_not_frozen(order_id: int) -> None:
    """Raises Conflict while two people have not looked at a large gift; its words say nothing of a case."""
    if await is_frozen(order_id):
        raise Conflict("这笔钱现在不能在网上办退款。请打电话给我们，我们帮您办。")


async def watch_received(order_id: int, *, now: datetime) -> None:
    """Looks at an order whose money has just come, in its transaction: a pledge that was cancelled, or is older than the
    days that are joined, was not counted when it was made. Nobody is there to be asked, so its case has no source yet.
    """
    found = await rows(RECEIVED, order_id)
    if not found:
        return
    order = found[0]
    givers = [row["id"] for row in await rows(GIVERS, order["donor_id"])][:MOST_GIVERS]
    await rows(ONE_AT_A_TIME, min(givers))
    joined_fen: int = (await rows(JOINED_RECEIVED, givers, order["paid_at"], JOINED_FOR))[0]["fen"]
    if is_over(joined_fen, await over_fen_on(order["charity_id"], now)):
        await _add_case(order_id, joined_fen, None, is_listed=False, now=now)


async def is_frozen(order_id: int) -> bool:
    """Whether money of this order may not move yet: it is neither spent nor sent back."""
    return bool(await rows(FROZEN, order_id))


class Who(TypedDict):
    """Whose step it is, of which charity, and when."""

    charity_id: int
    actor: Viewer
    now: datetime


async def find_out(case_id: int, finding: str, *, charity_id: int, actor: Viewer, now: datetime) -> None:
    """Somebody of finance writes down what they found; another closes the case."""
    must(actor, Permission.MANAGE_MONEY)
    async with in_transaction():
        await _open_case(case_id, charity_id)
        await rows(FIND_OUT, case_id, actor.account_id, check_finding(finding))
        await record_event("watch_case", case_id, "find_out", actor=actor, now=now)


async def close_case(case_id: int, outcome: CaseOutcome, *, charity_id: int, actor: Viewer, now: datetime) -> None:
    """Another person of finance says what the look came to; from then on the money moves like any other."""
    must(actor, Permission.MANAGE_MONEY)
    async with in_transaction():
        case = await _open_case(case_id, charity_id)
        check_other_person(case["handler_id"], actor.account_id)
        await rows(CLOSE, case_id, outcome.value, actor.account_id, now)
        if outcome is CaseOutcome.CLEARED:
            await clear_matches(case["order_id"], now=now)
        await record_event("watch_case", case_id, outcome.value, actor=actor, now=now)


async def set_terms(charity_id: int, over_fen: int, *, valid_from: date, actor: Viewer, now: datetime) -> None:
    """Sets the charity's figure from a day on, today or later; the days before keep theirs."""
    must(actor, Permission.MANAGE_MONEY)
    if valid_from < beijing_day(now):
        raise InvalidInput({"valid_from": "请选今天或以后的日期，以前的不能改。"})
    if over_fen <= 0:
        raise InvalidInput({"over": "请填写大于 0 的金额。"})
    await WatchTerms.update_or_create(
        charity_id=charity_id, valid_from=valid_from, defaults={"over_fen": over_fen, "set_by_id": actor.account_id}
    )


async def _open_case(case_id: int, charity_id: int) -> JsonRow:
    found = await rows(LOCK_CASE, case_id, charity_id)
    if not found:
        raise NotFound
    if found[0]["closed_at"] is not None:
        raise Conflict("这件已经办结了。")
    return found[0]
