"""The family's thanks: written down by staff in words that name nobody, passed on to the donor by an editor (R-36)."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.fulfilment_rules import LONGEST_THANKS
from cishan.claims.moves import lock_claim_for
from cishan.claims.states import ClaimStatus
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.messages.actions import queue_notice
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer
from cishan.wishes.checks import findings_in

WRITERS = frozenset({Role.COORDINATOR, Role.TOWN_REVIEWER})

WRITE = """
INSERT INTO thanks (claim_id, text, written_by_id, written_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (claim_id) DO UPDATE SET text = $2, written_by_id = $3, written_at = $4 WHERE thanks.passed_on_at IS NULL
RETURNING id
"""
THANKS = "SELECT id, claim_id, text, written_by_id, passed_on_at FROM thanks WHERE id = $1"
MARK_PASSED_ON = "UPDATE thanks SET text = $2, passed_on_by_id = $3, passed_on_at = $4 WHERE id = $1"


async def write_thanks(claim_id: int, text: str, *, actor: Viewer, sealer: Sealer, now: datetime) -> int:
    """Writes down what the family wants to say; rewritten until an editor has passed it on. Returns its id."""
    if actor.role not in WRITERS:
        raise Forbidden
    async with in_transaction():
        claim = await lock_claim_for(claim_id, actor)
        if claim["status"] not in {ClaimStatus.DELIVERED, ClaimStatus.CONFIRMED}:
            raise Conflict("东西送到以后，才能写感谢的话。")
        words = await _checked(text, claim["wish_id"], sealer)
        written = await rows(WRITE, claim_id, words, actor.account_id, now)
        if not written:
            raise Conflict("感谢的话已经转给爱心人士，不能再改。")
        await record_event("claim", claim_id, "write_thanks", actor=actor, now=now)
        found: int = written[0]["id"]
        return found


async def pass_on_thanks(thanks_id: int, text: str, *, actor: Viewer, sealer: Sealer, now: datetime) -> None:
    """Sends the thanks to the donor, in the editor's words where they changed something; once."""
    if not holds(actor.role, Permission.PUBLISH):
        raise Forbidden
    async with in_transaction():
        found = await rows(THANKS, thanks_id)
        if not found:
            raise NotFound
        claim = await lock_claim_for(found[0]["claim_id"], actor)
        thanks = (await rows(THANKS, thanks_id))[0]
        if thanks["passed_on_at"] is not None:
            raise Conflict("这段话已经转给爱心人士了。")
        if claim["status"] is not ClaimStatus.CONFIRMED:
            raise Conflict("还没有核实这家人收到了东西，先不转。")
        words = await _checked(text, claim["wish_id"], sealer)
        await rows(MARK_PASSED_ON, thanks_id, words, actor.account_id, now)
        detail: dict[str, object] = {"changed": words != thanks["text"]}
        await record_event("claim", claim["id"], "pass_on_thanks", actor=actor, now=now, detail=detail)
        told = f"“{claim['public_title']}”这家人想对您说：{words}"
        await queue_notice(f"thanks:{thanks_id}", claim["donor_id"], told, sealer=sealer, now=now)


async def _checked(text: str, wish_id: int, sealer: Sealer) -> str:
    """The words without anything that tells whose they are; raises InvalidInput naming what does."""
    words = text.strip()
    if not words:
        raise InvalidInput({"text": "请写上这家人的话，一两句就好。"})
    if len(words) > LONGEST_THANKS:
        raise InvalidInput({"text": f"太长了，最多 {LONGEST_THANKS} 个字。"})
    findings = await findings_in(wish_id, words, sealer=sealer)
    if findings:
        raise InvalidInput({"text": findings})
    return words
