"""What disclosure asks of projects before they go on: nothing late before a new one, nothing unsaid before the last step."""

from datetime import datetime

from cishan.database import rows
from cishan.disclosures.duties import check_nothing_late, plan_project
from cishan.disclosures.states import DutyKind
from cishan.errors import Conflict
from cishan.labels import label
from cishan.ledger.queries import balances_of
from cishan.ledger.states import AccountType
from cishan.money import yuan_text
from cishan.templating import day

LACKING = """
SELECT kind, due_on, count(*) OVER () AS total FROM disclosure_duty
 WHERE project_id = $1 AND published_at IS NULL AND dropped_at IS NULL
 ORDER BY kind = 'surplus', due_on, id LIMIT 1
"""
HAS_SURPLUS_REPORT = """
SELECT 1 FROM disclosure_duty WHERE project_id = $1 AND kind = 'surplus' AND published_at IS NOT NULL LIMIT 1
"""
FUND = "SELECT fund_id FROM project WHERE id = $1"
ASSETS = {AccountType.ALIPAY, AccountType.BANK, AccountType.TOWN_ADVANCE}


class KeptDuties:
    """The duties of disclosure, for the steps of projects; each is asked inside the step's own transaction."""

    async def check_nothing_late(self, charity_id: int, *, now: datetime) -> None:
        await check_nothing_late(charity_id, now=now)

    async def plan(self, project_id: int, *, now: datetime) -> None:
        await plan_project(project_id, now=now)

    async def check_may_settle(self, project_id: int, *, now: datetime) -> None:
        """Nothing is left of its money, and every report is out, the one about what was left among them (慈善法 art. 58).

        Raises Conflict with the sum that is left, or the first report that is missing.
        """
        await plan_project(project_id, now=now)
        await _check_nothing_left(project_id)
        found = await rows(LACKING, project_id)
        if found:
            lacking = found[0]
            others = f"，另外还有 {lacking['total'] - 1} 项" if lacking["total"] > 1 else ""
            what = label(DutyKind(lacking["kind"]))
            raise Conflict(f"{what}还没有公开（{day(lacking['due_on'])}前要公开）{others}。请先公开，再结项。")
        if not await rows(HAS_SURPLUS_REPORT, project_id):
            raise Conflict("还没有公开剩余财产的处理情况。请先公开，再结项。")


async def _check_nothing_left(project_id: int) -> None:
    """What lies in the charity's accounts for this project, whoever it is promised to, is not settled yet."""
    balances = await balances_of((await rows(FUND, project_id))[0]["fund_id"])
    left_fen = sum(item.balance_fen for item in balances if item.type in ASSETS)
    if left_fen:
        raise Conflict(
            f"项目账上还有 {yuan_text(left_fen)} 元。请先按方案写明的办法处理剩余财产，公开处理情况，再结项。"
        )
