"""What disclosure asks of projects: nothing late before a new one is filed or begun, everything said before the last step."""

from datetime import timedelta

import pytest

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.disclosures.actions import publish, save_draft
from cishan.disclosures.gate import KeptDuties
from cishan.disclosures.queries import duty_of, open_duties
from cishan.disclosures.states import DutyKind
from cishan.errors import Conflict
from cishan.plans.states import ProjectKind
from cishan.projects.actions import file_project, open_at_once, open_due_projects, settle_project
from cishan.projects.models import Project
from cishan.projects.rules import Filing
from cishan.projects.states import ProjectStatus
from cishan.sealing import Sealer
from donations.donation_makers import pay, pledge
from projects import project_makers as pm

DAY = timedelta(days=1)
WORDS = "募捐和使用的情况都在表里，棉被全部送到，没有余款。"


@pytest.fixture
async def people(transaction: object, sealer: Sealer, clock: SteppedClock) -> pm.ProjectPeople:
    await pm.charity_id_of_site(now=clock.now())
    return await pm.make_project_people(sealer=sealer, now=clock.now())


@pytest.fixture
async def finance(people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=clock.now())


async def begin(project: Project, clock: SteppedClock) -> ProjectStatus:
    assert project.starts_at is not None
    clock.move_to(project.starts_at)
    await open_due_projects(limit=10, duties=KeptDuties(), now=clock.now())
    return (await Project.get(id=project.id)).status


async def make_late(people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock) -> None:
    """A project with a report whose day has passed."""
    project = await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people)
    assert await begin(project, clock) is ProjectStatus.OPEN
    clock.advance(100 * DAY)


async def publish_all(people: pm.ProjectPeople, finance: Viewer, clock: SteppedClock, *kinds: DutyKind) -> None:
    charity_id, now = await pm.charity_id_of_site(now=clock.now()), clock.now()
    for duty in await open_duties(charity_id):
        if duty.project_id is None or duty.period_until >= beijing_day(now) or (kinds and duty.kind not in kinds):
            continue
        await save_draft(duty.id, WORDS, "", charity_id=charity_id, actor=finance, now=now)
        read = await duty_of(charity_id, duty.id)
        assert read.draft is not None
        await publish(duty.id, read.draft.written_at, charity_id=charity_id, actor=people.editor, now=now)


async def test_a_project_s_duties_are_planned_the_moment_it_begins(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people)
    assert await begin(project, clock) is ProjectStatus.OPEN
    kinds = {row["kind"] for row in await rows("SELECT kind FROM disclosure_duty WHERE project_id = $1", project.id)}
    assert {"campaign_progress", "campaign_final", "use_final", "surplus"} <= kinds


async def test_while_a_report_is_late_no_project_is_filed_or_begun(
    people: pm.ProjectPeople, finance: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    waiting = await pm.make_filed_project(
        sealer=sealer, now=clock.now(), people=people, starts_at=clock.now() + 130 * DAY
    )
    await make_late(people, sealer, clock)
    decided = await pm.make_decided_project(sealer=sealer, now=clock.now(), people=people)
    filing = Filing(pm.new_filing_number(decided.id), beijing_day(clock.now()))
    with pytest.raises(Conflict, match="请先公开"):
        await file_project(decided.id, filing, duties=KeptDuties(), actor=people.editor, now=clock.now())
    assert await begin(waiting, clock) is ProjectStatus.FILED
    await publish_all(people, finance, clock)
    assert await begin(waiting, clock) is ProjectStatus.OPEN


async def test_an_emergency_waits_for_late_reports_before_it_begins_but_not_before_it_is_filed_afterwards(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    begun = await pm.make_open_emergency(sealer=sealer, now=clock.now(), people=people)
    await KeptDuties().plan(begun.id, now=clock.now())
    clock.advance(7 * DAY)
    other = await pm.make_decided_project(
        sealer=sealer, now=clock.now(), people=people, starts_at=clock.now(), kind=ProjectKind.EMERGENCY
    )
    with pytest.raises(Conflict, match="请先公开"):
        await open_at_once(other.id, duties=KeptDuties(), actor=people.editor, now=clock.now())
    filing = Filing(pm.new_filing_number(begun.id), beijing_day(clock.now()))
    await file_project(begun.id, filing, duties=KeptDuties(), actor=people.editor, now=clock.now())


async def test_a_project_ends_only_after_its_surplus_and_everything_else_is_published(
    people: pm.ProjectPeople, finance: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    now = clock.advance(30 * DAY)
    project = await pm.make_closed_project(sealer=sealer, now=now, people=people, use_ends_on=beijing_day(now))
    clock.advance(DAY)
    await KeptDuties().plan(project.id, now=clock.now())
    others = [kind for kind in DutyKind if kind is not DutyKind.SURPLUS]
    for lacking, then in (("另外还有", others), ("剩余财产", [DutyKind.SURPLUS])):
        with pytest.raises(Conflict, match=f"{lacking}.*请先公开，再结项"):
            await settle_project(project.id, duties=KeptDuties(), actor=people.director, now=clock.now())
        await publish_all(people, finance, clock, *then)
    await settle_project(project.id, duties=KeptDuties(), actor=people.director, now=clock.now())
    assert (await Project.get(id=project.id)).status is ProjectStatus.SETTLED


async def test_a_project_that_still_has_money_is_not_ended(
    people: pm.ProjectPeople, finance: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    now = clock.advance(30 * DAY)
    began = now - 30 * DAY
    project = await pm.make_open_project(sealer=sealer, now=began, people=people, days=30, use_ends_on=beijing_day(now))
    donor = await makers.make_donor(sealer=sealer, now=now)
    fund_id = (await rows("SELECT fund_id FROM project WHERE id = $1", project.id))[0]["fund_id"]
    await pay(await pledge(fund_id, 37, donor=donor, now=began), sealer=sealer, now=began)
    await pm.close_due_projects(limit=10, sealer=sealer, now=now)
    clock.advance(DAY)
    await KeptDuties().plan(project.id, now=clock.now())
    await publish_all(people, finance, clock)
    with pytest.raises(Conflict, match=r"还有 0\.37 元"):
        await settle_project(project.id, duties=KeptDuties(), actor=people.director, now=clock.now())
