"""Tells people of filings that civil affairs should have had: once each, the desk and those who supervise."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.queries import staff_covering
from cishan.accounts.states import Role
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.messages.actions import queue_notice
from cishan.plans.storing import AMENDMENT_LABELS
from cishan.sealing import Sealer

MOST_TOLD = 20
TOLD = (Role.EDITOR, Role.DIRECTOR, Role.SUPERVISOR)

EMERGENCIES = """
UPDATE project SET filing_reminded_at = $1
 WHERE id IN (SELECT id FROM project WHERE filed_on IS NULL AND filing_due_at <= $1 AND filing_reminded_at IS NULL
               ORDER BY filing_due_at, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id, name, area_code
"""
AMENDMENTS = """
UPDATE project_amendment a SET reminded_at = $1
  FROM project p
 WHERE p.id = a.project_id
   AND a.id IN (SELECT id FROM project_amendment WHERE status IN ('proposed', 'decided') AND due_on < $2
                   AND reminded_at IS NULL ORDER BY due_on, id LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING a.id, a.field, p.name, p.area_code
"""


async def remind_of_late_filings(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Emergencies that are not filed in time and changes that are not (募捐办法 arts 12, 13); returns how many."""
    async with in_transaction():
        emergencies = await rows(EMERGENCIES, now, limit)
        for row in emergencies:
            text = f"应急项目“{row['name']}”过了补办备案的期限，请马上补办。"
            await _tell(f"emergency-unfiled:{row['id']}", row["area_code"], text, sealer=sealer, now=now)
        amendments = await rows(AMENDMENTS, now, beijing_day(now), limit)
        for row in amendments:
            text = f"项目“{row['name']}”的变更（{AMENDMENT_LABELS[row['field']]}）过了 10 日还没有备案，请马上办。"
            await _tell(f"amendment-unfiled:{row['id']}", row["area_code"], text, sealer=sealer, now=now)
    return len(emergencies) + len(amendments)


async def _tell(key: str, area_code: str, text: str, *, sealer: Sealer, now: datetime) -> None:
    for role in TOLD:
        for staff in (await staff_covering(area_code, role))[:MOST_TOLD]:
            await queue_notice(f"{key}:{staff['account_id']}", staff["account_id"], text, sealer=sealer, now=now)
