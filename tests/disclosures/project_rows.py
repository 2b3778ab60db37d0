"""An open project with its fund, written as rows: what disclosure reads of it are its dates and its books."""

from datetime import date, datetime, timedelta

from cishan.accounts.viewer import Viewer
from cishan.charities.models import Fund
from cishan.charities.queries import Site
from cishan.charities.states import FundKind
from cishan.clock import beijing_day
from cishan.projects.models import Project
from cishan.projects.states import AtTarget, ProjectKind, ProjectStatus, SurplusRule

TARGET_FEN = 10_000_000


async def open_project(
    site: Site,
    leader: Viewer,
    *,
    now: datetime,
    days: int = 300,
    use_ends_on: date | None = None,
    kind: ProjectKind = ProjectKind.ORDINARY,
    number: str = "P001",
    name: str = "寒冬送暖",
    surplus_rule: SurplusRule = SurplusRule.NEAR_PURPOSE,
) -> Project:
    fund = await Fund.create(
        charity_id=site.charity_id,
        kind=FundKind.PROJECT,
        name=name,
        filing_number=number,
        purpose="为困难家庭送去过冬的棉被和煤",
        opened_on=beijing_day(now),
    )
    ends_at = now + timedelta(days=days)
    return await Project.create(
        charity_id=site.charity_id,
        fund=fund,
        kind=kind,
        status=ProjectStatus.OPEN,
        status_since=now,
        name=name,
        purpose=fund.purpose,
        area_code=site.division_code,
        starts_at=now,
        ends_at=ends_at,
        use_ends_on=use_ends_on or beijing_day(ends_at),
        leader_id=leader.account_id,
        office="德州市慈善总会项目部",
        ways="支付宝、银行转账",
        bank_account="6222000000000000",
        bank_account_name=site.name,
        target_fen=TARGET_FEN,
        beneficiaries="本市低保和特困家庭",
        beneficiaries_count=500,
        choosing="由乡镇核实后按困难程度排序",
        surplus_rule=surplus_rule,
        surplus_words="结余转入目的相近的项目",
        at_target=AtTarget.GO_ON,
        filing_number=number,
        filed_on=beijing_day(now) - timedelta(days=12),
        opened_at=now,
        created_by_id=leader.account_id,
        created_at=now,
    )
