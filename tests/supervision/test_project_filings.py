"""Filings that civil affairs should have had: supervision sees them from the end of their last day, and people are told once."""

from datetime import timedelta

import pytest

import makers
from cishan.accounts.states import Role
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.projects.amending import Change, propose_amendment
from cishan.projects.reminding import remind_of_late_filings
from cishan.sealing import Sealer
from cishan.supervision.queries import overdue_for, overdue_units
from projects import project_makers as pm

HOURS_TO_MIDNIGHT = timedelta(hours=15)
"""From nine in the morning in Beijing, where the clock of the tests stands."""
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("offset", "late"), [(-SECOND, 0), (timedelta(0), 1), (SECOND, 1)])
async def test_an_amendment_is_late_from_the_end_of_its_tenth_day(
    transaction: object, sealer: Sealer, clock: SteppedClock, offset: timedelta, late: int
) -> None:
    await pm.charity_id_of_site(now=clock.now())
    people = await pm.make_project_people(sealer=sealer, now=clock.now())
    supervisor = await makers.make_staff(Role.SUPERVISOR, makers.CITY, sealer=sealer, now=clock.now())
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    change = Change("office", "新湖路 2 号", "搬到了新楼", beijing_day(clock.now()))
    await propose_amendment(project.id, change, actor=people.editor, now=clock.now())
    now = clock.now() + timedelta(days=10) + HOURS_TO_MIDNIGHT + offset

    found = await overdue_for(supervisor, now=now)
    assert [(row.what, row.item, row.unit, row.whose) for row in found] == [
        ("变更备案", "寒冬送暖", "德州市", Role.DIRECTOR)
    ][:late]
    assert sum(unit.late for unit in await overdue_units(supervisor, now=now)) == late
    assert await remind_of_late_filings(limit=10, sealer=sealer, now=now) == late
    assert await remind_of_late_filings(limit=10, sealer=sealer, now=now) == 0
    told = {row["account_id"] for row in await rows("SELECT account_id FROM outbox_message WHERE key LIKE 'amend%'")}
    everybody = {supervisor.account_id, *(one.account_id for one in (people.editor, people.director, people.leader))}
    assert told == (everybody if late else set())


@pytest.mark.parametrize(("offset", "late"), [(-SECOND, 0), (timedelta(0), 1)])
async def test_an_emergency_is_late_from_the_end_of_its_tenth_day(
    transaction: object, sealer: Sealer, clock: SteppedClock, offset: timedelta, late: int
) -> None:
    project = await pm.make_open_emergency(sealer=sealer, now=clock.now())
    supervisor = await makers.make_staff(Role.SUPERVISOR, makers.CITY, sealer=sealer, now=clock.now())
    now = clock.now() + timedelta(days=10) + HOURS_TO_MIDNIGHT + offset
    found = await overdue_for(supervisor, now=now)
    assert [(row.what, row.whose, row.href) for row in found] == [
        ("补办备案", Role.EDITOR, f"/desk/projects/{project.id}")
    ][:late]
    assert await remind_of_late_filings(limit=10, sealer=sealer, now=now) == late
