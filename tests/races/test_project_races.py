"""Projects at the same instant: one number is filed once, a minute is kept once, a filed plan is written over by nobody."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from cishan.clock import beijing_day
from cishan.database import rows
from cishan.errors import Conflict, InvalidInput
from cishan.projects.actions import close_due_projects, file_project, open_due_projects
from cishan.projects.amending import Change, propose_amendment
from cishan.projects.rules import Filing
from cishan.sealing import Sealer
from conftest import Committed
from projects import project_makers as pm
from races.world import World, all_at_once, make_world

ROUNDS = 5
NODES = 4


@pytest.fixture
async def world(committed_database: Committed, sealer: Sealer) -> AsyncIterator[World]:
    async with make_world(committed_database, sealer) as made:
        yield made


@pytest.fixture
async def people(world: World) -> pm.ProjectPeople:
    await pm.charity_id_of_site(now=world.clock.now())
    return await pm.make_project_people(sealer=world.sealer, now=world.clock.now())


async def test_the_number_can_be_shared_with_the_guards_off(world: World, people: pm.ProjectPeople) -> None:
    """Positive control: look whether the number is free, then write it, without the unique index."""
    projects = [await pm.make_decided_project(sealer=world.sealer, now=world.clock.now(), people=people) for _ in "ab"]
    indexes = await rows(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'project'::regclass AND contype = 'u' "
        "AND pg_get_constraintdef(oid) LIKE '%filing_number%'"
    )
    async with world.owner() as owner:
        for index in indexes:
            await owner.execute(f"ALTER TABLE project DROP CONSTRAINT {index['conname']}")
        await owner.execute("ALTER TABLE project DROP CONSTRAINT ck_project_filed")
    all_have_looked = asyncio.Barrier(len(projects))

    async def careless(project_id: int) -> bool:
        async with in_transaction():
            taken = await rows("SELECT 1 FROM project WHERE filing_number = 'N'")
            await all_have_looked.wait()
            if not taken:
                await rows("UPDATE project SET filing_number = 'N' WHERE id = $1", project_id)
            return not taken

    assert all(await all_at_once([lambda one=one: careless(one.id) for one in projects]))  # type: ignore[misc]


async def test_one_number_is_filed_once_whoever_comes_at_the_same_time(world: World, people: pm.ProjectPeople) -> None:
    for number in range(ROUNDS):
        now = world.clock.now()
        projects = [await pm.make_decided_project(sealer=world.sealer, now=now, people=people) for _ in range(3)]
        filing = Filing(f"53371400MJE0000011R{number:05d}", beijing_day(now))

        async def file(project_id: int, filing: Filing = filing) -> bool:
            try:
                await file_project(
                    project_id, filing, duties=pm.NothingLate(), actor=people.editor, now=world.clock.now()
                )
            except InvalidInput as refused:
                if "filing_number" not in refused.fields:
                    raise
                return False
            return True

        won = await all_at_once([lambda one=one: file(one.id) for one in projects])  # type: ignore[misc]
        assert sum(won) == 1
    found = await rows("SELECT count(*) AS funds, count(DISTINCT filing_number) AS n FROM fund WHERE kind = 'project'")
    assert found == [{"funds": ROUNDS, "n": ROUNDS}]


async def test_every_node_may_keep_the_minutes_and_each_is_kept_once(world: World, people: pm.ProjectPeople) -> None:
    now = world.clock.now()
    for number in range(ROUNDS):
        starts_at = now + pm.FILED_BEFORE
        await pm.make_filed_project(
            sealer=world.sealer, now=now, people=people, starts_at=starts_at, days=1, name=f"冬{number}"
        )
    opened = world.clock.advance(pm.FILED_BEFORE)
    sweeps = [lambda: open_due_projects(limit=10, duties=pm.NothingLate(), now=opened)] * NODES
    assert sum(await all_at_once(sweeps)) == ROUNDS
    closed = world.clock.advance(timedelta(days=1))
    sweeps = [lambda: close_due_projects(limit=10, sealer=world.sealer, now=closed)] * NODES
    assert sum(await all_at_once(sweeps)) == ROUNDS
    events = await rows("SELECT verb, count(*) AS n FROM event WHERE subject_kind = 'project' GROUP BY verb")
    assert {row["verb"]: row["n"] for row in events if row["verb"] in {"open", "close"}} == {"open": 5, "close": 5}


async def test_a_field_gets_one_change_whoever_proposes_at_the_same_time(
    world: World, people: pm.ProjectPeople
) -> None:
    project = await pm.make_open_project(sealer=world.sealer, now=world.clock.now(), people=people)

    async def propose(number: int) -> bool:
        change = Change("office", f"新湖路 {number} 号", "搬家", beijing_day(world.clock.now()))
        try:
            await propose_amendment(project.id, change, actor=people.editor, now=world.clock.now())
        except Conflict:
            return False
        return True

    assert sum(await all_at_once([lambda number=number: propose(number) for number in range(10)])) == 1  # type: ignore[misc]


async def test_a_commit_that_changes_a_filed_plan_is_refused(world: World, people: pm.ProjectPeople) -> None:
    project = await pm.make_open_project(sealer=world.sealer, now=world.clock.now(), people=people)
    with pytest.raises(IntegrityError, match="filed amendment only"):
        await rows("UPDATE project SET purpose = purpose || '。' WHERE id = $1", project.id)
    async with world.owner() as owner:
        await owner.execute("DROP TRIGGER project_is_as_filed ON project")
    await rows("UPDATE project SET purpose = purpose || '。' WHERE id = $1", project.id)
