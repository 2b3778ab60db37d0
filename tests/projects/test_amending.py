"""A filed field changes only by an amendment: proposed by one, decided by another, and counted once it is filed."""

import json
from datetime import timedelta

import pytest

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.models import Fund
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, IllegalMove, InvalidInput
from cishan.payouts.allocating import Share, allocate
from cishan.plans.plan import BudgetItem
from cishan.projects.actions import pause_project
from cishan.projects.amending import Change, decide_amendment, drop_amendment, file_amendment, propose_amendment
from cishan.projects.models import FiledPlan, Project
from cishan.projects.rules import Line, keep_lines
from cishan.sealing import Sealer
from donations.donation_makers import pay, pledge
from projects import project_makers as pm


@pytest.fixture
async def people(transaction: object, sealer: Sealer, clock: SteppedClock) -> pm.ProjectPeople:
    await pm.charity_id_of_site(now=clock.now())
    return await pm.make_project_people(sealer=sealer, now=clock.now())


@pytest.fixture
async def project(people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock) -> Project:
    return await pm.make_open_project(sealer=sealer, now=clock.now(), people=people, days=60)


def money(target_fen: int, budget: str = '[["棉被 1,000 床", 6000000], ["取暖费", 3800000]]') -> str:
    """Another sum; the uses add up to the makers' target only."""
    return json.dumps({"target_fen": str(target_fen), "cost_fen": "200000", "cost_words": "印制", "budget": budget})


def change(clock: SteppedClock, field: str = "office", value: str = "德州市德城区示例路 2 号") -> Change:
    return Change(field, value, "办公室搬到了新楼", beijing_day(clock.now()))


async def fund_of(project: Project) -> Fund:
    return await Fund.get(id=(await rows("SELECT fund_id FROM project WHERE id = $1", project.id))[0]["fund_id"])


async def amend(project: Project, people: pm.ProjectPeople, clock: SteppedClock, field: str, value: str) -> None:
    amendment_id = await propose_amendment(
        project.id, change(clock, field, value), actor=people.editor, now=clock.now()
    )
    await decide_amendment(amendment_id, actor=people.director, now=clock.now())
    await file_amendment(amendment_id, beijing_day(clock.now()), actor=people.editor, now=clock.now())


async def test_nothing_changes_before_the_amendment_is_filed(
    people: pm.ProjectPeople, project: Project, clock: SteppedClock
) -> None:
    amendment_id = await propose_amendment(project.id, change(clock), actor=people.editor, now=clock.now())
    await decide_amendment(amendment_id, actor=people.director, now=clock.now())
    assert (await Project.get(id=project.id)).office == project.office
    await file_amendment(amendment_id, beijing_day(clock.now()), actor=people.editor, now=clock.now())
    assert (await Project.get(id=project.id)).office == "德州市德城区示例路 2 号"
    await rows("SET CONSTRAINTS ALL IMMEDIATE")
    kept = await FiledPlan.filter(project_id=project.id).order_by("version")
    assert [row.plan["office"] for row in kept] == [project.office, "德州市德城区示例路 2 号"]


async def test_a_change_is_due_ten_days_after_it_came_about(
    people: pm.ProjectPeople, project: Project, clock: SteppedClock
) -> None:
    await propose_amendment(project.id, change(clock), actor=people.editor, now=clock.now())
    found = await rows("SELECT changed_on, due_on FROM project_amendment")
    assert found[0]["due_on"] - found[0]["changed_on"] == timedelta(days=10)


async def test_who_proposes_does_not_decide(people: pm.ProjectPeople, project: Project, clock: SteppedClock) -> None:
    amendment_id = await propose_amendment(project.id, change(clock), actor=people.editor, now=clock.now())
    with pytest.raises(Forbidden):
        await decide_amendment(amendment_id, actor=people.editor, now=clock.now())
    promoted = Viewer(people.editor.account_id, people.director.role, people.director.division_code)
    with pytest.raises(InvalidInput, match="第十五条"):
        await decide_amendment(amendment_id, actor=promoted, now=clock.now())


async def test_the_fund_follows_a_filed_change_of_time_and_of_target(
    people: pm.ProjectPeople, project: Project, clock: SteppedClock
) -> None:
    assert project.ends_at is not None
    later = project.ends_at + timedelta(days=30)
    await amend(project, people, clock, "at_target", "stop")
    await amend(project, people, clock, "ends_at", later.isoformat())
    fund = await fund_of(project)
    assert (fund.takes_until, fund.cap_fen) == (later, pm.TARGET_FEN)


async def test_a_sum_and_its_uses_change_together(
    people: pm.ProjectPeople, project: Project, clock: SteppedClock
) -> None:
    await amend(project, people, clock, "at_target", "stop")
    lines = await rows("SELECT id FROM budget_line WHERE project_id = $1 ORDER BY position", project.id)
    budget = '[["棉被 1,200 床", 7000000], ["取暖费", 3800000], ["运费", 1000000]]'
    more = {"target_fen": "12000000", "cost_fen": "200000", "cost_words": "印制", "budget": budget}
    await amend(project, people, clock, "money", json.dumps(more))
    after = await rows("SELECT id, amount_fen FROM budget_line WHERE project_id = $1 ORDER BY position", project.id)
    assert [row["id"] for row in after][:2] == [row["id"] for row in lines]
    assert [row["amount_fen"] for row in after] == [7_000_000, 3_800_000, 1_000_000]
    assert (await fund_of(project)).cap_fen == 12_000_000
    await rows("SET CONSTRAINTS ALL IMMEDIATE")


async def test_money_set_aside_stays_with_its_line_of_the_budget(
    people: pm.ProjectPeople, project: Project, sealer: Sealer, clock: SteppedClock
) -> None:
    now, fund_id = clock.now(), (await fund_of(project)).id
    finance = await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=now, name="卫财务")
    donor = await makers.make_donor(sealer=sealer, now=now)
    await pay(await pledge(fund_id, 3_000_000, donor=donor, now=now), sealer=sealer, now=now)
    heating = (await rows("SELECT id FROM budget_line WHERE project_id = $1 AND name = '取暖费'", project.id))[0]["id"]
    await allocate(fund_id, Share(makers.TOWN, "取暖", 3_000_000, heating), actor=finance, now=now)
    await amend(
        project, people, clock, "money", money(pm.TARGET_FEN, '[["取暖费", 3800000], ["棉被 1,000 床", 6000000]]')
    )
    found = await rows("SELECT b.name, b.position FROM allocation a JOIN budget_line b ON b.id = a.budget_line_id")
    assert found == [{"name": "取暖费", "position": 1}]
    too_little = '[["取暖费", 2999999], ["棉被 1,000 床", 6800001]]'
    with pytest.raises(InvalidInput, match="已经分配了"):
        await amend(project, people, clock, "money", money(pm.TARGET_FEN, too_little))


@pytest.mark.parametrize(
    ("budget", "kept"),
    [
        (["棉被", "取暖费"], [1, 2]),
        (["取暖费", "棉被"], [2, 1]),
        (["棉被二期", "取暖费"], [1, 2]),
        (["宣传", "棉被"], [None, 1]),
        (["取暖费"], [2]),
        (["棉被", "棉被", "取暖费"], [1, None, 2]),
    ],
)
def test_a_line_goes_on_by_its_name_or_else_its_place(budget: list[str], kept: list[int | None]) -> None:
    lines = [Line(1, "棉被"), Line(2, "取暖费")]
    assert keep_lines(lines, [BudgetItem(name, 100) for name in budget]) == kept


async def test_a_paused_campaign_stays_closed_when_its_end_is_amended(
    people: pm.ProjectPeople, project: Project, sealer: Sealer, clock: SteppedClock
) -> None:
    assert project.ends_at is not None
    await pause_project(project.id, actor=people.editor, sealer=sealer, now=clock.now(), reason="核实举报")
    await amend(project, people, clock, "ends_at", (project.ends_at + timedelta(days=1)).isoformat())
    assert (await fund_of(project)).takes_until == clock.now()


@pytest.mark.parametrize(
    ("field", "value", "article"),
    [
        ("beneficiaries", "为王桂兰治病", "第十条第（六）项"),
        ("bank_account_name", "某公司", "第十条第（四）项"),
        ("money", money(target_fen=500_000_001), "第十条第（五）项"),
        ("money", money(target_fen=9_000_000), "第十条第（七）项"),
        ("money", money(target_fen=6_200_000, budget='[["棉被", 6000000]]'), "第二十条"),
        ("target_fen", "9000000", "第十二条"),
        ("starts_at", "2025-03-04T01:00:00+00:00", "第二十四条"),
        ("ends_at", "2025-03-02T01:00:00+00:00", "第二十四条"),
        ("office", "德州市德城区示例路 1 号", "第十二条"),
        ("kind", "emergency", "第十二条"),
        ("reach", "members", "第十二条"),
    ],
)
async def test_an_unlawful_change_is_refused_with_its_article(
    people: pm.ProjectPeople, project: Project, clock: SteppedClock, field: str, value: str, article: str
) -> None:
    with pytest.raises(InvalidInput, match=article):
        await propose_amendment(project.id, change(clock, field, value), actor=people.editor, now=clock.now())


async def test_a_field_has_one_change_under_way(
    people: pm.ProjectPeople, project: Project, clock: SteppedClock
) -> None:
    first = await propose_amendment(project.id, change(clock), actor=people.editor, now=clock.now())
    again = change(clock, value="德州市德城区示例路 3 号")
    with pytest.raises(Conflict):
        await propose_amendment(project.id, again, actor=people.editor, now=clock.now())
    await drop_amendment(first, actor=people.director, now=clock.now())
    await propose_amendment(project.id, again, actor=people.editor, now=clock.now())


async def test_a_dropped_change_is_never_filed(people: pm.ProjectPeople, project: Project, clock: SteppedClock) -> None:
    amendment_id = await propose_amendment(project.id, change(clock), actor=people.editor, now=clock.now())
    await drop_amendment(amendment_id, actor=people.editor, now=clock.now())
    with pytest.raises(IllegalMove, match=r"没有变更.*登记备案"):
        await file_amendment(amendment_id, beijing_day(clock.now()), actor=people.editor, now=clock.now())


async def test_a_late_filing_is_entered_and_stays_late(
    people: pm.ProjectPeople, project: Project, clock: SteppedClock
) -> None:
    amendment_id = await propose_amendment(project.id, change(clock), actor=people.editor, now=clock.now())
    clock.advance(timedelta(days=11))
    await decide_amendment(amendment_id, actor=people.director, now=clock.now())
    await file_amendment(amendment_id, beijing_day(clock.now()), actor=people.editor, now=clock.now())
    assert await rows("SELECT 1 AS late FROM project_amendment WHERE filed_on > due_on") == [{"late": 1}]


async def test_a_campaign_whose_end_has_passed_is_not_made_longer(
    people: pm.ProjectPeople, project: Project, clock: SteppedClock
) -> None:
    assert project.ends_at is not None
    clock.move_to(project.ends_at)
    later = (project.ends_at + timedelta(days=30)).isoformat()
    with pytest.raises(InvalidInput, match="已经过了"):
        await propose_amendment(project.id, change(clock, "ends_at", later), actor=people.editor, now=clock.now())
