"""The clocks of urgent cases: one starts with the payment; whoever is late is told once, and those who supervise."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.queries import staff_covering
from cishan.accounts.states import Role
from cishan.database import rows
from cishan.messages.actions import queue_notice
from cishan.sealing import Sealer
from cishan.urgent.rules import COMPLETE_WITHIN
from cishan.working_days import end_of_working_days

MOST_TOLD = 20
TOLD = (Role.TOWN_REVIEWER, Role.SUPERVISOR)
PAID = """
SELECT c.id, p.paid_at FROM urgent_case c JOIN payout p ON p.id = c.payout_id
 WHERE c.complete_by IS NULL AND p.status = 'paid' ORDER BY c.id LIMIT $1
"""
START = "UPDATE urgent_case SET complete_by = $2, reminded_at = NULL WHERE id = $1 AND complete_by IS NULL"
LATE = """
UPDATE urgent_case SET reminded_at = $1
 WHERE id IN (SELECT c.id FROM urgent_case c JOIN payout p ON p.id = c.payout_id
               WHERE c.reminded_at IS NULL
                 AND ((p.status IN ('applied', 'endorsed') AND c.decide_by <= $1)
                   OR (p.status = 'paid' AND c.confirmed_at IS NULL AND c.complete_by <= $1))
               ORDER BY c.id LIMIT $2 FOR UPDATE OF c SKIP LOCKED)
RETURNING id, payout_id, complete_by
"""
PLACE = "SELECT division_code FROM payout WHERE id = $1"


async def follow_urgent_cases(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Starts the clock of every case that was paid, and reminds of those that are late; returns how many there were."""
    paid = await rows(PAID, limit)
    for row in paid:
        await rows(START, row["id"], end_of_working_days(row["paid_at"], COMPLETE_WITHIN))
    async with in_transaction():
        late = await rows(LATE, now, limit)
        for row in late:
            what = "还没有补好手续" if row["complete_by"] else "过了 24 小时还没有作决定"
            place = (await rows(PLACE, row["payout_id"]))[0]["division_code"]
            await _tell(row["id"], place, f"有一件急难先行的救助{what}，请马上办。", sealer=sealer, now=now)
    return len(paid) + len(late)


async def _tell(case_id: int, place: str, text: str, *, sealer: Sealer, now: datetime) -> None:
    for role in TOLD:
        for staff in (await staff_covering(place, role))[:MOST_TOLD]:
            key = f"urgent:{case_id}:{now:%Y%m%d%H%M}:{staff['account_id']}"
            await queue_notice(key, staff["account_id"], text, sealer=sealer, now=now)
