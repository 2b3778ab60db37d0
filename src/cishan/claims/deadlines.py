"""Deadlines of claims that staff must act on. Lateness rises from coordinator to town to federation; nothing else moves.

A paid wish never returns to the wall by itself, and no sweep touches money: it tells people and writes it down.
"""

from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.queries import staff_covering
from cishan.claims.fulfilment_rules import REMIND_BEFORE, STAFFED, STAFFED_SQL, is_late, may_rise, responsible
from cishan.claims.moves import lock_claim
from cishan.claims.queries import terms_for
from cishan.claims.states import ClaimStatus
from cishan.database import JsonRow, rows
from cishan.events.actions import record_event
from cishan.labels import label
from cishan.messages.actions import queue_notice
from cishan.sealing import Sealer

MOST_TOLD = 20
"""Accounts that one reminder goes to."""

LATE = f"""
SELECT id FROM claim WHERE due_at <= $1 AND escalation < 2 AND {STAFFED_SQL} ORDER BY due_at, id LIMIT $2
"""  # noqa: S608 - a constant
SOON = f"""
SELECT id FROM claim WHERE due_at > $1 AND due_at <= $2 AND reminded_at IS NULL AND {STAFFED_SQL}
 ORDER BY due_at, id LIMIT $3
"""  # noqa: S608 - a constant
RISE = """
UPDATE claim SET escalation = $2, due_at = $3, late_since = coalesce(late_since, $4), reminded_at = NULL WHERE id = $1
"""
OF_CLOSED_HOUSEHOLDS = """
SELECT c.id FROM claim c JOIN wish w ON w.id = c.wish_id JOIN household h ON h.id = w.household_id
 WHERE c.status IN ('paid', 'advanced', 'bought', 'questioned') AND c.due_at > $1 AND c.late_since IS NULL
   AND h.closed_at IS NOT NULL
 ORDER BY c.id LIMIT $2
"""
HURRY = "UPDATE claim SET due_at = $2 WHERE id = $1 AND due_at > $2 AND late_since IS NULL RETURNING id"
REMIND = "UPDATE claim SET reminded_at = $2 WHERE id = $1 AND reminded_at IS NULL RETURNING id"


async def escalate_due_claims(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Takes late claims one level up, each with days of its own; returns how many rose.

    Each in its own transaction and decided again under the row's lock, so any number of nodes may sweep at once.
    """
    risen = 0
    for row in await rows(LATE, now, limit):
        risen += await _rise(row["id"], sealer=sealer, now=now)
    return risen


async def _rise(claim_id: int, *, sealer: Sealer, now: datetime) -> bool:
    async with in_transaction():
        claim = await lock_claim(claim_id)
        if not may_rise(claim["status"], claim["due_at"], claim["escalation"], now):
            return False
        level = claim["escalation"] + 1
        terms = await terms_for(claim["campaign_id"], now)
        await rows(RISE, claim_id, level, now + timedelta(days=terms.grace_days), claim["due_at"])
        await record_event("claim", claim_id, "escalate", actor=None, now=now, detail={"level": level})
        text = f"“{claim['item']}”{label(claim['status'])}，已经超时，现在请您督促。打开“超时的事”可以看到。"
        key = f"claim-late:{claim_id}:{claim['status_since'].timestamp():.0f}:{level}"
        await tell_responsible(claim, claim["status"], level, text, key=key, sealer=sealer, now=now)
        return True


async def hurry_claims_of_closed_households(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Claims whose household is closed are due at once, so that someone ends them: nobody is left to buy for."""
    hurried = 0
    for row in await rows(OF_CLOSED_HOUSEHOLDS, now, limit):
        async with in_transaction():
            claim = await lock_claim(row["id"])
            if claim["status"] in STAFFED and await rows(HURRY, claim["id"], now):
                await record_event("claim", claim["id"], "hurry", actor=None, now=now)
                hurried += 1
    return hurried


async def remind_due_soon(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Reminds who must act the day before a claim is late, once for each deadline; returns how many claims."""
    reminded = 0
    for row in await rows(SOON, now, now + REMIND_BEFORE, limit):
        reminded += await _remind(row["id"], sealer=sealer, now=now)
    return reminded


async def _remind(claim_id: int, *, sealer: Sealer, now: datetime) -> bool:
    async with in_transaction():
        claim = await lock_claim(claim_id)
        soon = is_late(claim["status"], claim["due_at"], now + REMIND_BEFORE)
        if not soon or not await rows(REMIND, claim_id, now):
            return False
        text = f"“{claim['item']}”{label(claim['status'])}，明天到期，请抓紧办。"
        key = f"claim-soon:{claim_id}:{claim['due_at'].timestamp():.0f}"
        await tell_responsible(claim, claim["status"], claim["escalation"], text, key=key, sealer=sealer, now=now)
        return True


async def tell_responsible(
    claim: JsonRow, status: ClaimStatus, level: int, text: str, *, key: str, sealer: Sealer, now: datetime
) -> None:
    """An in-site notice to everyone whose turn it is; the text names the thing and nobody of the family."""
    if level == 0 and claim["buyer_id"] is not None and status is not ClaimStatus.DELIVERED:
        told = [claim["buyer_id"]]
    else:
        found = await staff_covering(claim["division_code"], responsible(status, level))
        told = [row["account_id"] for row in found[:MOST_TOLD]]
    for account_id in told:
        await queue_notice(f"{key}:{account_id}", account_id, text, sealer=sealer, now=now)
