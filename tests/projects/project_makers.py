"""Charity projects through the product's own actions: drafted by the editor, decided by the director, filed, opened by the job."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import BEIJING, beijing_day
from cishan.database import rows
from cishan.plans.plan import BudgetItem, Plan
from cishan.plans.rules import Decision
from cishan.plans.states import AtTarget, GivingWay, ProjectKind, SurplusRule
from cishan.projects.actions import (
    change_plan,
    close_due_projects,
    decide_project,
    draft_project,
    file_project,
    open_at_once,
    open_due_projects,
)
from cishan.projects.models import Project
from cishan.projects.rules import Filing
from cishan.sealing import Sealer

TARGET_FEN = 10_000_000
NOTICE = timedelta(days=10)
FILED_BEFORE = timedelta(days=12)
"""An open project of the makers was decided and filed so long before it began."""


@dataclass(frozen=True)
class ProjectPeople:
    """Who drafts, who decides, who leads the campaign."""

    editor: Viewer
    director: Viewer
    leader: Viewer


class NothingLate:
    """Duties that are all done, for projects that are filed and settled in tests."""

    async def check_nothing_late(self, charity_id: int, *, now: datetime) -> None:
        return None

    async def plan(self, project_id: int, *, now: datetime) -> None:
        return None

    async def check_may_settle(self, project_id: int, *, now: datetime) -> None:
        return None


def lawful_plan(starts_at: datetime, *, leader_id: int, days: int = 300, **changes: object) -> Plan:
    """A plan in which nothing is wrong: whole, lawful, and beginning at `starts_at`."""
    ends_at = starts_at + timedelta(days=days)
    changes = {"use_ends_on": beijing_day(ends_at) + timedelta(days=90), **changes}
    plan = Plan(
        name="寒冬送暖",
        purpose="为困难家庭送去过冬的棉被和取暖费，让老人和孩子过一个暖和的冬天。",
        area_code=makers.CITY,
        starts_at=starts_at,
        ends_at=ends_at,
        leader_id=leader_id,
        office="德州市德城区示例路 1 号",
        ways=(GivingWay.ONLINE, GivingWay.BANK),
        bank_account="37050184610800000123",
        bank_account_name="德州市慈善总会",
        target_fen=TARGET_FEN,
        cost_fen=200_000,
        cost_words="宣传单印制和物流，从本会管理费中列支。",
        beneficiaries="本市低保、特困和低保边缘家庭中有老人或者孩子的家庭",
        beneficiaries_count=500,
        choosing="由村、乡镇走访核实，按困难程度排序，公示后确定。",
        surplus_rule=SurplusRule.NEAR_PURPOSE,
        surplus_words="用于目的相近的济困项目，并在本站和民政部门的平台公布。",
        at_target=AtTarget.GO_ON,
        platform_url="https://cszg.mca.gov.cn/projects/1",
        budget=(BudgetItem("棉被 1,000 床", 6_000_000), BudgetItem("取暖费", 3_800_000)),
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


async def make_project_people(*, sealer: Sealer, now: datetime) -> ProjectPeople:
    return ProjectPeople(
        editor=await makers.make_staff(Role.EDITOR, makers.CITY, sealer=sealer, now=now, name="冯编辑"),
        director=await makers.make_staff(Role.DIRECTOR, makers.CITY, sealer=sealer, now=now, name="蒋会长"),
        leader=await makers.make_staff(Role.EDITOR, makers.CITY, sealer=sealer, now=now, name="陈主任"),
    )


async def charity_id_of_site(*, now: datetime) -> int:
    """The site's charity; makes it when there is none."""
    found = await rows("SELECT id FROM charity ORDER BY id LIMIT 1")
    return int(found[0]["id"]) if found else (await makers.make_charity(now=now)).id


async def make_draft_project(
    *,
    sealer: Sealer,
    now: datetime,
    starts_at: datetime | None = None,
    people: ProjectPeople | None = None,
    **changes: object,
) -> Project:
    """A whole draft that begins at `starts_at`, or in twelve days; `changes` are fields of the plan."""
    charity_id = await charity_id_of_site(now=now)
    people = people or await make_project_people(sealer=sealer, now=now)
    plan = lawful_plan(starts_at or now + FILED_BEFORE, leader_id=people.leader.account_id, **changes)  # type: ignore[arg-type]
    project_id = await draft_project(charity_id, actor=people.editor, now=now)
    await change_plan(project_id, plan, actor=people.editor, now=now)
    return await Project.get(id=project_id)


async def make_decided_project(
    *, sealer: Sealer, now: datetime, people: ProjectPeople | None = None, **changes: object
) -> Project:
    """A draft on which the director has decided."""
    people = people or await _people(sealer=sealer, now=now)
    project = await make_draft_project(sealer=sealer, now=now, people=people, **changes)  # type: ignore[arg-type]
    await decide_project(project.id, decision(now, project.id), actor=people.director, now=now)
    return await Project.get(id=project.id)


async def make_filed_project(
    *,
    sealer: Sealer,
    now: datetime,
    people: ProjectPeople | None = None,
    filing_number: str = "",
    **changes: object,
) -> Project:
    """A project that is filed with its fund, twelve days before it begins."""
    people = people or await _people(sealer=sealer, now=now)
    project = await make_decided_project(sealer=sealer, now=now, people=people, **changes)  # type: ignore[arg-type]
    filing = Filing(filing_number or new_filing_number(project.id), beijing_day(now))
    await file_project(project.id, filing, duties=NothingLate(), actor=people.editor, now=now)
    return await Project.get(id=project.id)


async def make_open_project(
    *,
    sealer: Sealer,
    now: datetime,
    people: ProjectPeople | None = None,
    filing_number: str = "",
    **changes: object,
) -> Project:
    """A project that began at `now`, drafted and filed twelve days before; its fund takes money.

    `changes` are fields of the plan, such as name, target_fen and budget together, at_target, kind, days, reach.
    """
    before = now - FILED_BEFORE
    people = people or await make_project_people(sealer=sealer, now=before)
    project = await make_filed_project(
        sealer=sealer, now=before, people=people, filing_number=filing_number, starts_at=now, **changes
    )
    assert await open_due_projects(limit=10, duties=NothingLate(), now=now) >= 1
    return await Project.get(id=project.id)


async def make_open_emergency(
    *, sealer: Sealer, now: datetime, people: ProjectPeople | None = None, **changes: object
) -> Project:
    """An emergency that began at `now` and is not filed yet."""
    people = people or await _people(sealer=sealer, now=now)
    project = await make_decided_project(
        sealer=sealer, now=now, people=people, starts_at=now, kind=ProjectKind.EMERGENCY, **changes
    )
    await open_at_once(project.id, duties=NothingLate(), actor=people.editor, now=now)
    return await Project.get(id=project.id)


async def make_closed_project(
    *, sealer: Sealer, now: datetime, people: ProjectPeople | None = None, days: int = 30, **changes: object
) -> Project:
    """A project that closed by itself at `now`, after `days`."""
    began = now - timedelta(days=days)
    project = await make_open_project(sealer=sealer, now=began, people=people, days=days, **changes)  # type: ignore[arg-type]
    assert await close_due_projects(limit=10, sealer=sealer, now=now) >= 1
    return await Project.get(id=project.id)


async def _people(*, sealer: Sealer, now: datetime) -> ProjectPeople:
    await charity_id_of_site(now=now)
    return await make_project_people(sealer=sealer, now=now)


def decision(now: datetime, number: int = 1) -> Decision:
    return Decision(f"德慈〔{beijing_day(now).year}〕{number}号", beijing_day(now))


def new_filing_number(project_id: int) -> str:
    return f"53371400MJE0000011A25{project_id + 100:03d}"


def beijing(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """An instant of a day in China."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BEIJING)
