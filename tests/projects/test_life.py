"""The life of a project: drafted by one, decided by another, filed, begun and ended to the minute."""

from dataclasses import fields
from datetime import timedelta

import pytest

import makers
from cishan.accounts.viewer import Viewer
from cishan.charities.models import Fund
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.disclosures.gate import KeptDuties
from cishan.errors import Conflict, Forbidden, IllegalMove, InvalidInput, NotFound
from cishan.plans.plan import Plan
from cishan.plans.states import AtTarget
from cishan.projects import actions
from cishan.projects.models import FiledPlan, Project
from cishan.projects.rules import Filing
from cishan.projects.states import MOVES, ProjectStatus, can
from cishan.sealing import Sealer
from projects import project_makers as pm

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def people(transaction: object, sealer: Sealer, clock: SteppedClock) -> pm.ProjectPeople:
    await pm.charity_id_of_site(now=clock.now())
    return await pm.make_project_people(sealer=sealer, now=clock.now())


async def status_of(project: Project) -> ProjectStatus:
    return (await Project.get(id=project.id)).status


async def test_a_filed_project_begins_and_ends_by_itself_at_its_filed_minutes(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people)
    assert project.starts_at is not None
    assert project.ends_at is not None
    for instant, expected in (
        (project.starts_at - MINUTE, ProjectStatus.FILED),
        (project.starts_at, ProjectStatus.OPEN),
        (project.ends_at - MINUTE, ProjectStatus.OPEN),
        (project.ends_at, ProjectStatus.CLOSED),
    ):
        clock.move_to(instant)
        await actions.open_due_projects(limit=10, duties=pm.NothingLate(), now=clock.now())
        await actions.close_due_projects(limit=10, sealer=sealer, now=clock.now())
        assert await status_of(project) is expected
    assert (await Project.get(id=project.id)).closed_at == project.ends_at


async def test_a_worker_that_slept_ends_a_project_with_its_filed_minute(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people, days=5)
    clock.advance(timedelta(days=9))
    assert await actions.close_due_projects(limit=10, sealer=sealer, now=clock.now()) == 1
    assert (await Project.get(id=project.id)).closed_at == project.ends_at
    assert await actions.close_due_projects(limit=10, sealer=sealer, now=clock.now()) == 0


async def test_the_filing_opens_a_fund_that_takes_money_in_the_filed_time_only(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    going_on = await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people)
    stopping = await pm.make_filed_project(
        sealer=sealer, now=clock.now(), people=people, name="冬衣", at_target=AtTarget.STOP
    )
    for project, cap_fen in ((going_on, None), (stopping, pm.TARGET_FEN)):
        fund = await Fund.get(id=(await rows("SELECT fund_id FROM project WHERE id = $1", project.id))[0]["fund_id"])
        assert (fund.name, fund.filing_number) == (project.name, project.filing_number)
        assert (fund.takes_from, fund.takes_until, fund.cap_fen) == (project.starts_at, project.ends_at, cap_fen)


async def test_only_the_director_decides_and_never_on_an_own_draft(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_draft_project(sealer=sealer, now=clock.now(), people=people)
    decision = pm.decision(clock.now())
    with pytest.raises(Forbidden):
        await actions.decide_project(project.id, decision, actor=people.editor, now=clock.now())
    drafter = Viewer(people.editor.account_id, people.director.role, makers.CITY)
    with pytest.raises(InvalidInput, match="第十五条"):
        await actions.decide_project(project.id, decision, actor=drafter, now=clock.now())
    await actions.decide_project(project.id, decision, actor=people.director, now=clock.now())
    assert await status_of(project) is ProjectStatus.DECIDED


async def test_a_filed_plan_is_written_over_by_nobody(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people)
    plan = pm.lawful_plan(clock.now(), leader_id=people.leader.account_id, name="另一个名字")
    with pytest.raises(Conflict, match="第十七条"):
        await actions.change_plan(project.id, plan, actor=people.editor, now=clock.now())


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE project SET name = '另一个名字' WHERE id = $1",
        "UPDATE project SET ends_at = ends_at + interval '1 minute' WHERE id = $1",
        "UPDATE budget_line SET amount_fen = amount_fen + 1 WHERE project_id = $1 AND position = 1",
        "DELETE FROM budget_line WHERE project_id = $1 AND position = 2",
    ],
)
async def test_the_database_commits_no_change_of_a_filed_plan(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock, change: str
) -> None:
    draft = await pm.make_draft_project(sealer=sealer, now=clock.now(), people=people)
    await rows(change, draft.id)
    await rows("SET CONSTRAINTS ALL IMMEDIATE")
    await rows("SET CONSTRAINTS ALL DEFERRED")
    filed = await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people)
    await rows(change, filed.id)
    with pytest.raises(Exception, match="changes by a filed amendment only"):
        await rows("SET CONSTRAINTS ALL IMMEDIATE")


async def test_one_number_is_used_once(people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock) -> None:
    first = await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people)
    wish_number = makers.charity_facts().filing_number
    for number in (first.filing_number or "", wish_number):
        with pytest.raises(InvalidInput, match="第十二条"):
            await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people, filing_number=number)


@pytest.mark.parametrize(("days_before", "lawful"), [(9, False), (10, True), (11, True)])
async def test_filing_comes_ten_days_before_the_start(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock, days_before: int, lawful: bool
) -> None:
    starts_at = clock.now() + timedelta(days=days_before)
    if lawful:
        await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people, starts_at=starts_at)
        return
    with pytest.raises(InvalidInput, match="第十一条"):
        await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people, starts_at=starts_at)


@pytest.mark.parametrize(("days_after", "lawful"), [(9, True), (10, True), (11, False)])
async def test_an_emergency_begins_at_once_and_is_filed_within_ten_days(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock, days_after: int, lawful: bool
) -> None:
    project = await pm.make_open_emergency(sealer=sealer, now=clock.now(), people=people)
    assert project.filing_due_at is not None
    clock.advance(timedelta(days=days_after))
    filing = Filing("53371400MJE0000011E25001", beijing_day(clock.now()))

    async def file() -> None:
        await actions.file_project(project.id, filing, duties=pm.NothingLate(), actor=people.editor, now=clock.now())

    if lawful:
        await file()
        found = await rows("SELECT f.filing_number FROM project p JOIN fund f ON f.id = p.fund_id")
        assert found == [{"filing_number": filing.number}]
        return
    with pytest.raises(InvalidInput, match="第十三条"):
        await file()


async def test_an_ordinary_project_never_begins_unfiled(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_decided_project(sealer=sealer, now=clock.now(), people=people)
    with pytest.raises(Conflict, match="第十一条"):
        await actions.open_at_once(project.id, duties=pm.NothingLate(), actor=people.editor, now=clock.now())


async def test_a_paused_project_takes_nothing_until_the_director_lets_it_go_on(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    until = "SELECT f.takes_until FROM project p JOIN fund f ON f.id = p.fund_id WHERE p.id = $1"
    clock.advance(timedelta(days=1))
    await actions.pause_project(project.id, actor=people.editor, sealer=sealer, now=clock.now(), reason="有人举报")
    assert (await rows(until, project.id))[0]["takes_until"] == clock.now()
    with pytest.raises(Forbidden):
        await actions.resume_project(project.id, actor=people.editor, now=clock.now())
    await actions.resume_project(project.id, actor=people.director, now=clock.now())
    assert (await rows(until, project.id))[0]["takes_until"] == project.ends_at


async def test_a_project_is_settled_only_when_its_duties_are_done(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    clock.advance(timedelta(days=60))
    project = await pm.make_closed_project(sealer=sealer, now=clock.now(), people=people)
    with pytest.raises(Conflict, match="还没有公开"):
        await actions.settle_project(project.id, duties=KeptDuties(), actor=people.director, now=clock.now())
    await actions.settle_project(project.id, duties=pm.NothingLate(), actor=people.director, now=clock.now())
    assert await status_of(project) is ProjectStatus.SETTLED


async def test_a_county_s_editor_reaches_only_the_county_s_projects(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_draft_project(sealer=sealer, now=clock.now(), people=people)
    elsewhere = Viewer(people.editor.account_id, people.editor.role, makers.COUNTY)
    plan = pm.lawful_plan(clock.now(), leader_id=people.leader.account_id)
    with pytest.raises(NotFound):
        await actions.change_plan(project.id, plan, actor=elsewhere, now=clock.now())


@pytest.mark.parametrize("verb", sorted(MOVES))
def test_every_verb_starts_only_where_the_table_says(verb: str) -> None:
    allowed, target = MOVES[verb]
    assert target not in allowed
    assert {status for status in ProjectStatus if can(verb, status)} == allowed


async def test_a_step_from_the_wrong_status_names_both(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_draft_project(sealer=sealer, now=clock.now(), people=people)
    with pytest.raises(IllegalMove, match=r"拟定中.*暂停"):
        await actions.pause_project(project.id, actor=people.editor, sealer=sealer, now=clock.now(), reason="不对")


async def test_the_archive_keeps_every_field_of_a_plan(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people)
    kept = await FiledPlan.get(project_id=project.id)
    assert set(kept.plan) == {field.name for field in fields(Plan)}
    assert (kept.version, kept.plan["name"], kept.filed_on) == (1, project.name, project.filed_on)


async def test_an_emergency_that_is_not_filed_takes_nothing_after_its_ten_days(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_emergency(sealer=sealer, now=clock.now(), people=people)
    found = await rows(
        "SELECT f.takes_until, p.filing_due_at, p.ends_at FROM fund f JOIN project p ON p.fund_id = f.id"
    )
    assert found[0]["takes_until"] == found[0]["filing_due_at"] < found[0]["ends_at"]
    filing = Filing("53371400MJE0000011A25077", beijing_day(clock.now()))
    await actions.file_project(project.id, filing, duties=pm.NothingLate(), actor=people.editor, now=clock.now())
    assert (await rows("SELECT takes_until FROM fund f JOIN project p ON p.fund_id = f.id"))[0]["takes_until"] == found[
        0
    ]["ends_at"]
