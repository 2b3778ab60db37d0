"""The fulfilment check: another person than the deliverer asks the family whether it came (R-36)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.claims.codes import send_code
from cishan.claims.deadlines import tell_responsible
from cishan.claims.fulfilment_rules import LONGEST_NOTE, RELATIONS, refusal_of_asker
from cishan.claims.moves import lock_claim_for, move_claim
from cishan.claims.queries import terms_for
from cishan.claims.rules import next_status
from cishan.claims.states import CheckAnswer, CheckChannel, ClaimStatus, ClaimWay
from cishan.database import JsonRow, rows
from cishan.errors import Forbidden, InvalidInput
from cishan.messages.actions import queue_notice
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer
from cishan.wishes import actions as wishes

DELIVERER = "SELECT delivered_by_id FROM fulfilment WHERE claim_id = $1"
ASK = """
UPDATE fulfilment SET asked_by_id = $2, asked_at = $3, channel = $4, answered_by = $5, answer = $6, answer_note = $7
 WHERE claim_id = $1
"""
TO_THE_TOWN = "UPDATE claim SET escalation = 1 WHERE id = $1"


@dataclass(frozen=True)
class Check:
    """What the family said. `answered_by` is a relation such as 本人 or 邻居, never a name."""

    channel: CheckChannel
    answered_by: str
    answer: CheckAnswer
    note: str = ""


async def record_check(claim_id: int, check: Check, *, actor: Viewer, sealer: Sealer, now: datetime) -> ClaimStatus:
    """Writes down the answer: "yes" fulfils the wish, "no" hands the claim to the town to put right.

    The table holds deliverer and asker apart as well, whatever this function decides.
    """
    if not holds(actor.role, Permission.CHECK_FULFILMENT):
        raise Forbidden
    async with in_transaction():
        claim = await lock_claim_for(claim_id, actor)
        next_status(claim["status"], "confirm")
        refusal = refusal_of_asker(actor.account_id, (await rows(DELIVERER, claim_id))[0]["delivered_by_id"])
        if refusal:
            raise Forbidden(refusal)
        faults = _faults(check)
        if faults:
            raise InvalidInput(faults)
        told = (check.channel.value, check.answered_by, check.answer.value, check.note)
        await rows(ASK, claim_id, actor.account_id, now, *told)
        if check.answer is CheckAnswer.YES:
            return await _confirm(claim, check, actor=actor, sealer=sealer, now=now)
        return await _question(claim, check, actor=actor, sealer=sealer, now=now)


def _faults(check: Check) -> dict[str, str]:
    faults: dict[str, str] = {}
    if check.answered_by not in RELATIONS:
        faults["answered_by"] = "请选择是谁回答的。只选关系，不写名字。"
    if check.answer is CheckAnswer.NO and not check.note:
        faults["note"] = "请写明问题是什么，例如没有收到、是坏的、不合适。"
    if len(check.note) > LONGEST_NOTE:
        faults["note"] = f"太长了，最多 {LONGEST_NOTE} 个字。"
    return faults


async def _confirm(claim: JsonRow, check: Check, *, actor: Viewer, sealer: Sealer, now: datetime) -> ClaimStatus:
    detail: dict[str, object] = {"channel": check.channel.value}
    status = await move_claim(claim, "confirm", actor=actor, now=now, detail=detail)
    await wishes.fulfil_wish(claim["wish_id"], actor=actor, now=now)
    text = f"您认领的“{claim['public_title']}”圆梦了。另一位工作人员问过这家人，都收到了。谢谢您！"
    await queue_notice(f"claim-confirmed:{claim['id']}", claim["donor_id"], text, sealer=sealer, now=now)
    return status


async def _question(claim: JsonRow, check: Check, *, actor: Viewer, sealer: Sealer, now: datetime) -> ClaimStatus:
    """The town decides within the days of grace whether it is delivered again or ended."""
    terms = await terms_for(claim["campaign_id"], now)
    detail: dict[str, object] = {"channel": check.channel.value, "answer": check.answer.value}
    due_at = now + timedelta(days=terms.grace_days)
    status = await move_claim(claim, "question", actor=actor, now=now, due_at=due_at, detail=detail)
    await rows(TO_THE_TOWN, claim["id"])
    if claim["way"] is ClaimWay.PAY:
        await send_code(claim, sealer=sealer, now=now)
    text = f"“{claim['item']}”送到后，这家人说有问题。请去看看，再送一次或终止。"
    await tell_responsible(claim, status, 1, text, key=f"claim-questioned:{claim['id']}", sealer=sealer, now=now)
    return status
