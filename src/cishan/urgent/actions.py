"""The only writer of urgent cases: opened in a town, decided by two others within a day, paid, then checked by two who visit."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.queries import staff_covering
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.divisions.rules import subtree, town_of
from cishan.errors import Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.messages.actions import queue_notice
from cishan.payouts.applying import Application, apply_for, approve_payout, refuse_payout
from cishan.payouts.states import PayoutKind, PayoutStatus
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer
from cishan.urgent.models import UrgentCase
from cishan.urgent.rules import (
    DECIDE_WITHIN,
    FINDING_LONGEST,
    OPINION_LONGEST,
    check_first_of_year,
    check_first_visitor,
    check_second_visitor,
    check_town_is_up_to_date,
    read_words,
    stage_of,
)
from cishan.urgent.states import CaseStage, UrgentCause
from cishan.wishes.checks import what_identifies

SUBJECT = "urgent_case"
MOST_TOLD = 20
OPINION_LABEL, FINDING_LABEL = "urgent_opinion.opinion", "urgent_case.finding"

HOME = """
SELECT h.id, h.division_code FROM payee y JOIN household h ON h.id = y.household_id
 WHERE y.id = $1 AND h.closed_at IS NULL FOR NO KEY UPDATE OF h
"""
SAME_CAUSE = """
SELECT count(*) AS n FROM urgent_case c JOIN payout p ON p.id = c.payout_id
 WHERE p.household_id = $1 AND c.cause = $2 AND p.status NOT IN ('refused', 'returned')
   AND extract(year FROM p.applied_at AT TIME ZONE 'Asia/Shanghai') = $3
"""
LATE_IN_TOWN = """
SELECT count(*) AS n FROM urgent_case c JOIN payout p ON p.id = c.payout_id
 WHERE p.division_code BETWEEN $1 AND $2 AND c.confirmed_at IS NULL AND c.complete_by <= $3 AND p.status = 'paid'
"""
LOCK = """
SELECT c.id, c.payout_id, c.complete_by, c.stands, c.found_by_id, c.confirmed_at, p.status, p.division_code, p.household_id,
       p.applied_by_id
  FROM urgent_case c JOIN payout p ON p.id = c.payout_id WHERE c.payout_id = $1 FOR UPDATE OF c
"""
ADD_OPINION = "INSERT INTO urgent_opinion (case_id, account_id, opinion_sealed, at) VALUES ($1, $2, $3, $4)"
FIND = "UPDATE urgent_case SET finding_sealed = $2, stands = $3, found_by_id = $4, found_at = $5 WHERE id = $1"
CONFIRM = "UPDATE urgent_case SET confirmed_by_id = $2, confirmed_at = $3 WHERE id = $1"


@dataclass(frozen=True)
class UrgentNeed:
    """What a town asks for. `what` the family reads on its list; `reason` is read by those who decide, without a name."""

    allocation_id: int
    payee_id: int
    cause: UrgentCause
    amount_fen: int
    what: str
    reason: str


async def open_case(need: UrgentNeed, *, actor: Viewer, sealer: Sealer, now: datetime) -> int:
    """Opens a case against a town's reserve; returns the payout's id, by which a case is known.

    Raises InvalidInput for words that tell who the family is or a sum over the limit, Conflict while the town has a case
    that should have been completed, or for a cause that this family was helped for this year.
    """
    async with in_transaction():
        home = await _home(need.payee_id, actor)
        told = await what_identifies(home["id"], home["division_code"], need.reason, sealer=sealer)
        if told:
            raise InvalidInput({"reason": told})
        year = beijing_day(now).year
        check_first_of_year((await rows(SAME_CAUSE, home["id"], need.cause.value, year))[0]["n"])
        town = subtree(town_of(home["division_code"]))
        check_town_is_up_to_date((await rows(LATE_IN_TOWN, *town, now))[0]["n"])
        asked = Application(
            PayoutKind.HOUSEHOLD,
            need.allocation_id,
            need.payee_id,
            need.amount_fen,
            need.what,
            need.reason,
            is_urgent=True,
        )
        payout_id = await apply_for(asked, actor=actor, sealer=sealer, now=now)
        case = await UrgentCase.create(payout_id=payout_id, cause=need.cause, decide_by=now + DECIDE_WITHIN)
        await record_event(SUBJECT, case.id, "open", actor=actor, now=now, detail={"payout": payout_id})
        await _call_the_panel(case.id, home["division_code"], actor, sealer=sealer, now=now)
        return payout_id


async def _call_the_panel(case_id: int, place: str, actor: Viewer, *, sealer: Sealer, now: datetime) -> None:
    """Tells those who may decide that somebody needs help today: the town's others and the nearest editors."""
    text = "有一件急难先行的救助等着作决定，请在 24 小时内办：“急难先行”。"
    for role in (Role.TOWN_REVIEWER, Role.EDITOR):
        for staff in (await staff_covering(place, role))[:MOST_TOLD]:
            account_id = staff["account_id"]
            if account_id != actor.account_id:
                await queue_notice(f"urgent-open:{case_id}:{account_id}", account_id, text, sealer=sealer, now=now)


async def _home(payee_id: int, actor: Viewer) -> JsonRow:
    """The family, locked, so that two cases of one cause are opened one after the other."""
    found = await rows(HOME, payee_id)
    if not found or not actor.covers(found[0]["division_code"]):
        raise NotFound
    return found[0]


async def agree(payout_id: int, opinion: str, *, actor: Viewer, sealer: Sealer, now: datetime) -> PayoutStatus:
    """One of the panel agrees and says why; the second who does approves the payment."""
    words = read_words("opinion", opinion, OPINION_LONGEST, "您的意见")
    async with in_transaction():
        case = await _lock(payout_id)
        told = await what_identifies(case["household_id"], case["division_code"], words, sealer=sealer)
        if told:
            raise InvalidInput({"opinion": told})
        after = await approve_payout(payout_id, actor=actor, sealer=sealer, now=now, urgent=True)
        await rows(ADD_OPINION, case["id"], actor.account_id, sealer.seal(words, OPINION_LABEL), now)
        await record_event(SUBJECT, case["id"], "agree", actor=actor, now=now, detail={"to": after.value})
        return after


async def decline(payout_id: int, reason: str, *, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """One of the panel says no; the case ends, and the town may apply in the ordinary way."""
    async with in_transaction():
        case = await _lock(payout_id)
        await refuse_payout(payout_id, reason, actor=actor, sealer=sealer, now=now, urgent=True)
        await record_event(SUBJECT, case["id"], "decline", actor=actor, now=now)


async def write_finding(
    payout_id: int, finding: str, *, stands: bool, actor: Viewer, sealer: Sealer, now: datetime
) -> None:
    """What was found on the visit after the payment, and whether the help was due; by another than who opened the case."""
    words = read_words("finding", finding, FINDING_LONGEST, "走访看到的情况")
    async with in_transaction():
        case = await _for_visitor(payout_id, actor)
        check_first_visitor(_stage(case), actor.account_id, opened_by=case["applied_by_id"])
        await rows(FIND, case["id"], sealer.seal(words, FINDING_LABEL), stands, actor.account_id, now)
        await record_event(SUBJECT, case["id"], "find", actor=actor, now=now, detail={"stands": stands})


async def confirm_finding(payout_id: int, *, actor: Viewer, now: datetime) -> None:
    """The second visitor confirms, from their own account, what the first has written; the case is completed."""
    async with in_transaction():
        case = await _for_visitor(payout_id, actor)
        check_second_visitor(_stage(case), actor.account_id, found_by=case["found_by_id"])
        await rows(CONFIRM, case["id"], actor.account_id, now)
        await record_event(SUBJECT, case["id"], "confirm", actor=actor, now=now)


def _stage(case: JsonRow) -> CaseStage:
    return stage_of(
        PayoutStatus(case["status"]),
        clock_runs=case["complete_by"] is not None,
        stands=case["stands"],
        confirmed=case["confirmed_at"] is not None,
    )


async def _for_visitor(payout_id: int, actor: Viewer) -> JsonRow:
    if not holds(actor.role, Permission.VISIT):
        raise Forbidden
    case = await _lock(payout_id)
    if not actor.covers(case["division_code"]):
        raise NotFound
    return case


async def _lock(payout_id: int) -> JsonRow:
    found = await rows(LOCK, payout_id)
    if not found:
        raise NotFound
    return found[0]
