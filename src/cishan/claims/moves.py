"""The one mover of claims: locks the row, asks the table of moves, writes, records. Used by this room's actions only."""

from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.claims.rules import next_status
from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.events.actions import record_event

LOCK = """
SELECT c.id, c.wish_id, c.donor_id, c.way, c.status, c.status_since, c.price_fen, c.due_at, c.escalation, c.buyer_id,
       w.division_code, w.county_code, w.campaign_id, w.item, w.public_title, w.household_id, w.hours, w.filed_by_id
  FROM claim c JOIN wish w ON w.id = c.wish_id WHERE c.id = $1 FOR UPDATE OF c
"""
WRITE = """
UPDATE claim SET status = $2, status_since = $3, due_at = $4, reminded_at = NULL, escalation = 0, late_since = NULL,
       over_reason = $5
 WHERE id = $1
"""


async def lock_claim(claim_id: int) -> JsonRow:
    """The claim's row, locked until the transaction ends, with the facts of its wish that moves need."""
    found = await rows(LOCK, claim_id)
    if not found:
        raise NotFound
    return {**found[0], "status": ClaimStatus(found[0]["status"]), "way": ClaimWay(found[0]["way"])}


async def lock_claim_for(claim_id: int, actor: Viewer) -> JsonRow:
    """The same for staff: a claim of their place, or one they were put in to buy for; others are not there."""
    claim = await lock_claim(claim_id)
    if not actor.is_staff or not (actor.covers(claim["division_code"]) or claim["buyer_id"] == actor.account_id):
        raise NotFound
    return claim


async def move_claim(
    claim: JsonRow,
    verb: str,
    *,
    actor: Viewer | None,
    now: datetime,
    due_at: datetime | None = None,
    reason: str = "",
    detail: dict[str, object] | None = None,
) -> ClaimStatus:
    """Moves a locked claim along; raises IllegalMove. `due_at` is the new status's deadline, None when it has none."""
    target = next_status(claim["status"], verb)
    await rows(WRITE, claim["id"], target.value, now, due_at, reason[:200])
    await record_event("claim", claim["id"], verb, actor=actor, now=now, detail=detail)
    return target
