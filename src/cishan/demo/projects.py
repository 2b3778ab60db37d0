"""Charity projects of the demo: one that takes gifts and has told how it goes on, one whose draft waits for the director."""

from datetime import datetime, timedelta

from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.clock import BEIJING, beijing_day
from cishan.database import rows
from cishan.demo import drawings
from cishan.demo.staff import Crew
from cishan.demo.vouching import pay
from cishan.disclosures.gate import KeptDuties
from cishan.donations.actions import make_donation
from cishan.payments.owners import LineOwners
from cishan.payments.states import LateChoice
from cishan.pictures.actions import clean_upload
from cishan.plans.plan import BudgetItem, Plan
from cishan.plans.rules import Decision
from cishan.plans.states import AtTarget, GivingWay, ProjectKind, Reach, SurplusRule
from cishan.projects.actions import change_plan, decide_project, draft_project, file_project, open_due_projects
from cishan.projects.rules import Filing
from cishan.projects.updates import publish_update, write_update
from cishan.services import Services

DAY = timedelta(days=1)
OPEN_DAYS_AGO = 40
FILED_DAYS_BEFORE = 13
DRAFTED_DAYS_AGO = 2

GIFTS: tuple[tuple[int, int, bool], ...] = (
    (50_000, 38, True),
    (10_000, 33, False),
    (200_000, 30, True),
    (6_600, 21, False),
    (20_000, 12, False),
    (100_000, 9, True),
    (8_800, 4, False),
    (30_000, 1, True),
)
"""How much in fen, how many days ago, and whether the donor wants to be named."""

UPDATES: tuple[tuple[int, str, str, bool], ...] = (
    (
        25,
        "棉被的样子定下来了",
        "三家厂送来样品，挑了最厚实的一种，每床 180 元，比市场价低 20 元。合同和报价都在档案里。",
        False,
    ),
    (
        6,
        "第一批 10 床棉被到了仓库",
        "棉被都拆开看过、称过，重量够。入冬前由协理员送到家里，送一户登记一户。",
        True,
    ),
)
"""How many days ago, title, text, and whether there is a picture; all of them are published."""


async def open_projects(crew: Crew, site: Site, services: Services, owners: LineOwners, *, now: datetime) -> None:
    """Each step by the person whose step it is, on its own day."""
    opened = _nine_in_the_morning(now - OPEN_DAYS_AGO * DAY)
    fund_id, project_id = await _open_one(crew, site, services, opened)
    for number, (amount_fen, days, named) in enumerate(GIFTS):
        donor = crew.donors[number % len(crew.donors)]
        await _give(fund_id, amount_fen, donor, named, services, owners, now - days * DAY)
    for days, title, text, has_picture in UPDATES:
        picture = await clean_upload(drawings.arrived(days)) if has_picture else None
        at = now - days * DAY
        update_id = await write_update(
            project_id, title, text, picture, actor=crew.editor, settings=services.settings, now=at
        )
        await publish_update(update_id, actor=crew.second_editor, now=at + timedelta(hours=3))
    await write_update(
        project_id,
        "第二批正在装车",
        "第二批 20 床明天送到。这一条还在等另一位编辑审。",
        actor=crew.editor,
        settings=services.settings,
        now=now - timedelta(hours=2),
    )
    await _draft(crew, site, now - DRAFTED_DAYS_AGO * DAY)


async def _open_one(crew: Crew, site: Site, services: Services, opened: datetime) -> tuple[int, int]:
    """A winter's project, drafted, decided and filed before it began; its fund and its id."""
    before = opened - FILED_DAYS_BEFORE * DAY
    project_id = await draft_project(site.charity_id, actor=crew.editor, now=before)
    plan = _plan(crew, site, "寒冬送暖", opened, days=200)
    await change_plan(project_id, plan, actor=crew.editor, now=before)
    decision = Decision(f"示例德慈〔{before.year}〕1 号", beijing_day(before))
    await decide_project(project_id, decision, actor=crew.director, now=before)
    filing = Filing(f"示例备案 {site.uscc}A{before:%y}002", beijing_day(before))
    await file_project(project_id, filing, duties=KeptDuties(), actor=crew.editor, now=before)
    await open_due_projects(limit=1, duties=KeptDuties(), now=opened)
    fund_id: int = (await rows("SELECT fund_id FROM project WHERE id = $1", project_id))[0]["fund_id"]
    return fund_id, project_id


async def _draft(crew: Crew, site: Site, now: datetime) -> None:
    """A whole and lawful draft on which the director has not decided."""
    project_id = await draft_project(site.charity_id, actor=crew.editor, now=now)
    starts_at = _nine_in_the_morning(now + 20 * DAY)
    plan = _plan(crew, site, "书桌前的灯", starts_at, days=90)
    await change_plan(project_id, plan, actor=crew.editor, now=now)


def _plan(crew: Crew, site: Site, name: str, starts_at: datetime, *, days: int) -> Plan:
    is_winter = name == "寒冬送暖"
    ends_at = (starts_at + days * DAY).replace(hour=10, minute=0)
    return Plan(
        kind=ProjectKind.ORDINARY,
        reach=Reach.PUBLIC,
        name=name,
        purpose=(
            "天冷了，一些困难家庭的老人还盖着旧棉被。筹来的钱买棉被、付取暖费，入冬前送到家里，让老人和孩子暖和地过冬。"
            if is_winter
            else "一些困难家庭的孩子在饭桌上写作业，灯光暗、凳子高矮不合适。筹来的钱买书桌、护眼灯和椅子，送到孩子家里。"
        ),
        area_code=site.division_code,
        starts_at=starts_at,
        ends_at=ends_at,
        use_ends_on=beijing_day(ends_at) + 90 * DAY,
        leader_id=crew.second_editor.account_id,
        office=site.address,
        ways=(GivingWay.ONLINE, GivingWay.BANK),
        bank_account="37050000000000000001",
        bank_account_name=site.name,
        target_fen=1_000_000 if is_winter else 600_000,
        cost_fen=20_000 if is_winter else 0,
        cost_words="宣传单和送货的油费，从本会管理费里列支。" if is_winter else "",
        beneficiaries=(
            "本市低保、特困和低保边缘家庭中六十岁以上的老人和他们的孙辈"
            if is_winter
            else "本市低保、特困家庭中上小学和初中的孩子"
        ),
        beneficiaries_count=300 if is_winter else 120,
        choosing="由村和乡镇走访核实，按困难程度排序，在村里公示以后确定。",
        surplus_rule=SurplusRule.NEAR_PURPOSE,
        surplus_words="用于目的相近的济困项目，用完以后在本站和慈善中国公布。",
        at_target=AtTarget.GO_ON if is_winter else AtTarget.STOP,
        platform_url="https://cszg.mca.gov.cn/",
        budget=(
            (BudgetItem("棉被 400 床", 720_000), BudgetItem("取暖费", 260_000))
            if is_winter
            else (BudgetItem("书桌和椅子", 480_000), BudgetItem("护眼灯", 120_000))
        ),
    )


async def _give(
    fund_id: int, amount_fen: int, donor: Viewer, named: bool, services: Services, owners: LineOwners, at: datetime
) -> None:
    made = await make_donation(
        fund_id, amount_fen, shows_name=named, late_choice=LateChoice.REFUND, actor=donor, now=at
    )
    await pay(made.out_trade_no, amount_fen, owners=owners, sealer=services.sealer, when=at)


def _nine_in_the_morning(instant: datetime) -> datetime:
    return instant.astimezone(BEIJING).replace(hour=9, minute=0, second=0, microsecond=0)
