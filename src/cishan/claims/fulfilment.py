"""Handing over, putting another buyer in, and ending a claim whose family no longer wants or can have it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.codes import try_code
from cishan.claims.fulfilment_rules import hand_over_faults, is_late
from cishan.claims.moves import lock_claim_for, move_claim
from cishan.claims.purchases import is_waiting_for_leave, return_advance
from cishan.claims.queries import terms_for
from cishan.claims.rules import next_status
from cishan.claims.states import ClaimStatus, ClaimWay, DeliveryProof, EndReason
from cishan.database import JsonRow, rows
from cishan.divisions.rules import contains, town_of
from cishan.errors import Conflict, Forbidden, InvalidInput
from cishan.events.actions import record_event
from cishan.labels import label
from cishan.messages.actions import queue_notice
from cishan.permissions import Permission, holds, must
from cishan.sealing import Sealer
from cishan.wishes import actions as wishes

ENDED_FOR_DONOR = "这户人家的情况有变"
"""All that a donor hears of why: that someone died or moved away is the family's own."""

FULFILMENT = "SELECT code_hash, code_tries_left, delivered_by_id FROM fulfilment WHERE claim_id = $1"
SPENT = "SELECT spent_fen FROM purchase WHERE claim_id = $1 AND booked_at IS NOT NULL"
DELIVER = """
INSERT INTO fulfilment (claim_id, code_tries_left, delivered_by_id, delivered_at, proof, slip_id, picture_id, value_fen,
       hours, check_due_at, answered_by, answer_note)
VALUES ($1, 0, $2, $3, $4, $5, $6, $7, $8, $9, '', '')
ON CONFLICT (claim_id) DO UPDATE SET code_hash = NULL, delivered_by_id = $2, delivered_at = $3, proof = $4, slip_id = $5,
       picture_id = $6, value_fen = $7, hours = $8, check_due_at = $9, asked_by_id = NULL, asked_at = NULL,
       channel = NULL, answered_by = '', answer = NULL, answer_note = ''
"""
BUYER = """
SELECT g.role, g.division_code FROM account a JOIN role_grant g ON g.account_id = a.id AND g.ended_at IS NULL
 WHERE a.id = $1 AND a.kind = 'staff' AND a.disabled_at IS NULL
"""
SET_BUYER = "UPDATE claim SET buyer_id = $2, due_at = $3 WHERE id = $1"


@dataclass(frozen=True)
class HandOver:
    """What proves that the family has it. `value_fen` counts for brought goods, `hours` for a service."""

    proof: DeliveryProof
    code: str = ""
    slip_id: int | None = None
    picture_id: int | None = None
    value_fen: int = 0
    hours: int = 0


@dataclass(frozen=True)
class HandedOver:
    """`delivered` is False for a wrong code; then `tries_left` says how often one may still try."""

    delivered: bool
    tries_left: int = 0


async def hand_over(claim_id: int, given: HandOver, *, actor: Viewer, sealer: Sealer, now: datetime) -> HandedOver:
    """Records that the family has received it. A wrong code is counted, not raised, so that the count is kept.

    A picture taken then reaches the donor only after an editor has cleared it.
    """
    must(actor, Permission.DELIVER)
    async with in_transaction():
        claim = await lock_claim_for(claim_id, actor)
        next_status(claim["status"], "deliver")
        found = await rows(FULFILMENT, claim_id)
        fulfilment = found[0] if found else None
        faults = _faults(claim, given, fulfilment)
        if faults:
            raise InvalidInput(faults)
        if given.proof is DeliveryProof.CODE and fulfilment is not None:
            tries_left = await try_code(claim_id, given.code, fulfilment, sealer)
            if tries_left is not None:
                return HandedOver(delivered=False, tries_left=tries_left)
        await _deliver(claim, given, actor=actor, now=now)
        return HandedOver(delivered=True)


def _faults(claim: JsonRow, given: HandOver, fulfilment: JsonRow | None) -> dict[str, str]:
    return hand_over_faults(
        claim["way"],
        given.proof,
        code=given.code,
        has_code=fulfilment is not None and fulfilment["code_hash"] is not None,
        has_slip=given.slip_id is not None,
        value_fen=given.value_fen,
        hours=given.hours,
    )


async def _deliver(claim: JsonRow, given: HandOver, *, actor: Viewer, now: datetime) -> None:
    terms = await terms_for(claim["campaign_id"], now)
    check_due_at = now + timedelta(days=terms.check_after_days)
    value_fen, hours = await _worth(claim, given)
    await rows(
        DELIVER,
        claim["id"],
        actor.account_id,
        now,
        given.proof.value,
        given.slip_id,
        given.picture_id,
        value_fen,
        hours,
        check_due_at,
    )
    due_at = check_due_at + timedelta(days=terms.check_days)
    await move_claim(claim, "deliver", actor=actor, now=now, due_at=due_at, detail={"proof": given.proof.value})


async def _worth(claim: JsonRow, given: HandOver) -> tuple[int, int]:
    """Sum and hours that the family's list will show: what was spent, a fair value, or the hours given."""
    if claim["way"] is ClaimWay.PAY:
        return (await rows(SPENT, claim["id"]))[0]["spent_fen"], 0
    return (given.value_fen, 0) if claim["way"] is ClaimWay.BRING else (0, given.hours)


async def reassign_buyer(claim_id: int, buyer_id: int, *, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """Puts another coordinator of the town in to buy when it is late; they get the days of a purchase from now on."""
    if not (holds(actor.role, Permission.REVIEW) or holds(actor.role, Permission.PUBLISH)):
        raise Forbidden
    async with in_transaction():
        claim = await lock_claim_for(claim_id, actor)
        next_status(claim["status"], "buy")
        if not claim["escalation"] and not is_late(claim["status"], claim["due_at"], now):
            raise Conflict("还没有超时，不用换人。超时后可以换。")
        if await is_waiting_for_leave(claim_id):
            raise Conflict("东西已经买了，正在等财务同意，不用换人。")
        await _check_buyer(buyer_id, claim)
        terms = await terms_for(claim["campaign_id"], now)
        await rows(SET_BUYER, claim_id, buyer_id, now + timedelta(days=terms.purchase_days))
        await record_event("claim", claim_id, "reassign_buyer", actor=actor, now=now, detail={"buyer": buyer_id})
        text = f"请您去买“{claim['item']}”，钱已经拨到乡镇。打开“送东西”可以看到。"
        await queue_notice(f"buyer:{claim_id}:{now.timestamp():.0f}", buyer_id, text, sealer=sealer, now=now)


async def _check_buyer(buyer_id: int, claim: JsonRow) -> None:
    found = await rows(BUYER, buyer_id)
    town = town_of(claim["division_code"])
    if not found or found[0]["role"] != Role.COORDINATOR or not contains(town, found[0]["division_code"]):
        raise InvalidInput({"buyer": "请从本乡镇的协理员中选择。"})
    if buyer_id == claim["buyer_id"]:
        raise InvalidInput({"buyer": "现在就是这位协理员在买，请选另一位。"})


async def end_claim(claim_id: int, reason: EndReason, *, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """Ends a claim whose family refuses, has moved or died, and its wish with it.

    The sum stays in the fund; an advance that nothing was bought with goes back to it; the donor is told.
    """
    if not (holds(actor.role, Permission.REVIEW) or holds(actor.role, Permission.PUBLISH)):
        raise Forbidden
    async with in_transaction():
        claim = await lock_claim_for(claim_id, actor)
        next_status(claim["status"], "end")
        if await is_waiting_for_leave(claim_id):
            raise Conflict("有一笔采购正在等财务同意。请财务先处理，再终止。")
        returned_fen = await return_advance(claim, now=now) if claim["status"] is ClaimStatus.ADVANCED else 0
        detail: dict[str, object] = {"reason": reason.value, "returned_fen": returned_fen}
        await move_claim(claim, "end", actor=actor, now=now, reason=ENDED_FOR_DONOR, detail=detail)
        await wishes.withdraw_claimed_wish(claim["wish_id"], actor=actor, now=now, reason=label(reason))
        text = _ended_text(claim)
        await queue_notice(f"claim-ended:{claim_id}", claim["donor_id"], text, sealer=sealer, now=now)


def _ended_text(claim: JsonRow) -> str:
    paid = claim["way"] is ClaimWay.PAY and claim["status"] is not ClaimStatus.RESERVED
    end = "您的捐款留在微心愿项目，用来圆别的心愿。" if paid else "您不用再做什么。"
    return f"{ENDED_FOR_DONOR}，您认领的“{claim['public_title']}”不能继续了。{end}谢谢您的心意。"
