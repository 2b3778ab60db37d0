"""Applying for help and approving it: two people over the applicant, over a set sum a third, and none of them twice."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.queries import staff_covering
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.divisions.rules import contains
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.events.actions import REASON_LABEL, record_event
from cishan.kin.states import Tie
from cishan.kin.ties import Found, ties_of_family
from cishan.ledger.actions import Source, book_payable
from cishan.ledger.free import SHARE_FEN, lock_fund
from cishan.messages.actions import queue_notice
from cishan.payouts.allocating import ASKED_FEN, hold
from cishan.payouts.rules import (
    REASON_LONGEST,
    Hands,
    application_faults,
    check_approver,
    check_covered,
    check_lane,
    check_move,
    check_reserve_use,
    is_outside,
    status_after_approval,
)
from cishan.payouts.states import PayoutKind, PayoutStatus
from cishan.payouts.terms import terms_on
from cishan.permissions import Permission, must
from cishan.sealing import Sealer

SUBJECT = "payout"
PAYOUT_REASON = "payout.reason"
ALLOCATION = f"""
SELECT a.id, a.fund_id, a.division_code, a.case_limit_fen, {SHARE_FEN}::bigint AS amount_fen, {ASKED_FEN}::bigint AS used_fen
  FROM allocation a WHERE a.id = $1
"""  # noqa: S608 - constants
PAYEE = """
SELECT y.household_id, y.division_code, y.verified_at, h.closed_at IS NOT NULL AS is_closed
  FROM payee y LEFT JOIN household h ON h.id = y.household_id WHERE y.id = $1
"""
MEMBER = "SELECT 1 FROM membership WHERE household_id = $1 AND person_id = $2 AND to_on IS NULL"
ADD = """
INSERT INTO payout (fund_id, allocation_id, kind, status, status_since, division_code, household_id, person_id, payee_id,
                    amount_fen, what, reason_sealed, price_note, kin_hit, needs_third, is_urgent, applied_by_id, applied_at,
                    return_reason)
VALUES ($1, $2, $3, 'applied', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $4, '') RETURNING id
"""
ADD_HITS = """
INSERT INTO kin_hit (payout_id, account_id, tie, found_at) SELECT $1, account_id, tie, $4
  FROM unnest($2::bigint[], $3::varchar[]) AS found (account_id, tie) ON CONFLICT DO NOTHING RETURNING id
"""
HITS = "SELECT account_id, tie FROM kin_hit WHERE payout_id = $1"
MOST_TOLD = 20
LOCK = """
SELECT id, fund_id, allocation_id, status, division_code, household_id, amount_fen, what, kin_hit, needs_third, is_urgent,
       applied_by_id, first_by_id, second_by_id, second_is_outside, third_by_id, payer_id, paid_at
  FROM payout WHERE id = $1 FOR NO KEY UPDATE
"""
TAKE = """
UPDATE payout SET status = $2, status_since = $3, kin_hit = $4, first_by_id = $5, second_by_id = $6,
                  second_is_outside = $7, third_by_id = $8 WHERE id = $1
"""
REFUSE = "UPDATE payout SET status = 'refused', status_since = $2 WHERE id = $1"


@dataclass(frozen=True)
class Application:
    """What is asked for. `what` is the line the family will read; a purchase says in `price_note` how prices compare.

    An urgent one is paid from a town's reserve and from nothing else.
    """

    kind: PayoutKind
    allocation_id: int
    payee_id: int
    amount_fen: int
    what: str
    reason: str
    person_id: int | None = None
    price_note: str = ""
    is_urgent: bool = False


async def apply_for(application: Application, *, actor: Viewer, sealer: Sealer, now: datetime) -> int:
    """Writes an application down within its allocation, checks for kin, and returns its id."""
    must(actor, Permission.APPLY_PAYOUT)
    asked = application
    faults = application_faults(
        asked.kind, what=asked.what, reason=asked.reason, amount_fen=asked.amount_fen, price_note=asked.price_note
    )
    if faults:
        raise InvalidInput(faults)
    async with in_transaction():
        share = await _share(asked, actor)
        payee = await _payee(asked, share, actor)
        terms = await terms_on(share["charity_id"], now)
        household_id, place = payee["household_id"], payee["division_code"]
        found: frozenset[Found] = frozenset()
        if household_id is not None:
            found = await ties_of_family(
                household_id, share["fund_id"], large_donor_fen=terms.large_donor_fen, sealer=sealer
            )
        values = (asked.payee_id, asked.amount_fen, asked.what, sealer.seal(asked.reason, PAYOUT_REASON))
        limits = (asked.price_note, bool(found), asked.amount_fen > terms.third_person_over_fen, asked.is_urgent)
        whose = (share["fund_id"], share["id"], asked.kind.value, now, place, household_id, asked.person_id)
        payout_id: int = (await rows(ADD, *whose, *values, *limits, actor.account_id))[0]["id"]
        await _keep_hits(payout_id, place, found, sealer=sealer, now=now)
        detail: dict[str, object] = {"amount_fen": asked.amount_fen, "kin": len(found)}
        await record_event(SUBJECT, payout_id, "apply", actor=actor, now=now, detail=detail)
        return payout_id


async def _share(asked: Application, actor: Viewer) -> JsonRow:
    """The allocation, under its fund's lock, with room for what is asked."""
    found = await rows(ALLOCATION, asked.allocation_id)
    if not found or not _together(actor.division_code, found[0]["division_code"]):
        raise NotFound
    fund = await lock_fund(found[0]["fund_id"])
    share = (await rows(ALLOCATION, asked.allocation_id))[0]
    check_reserve_use(share["case_limit_fen"], asked.amount_fen, is_urgent=asked.is_urgent)
    check_covered(asked.amount_fen, share["amount_fen"] - share["used_fen"], "这笔分配")
    return {**share, "charity_id": fund["charity_id"]}


def _together(one: str, other: str) -> bool:
    return contains(one, other) or contains(other, one)


async def _payee(asked: Application, share: JsonRow, actor: Viewer) -> JsonRow:
    found = await rows(PAYEE, asked.payee_id)
    if not found or not actor.covers(found[0]["division_code"]):
        raise NotFound
    payee = found[0]
    if payee["verified_at"] is None:
        raise Conflict("收款账号还没有第二个人核对。核对以后才能申请。")
    if payee["is_closed"]:
        raise Conflict("这一户已经销户或者分户了，不能再申请。请在家庭登记里查现在的户。")
    if not contains(share["division_code"], payee["division_code"]):
        raise Conflict("这笔分配是给别的地方的，不能付给这里。")
    if (asked.kind is PayoutKind.HOUSEHOLD) is not (payee["household_id"] is not None):
        raise Conflict("给家庭的钱只能付到这家人自己的账号，别的钱不能付到一家人的账号。")
    if asked.person_id is not None and not await rows(MEMBER, payee["household_id"], asked.person_id):
        raise NotFound
    return payee


async def approve_payout(
    payout_id: int, *, actor: Viewer, sealer: Sealer, now: datetime, urgent: bool = False
) -> PayoutStatus:
    """The next approval. The last one books the sum as owed and takes it out of what the allocation set aside.

    Help of the urgent lane is decided there (`urgent`), by people of the place as well.
    """
    must(actor, Permission.DECIDE_URGENT if urgent else Permission.APPROVE_PAYOUT)
    async with in_transaction():
        payout = await lock_payout(payout_id)
        check_lane(is_urgent=payout["is_urgent"], urgent=urgent)
        status, hands = PayoutStatus(payout["status"]), hands_of(payout)
        outside = is_outside(actor.division_code, payout["division_code"])
        _check_seen(payout, actor)
        found = await found_ties(payout, sealer=sealer, now=now)
        tied = frozenset(one.account_id for one in found)
        check_approver(actor.account_id, actor.role, status, hands, tied=tied, outside=outside)
        _check_still_outside(payout, status, tied)
        after = status_after_approval(status, needs_third=payout["needs_third"])
        await _keep_hits(payout_id, payout["division_code"], found, sealer=sealer, now=now)
        await rows(TAKE, payout_id, after.value, now, *_taken(payout, status, actor, outside=outside, hit=bool(tied)))
        if after is PayoutStatus.APPROVED:
            await lock_fund(payout["fund_id"])
            await hold(payout["fund_id"], -payout["amount_fen"])
            await book_payable(payout["fund_id"], payout["amount_fen"], Source(SUBJECT, payout_id), now=now)
        detail: dict[str, object] = {"to": after.value, "kin": len(found), "outside": outside}
        await record_event(SUBJECT, payout_id, "approve", actor=actor, now=now, detail=detail)
        return after


def _check_seen(payout: JsonRow, actor: Viewer) -> None:
    """Raises NotFound unless it is of the actor's place, or asks for a second from outside."""
    outside = is_outside(actor.division_code, payout["division_code"])
    asked = payout["kin_hit"] and outside and payout["status"] == PayoutStatus.ENDORSED
    if not actor.covers(payout["division_code"]) and not asked:
        raise NotFound


def _check_still_outside(payout: JsonRow, status: PayoutStatus, tied: frozenset[int]) -> None:
    if status is PayoutStatus.AWAITING_THIRD and tied and not payout["second_is_outside"]:
        raise Conflict("刚核对到可能的亲属关系，而第二次审批是本县做的。请不同意这笔，重新申请。")


def _taken(payout: JsonRow, status: PayoutStatus, actor: Viewer, *, outside: bool, hit: bool) -> tuple[object, ...]:
    """The columns of the approvals with this one added, in the order of TAKE."""
    me = actor.account_id
    hit = hit or payout["kin_hit"]
    if status is PayoutStatus.APPLIED:
        return hit, me, None, False, None
    if status is PayoutStatus.ENDORSED:
        return hit, payout["first_by_id"], me, outside, None
    return hit, payout["first_by_id"], payout["second_by_id"], payout["second_is_outside"], me


async def refuse_payout(
    payout_id: int, reason: str, *, actor: Viewer, sealer: Sealer, now: datetime, urgent: bool = False
) -> None:
    """Whoever approves may say no at any step; the allocation has room for it again."""
    must(actor, Permission.DECIDE_URGENT if urgent else Permission.APPROVE_PAYOUT)
    if not reason.strip() or len(reason) > REASON_LONGEST:
        raise InvalidInput({"reason": f"请写明为什么不同意，最多 {REASON_LONGEST} 个字。"})
    async with in_transaction():
        payout = await lock_payout(payout_id)
        _check_seen(payout, actor)
        check_lane(is_urgent=payout["is_urgent"], urgent=urgent)
        check_move(PayoutStatus(payout["status"]), "refuse")
        await rows(REFUSE, payout_id, now)
        sealed = sealer.seal(reason.strip(), REASON_LABEL)
        await record_event(SUBJECT, payout_id, "refuse", actor=actor, now=now, reason_sealed=sealed)


async def lock_payout(payout_id: int) -> JsonRow:
    found = await rows(LOCK, payout_id)
    if not found:
        raise NotFound
    return found[0]


def hands_of(payout: JsonRow) -> Hands:
    return Hands(payout["applied_by_id"], payout["first_by_id"], payout["second_by_id"], payout["third_by_id"])


async def found_ties(payout: JsonRow, *, sealer: Sealer, now: datetime) -> frozenset[Found]:
    """Ties to the family as they stand now, with those found before: a post that has ended doesn't undo one."""
    if payout["household_id"] is None:
        return frozenset()
    before = frozenset(Found(row["account_id"], Tie(row["tie"])) for row in await rows(HITS, payout["id"]))
    charity = await rows("SELECT charity_id FROM fund WHERE id = $1", payout["fund_id"])
    terms = await terms_on(charity[0]["charity_id"], now)
    return before | await ties_of_family(
        payout["household_id"], payout["fund_id"], large_donor_fen=terms.large_donor_fen, sealer=sealer
    )


async def _keep_hits(payout_id: int, place: str, found: frozenset[Found], *, sealer: Sealer, now: datetime) -> None:
    """Keeps the ties that were found; what is new is told to those who supervise the place, without a name."""
    if not found:
        return
    listed = sorted(found, key=lambda one: (one.account_id, one.tie))
    accounts, ties = [one.account_id for one in listed], [one.tie.value for one in listed]
    if not await rows(ADD_HITS, payout_id, accounts, ties, now):
        return
    text = "有一笔救助款核对到可能的亲属关系，第二次审批已改由外县或市里的人来做。请在“避嫌核对”里看。"
    for staff in (await staff_covering(place, Role.SUPERVISOR))[:MOST_TOLD]:
        account_id = staff["account_id"]
        await queue_notice(f"kin:{payout_id}:{account_id}", account_id, text, sealer=sealer, now=now)
