"""What must be published before a project may be filed or settled: this room's answer to `projects/duties.py`."""

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

ASSETS = frozenset({AccountType.ALIPAY, AccountType.BANK, AccountType.TOWN_ADVANCE})
FUND = "SELECT fund_id FROM project WHERE id = $1"
UNPUBLISHED = """
SELECT kind, due_on, count(*) OVER () AS total FROM disclosure_duty
 WHERE project_id = $1 AND published_at IS NULL AND dropped_at IS NULL ORDER BY due_on, id LIMIT 1
"""


class PublishedFirst:
    """Nothing new is filed while something is late; nothing is settled before all of it is told and no money is left."""

    async def check_may_file(self, charity_id: int, *, now: datetime) -> None:
        await check_nothing_late(charity_id, now=now)

    async def check_may_settle(self, project_id: int, *, now: datetime) -> None:
        """Raises Conflict naming what is left (R-10), or what has not been published (R-12)."""
        fund_id = (await rows(FUND, project_id))[0]["fund_id"]
        left_fen = sum(one.balance_fen for one in await balances_of(fund_id) if one.type in ASSETS)
        if left_fen:
            raise Conflict(
                f"这个项目还有 {yuan_text(left_fen)} 元没有用完。请先按备案方案里的剩余财产办法用掉或转出，再结项（慈善法第五十八条）。"
            )
        await plan_project(project_id, now=now)
        found = await rows(UNPUBLISHED, project_id)
        if found:
            missing = found[0]
            others = f"等 {missing['total']} 项" if missing["total"] > 1 else ""
            raise Conflict(
                f"{label(DutyKind(missing['kind']))}（{day(missing['due_on'])}前）{others}还没有公开。请先公开，再结项。"
            )
