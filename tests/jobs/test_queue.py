"""The queue: a job begins and vanishes with its transaction, is done once whoever dies, and is kept when it fails."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tortoise.transactions import in_transaction

from cishan.app import line_owners, make_services
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.events.actions import record_event
from cishan.jobs import consumer as consuming
from cishan.jobs.consumer import Consumer
from cishan.jobs.queries import failed_tasks
from cishan.jobs.queue import QueuedKind, Taken, Task, enqueue, requeue
from cishan.jobs.work import Work
from cishan.settings import Settings
from command_line import clean_environment, environment_of
from conftest import Committed

SECONDS = 30.0
POLL_SECONDS = 0.02


class Refused(Exception):
    """A job's own failure."""


async def mark(task: Task) -> None:
    async with task.finish():
        await record_event("effect", int(task.payload["id"]), "done", actor=None, now=task.work.now)


async def test_a_job_of_a_transaction_that_is_rolled_back_vanishes(committed_database: Committed) -> None:
    async def enqueue_and_fail() -> None:
        async with in_transaction():
            await enqueue("mark", {"id": 1})
            assert await _queued() == 1
            raise Refused

    with pytest.raises(Refused):
        await enqueue_and_fail()
    assert await _queued() == 0
    async with in_transaction():
        await enqueue("mark", {"id": 1})
    assert await _queued() == 1


async def test_a_job_with_a_key_is_queued_once(committed_database: Committed) -> None:
    await enqueue("mark", {"id": 1}, key="batch:1")
    await enqueue("mark", {"id": 1}, key="batch:1")
    await enqueue("mark", {"id": 2}, key="batch:2")
    assert await _queued() == 2


async def test_what_is_queued_is_done_and_then_gone(committed_database: Committed, clock: SteppedClock) -> None:
    for number in range(5):
        await enqueue("mark", {"id": number})
    async with _consumer(committed_database.settings, clock, mark):
        await _until(lambda: _is(_effects(), 5))
        await _until(lambda: _is(_queued(), 0))
    assert await _logged("successful") == 5


async def test_a_job_whose_worker_is_killed_is_done_once_by_another(
    committed_database: Committed, clock: SteppedClock
) -> None:
    await enqueue("mark", {"id": 7})
    killed = _start_process(committed_database.settings)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "begun\n"
    killed.kill()
    killed.wait()
    assert (await _effects(), await _queued()) == (0, 1)
    async with _consumer(committed_database.settings, clock, mark, silent_seconds=0.4):
        await _until(lambda: _is(_effects(), 1))
        await _until(lambda: _is(_queued(), 0))
    assert await _effects() == 1


async def test_a_worker_that_was_silent_for_too_long_writes_nothing(
    committed_database: Committed, clock: SteppedClock
) -> None:
    """Another has the job: without the check under the row's lock there would be two effects."""
    await enqueue("mark", {"id": 9})
    found = await rows(
        "UPDATE pgqueuer SET status = 'picked', queue_manager_id = '11111111-1111-1111-1111-111111111111' RETURNING id"
    )
    work = await _work(committed_database.settings, clock)
    stranger = Task(found[0]["id"], {"id": 9}, work, "22222222-2222-2222-2222-222222222222")
    with pytest.raises(Taken):
        await mark(stranger)
    assert (await _effects(), await _queued()) == (0, 1)
    await mark(Task(found[0]["id"], {"id": 9}, work, "11111111-1111-1111-1111-111111111111"))
    assert (await _effects(), await _queued()) == (1, 0)


async def test_a_job_that_fails_is_tried_again_then_kept_until_a_person_asks_for_more(
    committed_database: Committed, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "TRIES", 1)
    monkeypatch.setattr(consuming, "FIRST_RETRY", consuming.timedelta(seconds=0.05))
    tried: list[int] = []
    broken = True

    async def fail_twice(task: Task) -> None:
        tried.append(task.id)
        if broken:
            raise Refused
        await mark(task)

    await enqueue("mark", {"id": 3})
    async with _consumer(committed_database.settings, clock, fail_twice):
        await _until(lambda: _is(_failed(), 1))
        assert len(tried) == 2
        assert [task.name for task in await failed_tasks()] == ["mark"]
        broken = False
        await requeue(tried[0])
        await _until(lambda: _is(_effects(), 1))
    assert await _queued() == 0


async def test_a_failed_job_is_not_tried_again_beside_another_with_its_key(committed_database: Committed) -> None:
    await enqueue("mark", {"id": 1}, key="batch:1")
    failed = (await rows("UPDATE pgqueuer SET status = 'failed' RETURNING id"))[0]["id"]
    await enqueue("mark", {"id": 1}, key="batch:1")
    await requeue(failed)
    assert (await _queued(), await _failed()) == (2, 1)
    await rows("DELETE FROM pgqueuer WHERE status = 'queued'")
    await requeue(failed)
    assert (await _queued(), await _failed()) == (1, 0)


@asynccontextmanager
async def _consumer(
    settings: Settings, clock: SteppedClock, run: Callable[[Task], Awaitable[None]], *, silent_seconds: float = 60
) -> AsyncIterator[None]:
    services = await make_services(settings, clock=clock)
    consumer = Consumer([QueuedKind("mark", "", run)], services, line_owners(services), silent_seconds=silent_seconds)
    running = asyncio.create_task(consumer.run())
    try:
        yield
    finally:
        consumer.stop()
        await running


async def _work(settings: Settings, clock: SteppedClock) -> Work:
    services = await make_services(settings, clock=clock)
    return Work(services, line_owners(services), clock.now())


def _start_process(settings: Settings) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("queue_process.py"))],
        env={**clean_environment(), **environment_of(settings)},
        stdout=subprocess.PIPE,
        text=True,
    )


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        # What happens here happens in other tasks and processes; only the database can be asked.
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)


async def _is(count: Awaitable[int], expected: int) -> bool:
    return await count == expected


async def _count(sql: str, *values: object) -> int:
    return int((await rows(sql, *values))[0]["n"])


async def _queued() -> int:
    return await _count("SELECT count(*) AS n FROM pgqueuer")


async def _failed() -> int:
    return await _count("SELECT count(*) AS n FROM pgqueuer WHERE status = 'failed'")


async def _effects() -> int:
    return await _count("SELECT count(*) AS n FROM event WHERE subject_kind = 'effect'")


async def _logged(status: str) -> int:
    return await _count("SELECT count(*) AS n FROM pgqueuer_log WHERE status::text = $1", status)
