"""Jobs by the clock: each run is written down, an error stays with its job, and the administrator sees all of it."""

import asyncio
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.handled import Handled
from cishan.jobs.actions import run_job
from cishan.jobs.desk import cadence_text, jobs_page
from cishan.jobs.housekeeping import purge_expired
from cishan.jobs.queries import last_runs
from cishan.jobs.table import JOBS
from cishan.jobs.work import Job, Work
from cishan.jobs.worker import Worker
from cishan.sealing import Sealer

SECRET = "张秀英"


async def count_three(work: Work) -> Handled:
    return Handled(3, 1)


async def fail(work: Work) -> Handled:
    raise RuntimeError(SECRET)


def job(run=count_three, name: str = "trial") -> Job:  # type: ignore[no-untyped-def]
    return Job(name, "试一试", timedelta(seconds=1), run)


@pytest.fixture
def work(app: Starlette, clock: SteppedClock) -> Work:
    return Work(app.state.services, app.state.line_owners, clock.now())


async def test_a_run_keeps_what_it_handled(work: Work) -> None:
    await run_job(job(), work, node="one")
    found = await rows("SELECT name, node, handled, failed, error, finished_at IS NOT NULL AS ended FROM job_run")
    assert found == [{"name": "trial", "node": "one", "handled": 3, "failed": 1, "error": "", "ended": True}]


async def test_an_error_is_kept_without_the_words_it_quotes(work: Work) -> None:
    assert await run_job(job(fail), work, node="one") is None
    found = await rows("SELECT error, failed FROM job_run")
    assert found[0]["error"].startswith("RuntimeError test_runs.py:")
    assert SECRET not in found[0]["error"]
    assert found[0]["failed"] == 1


async def test_every_job_of_the_table_runs_on_an_empty_city(work: Work) -> None:
    await makers.make_charity(now=work.now)
    for one in JOBS:
        assert await run_job(one, work, node="one") is not None, one.name


async def test_names_of_jobs_are_told_apart() -> None:
    assert len({one.name for one in JOBS}) == len(JOBS)
    assert all(len(one.name) <= 40 for one in JOBS)


async def test_what_is_past_its_time_goes_and_the_rest_stays(work: Work, clock: SteppedClock, sealer: Sealer) -> None:
    await makers.make_charity(now=clock.now())
    donor = await makers.make_donor(sealer=sealer, now=clock.now())
    await run_job(job(lambda _: _nothing()), work, node="one")
    await run_job(job(), work, node="one")
    clock.advance(timedelta(days=2))
    later = Work(work.services, work.owners, clock.now())
    await purge_expired(later)
    kept = await rows("SELECT handled FROM job_run")
    assert [row["handled"] for row in kept] == [3]
    assert await rows("SELECT 1 FROM session WHERE account_id = $1", donor.account_id)
    clock.advance(timedelta(days=400))
    await purge_expired(Work(work.services, work.owners, clock.now()))
    assert not await rows("SELECT 1 FROM session WHERE account_id = $1", donor.account_id)


async def _nothing() -> Handled:
    return Handled()


async def test_one_failing_job_does_not_keep_the_others_from_running(work: Work) -> None:
    seen = asyncio.Event()

    async def note(work: Work) -> Handled:
        seen.set()
        return Handled(1)

    worker = Worker([job(fail, "bad"), job(note, "good")], [], work.services, work.owners)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(30):
        await seen.wait()
    worker.stop()
    await running
    assert {row["name"] for row in await rows("SELECT DISTINCT name FROM job_run")} == {"bad", "good"}


async def test_stopping_waits_for_the_job_that_runs(work: Work) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    ended: list[bool] = []

    async def slow(work: Work) -> Handled:
        begun.set()
        await go_on.wait()
        ended.append(True)
        return Handled(1)

    worker = Worker([job(slow)], [], work.services, work.owners)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(30):
        await begun.wait()
        worker.stop()
        await asyncio.sleep(0)
        assert not running.done()
        go_on.set()
        await running
    assert ended == [True]


async def test_the_page_shows_the_last_run_of_each_job(
    client: httpx2.AsyncClient, work: Work, sealer: Sealer, clock: SteppedClock
) -> None:
    await makers.make_charity(now=clock.now())
    await makers.signed_in(client, await makers.make_admin(sealer=sealer, now=clock.now()), now=clock.now())
    standing = await client.get("/desk/jobs")
    assert "后台任务没有在运行" in standing.text
    for one in JOBS:
        await run_job(one, work, node="one")
    well = await client.get("/desk/jobs")
    assert well.status_code == 200
    assert "一切正常，不用处理" in well.text
    assert all(one.what in well.text for one in JOBS)


async def test_a_job_that_has_missed_its_ticks_stands_still(work: Work, clock: SteppedClock) -> None:
    for one in JOBS:
        await run_job(one, work, node="one")
    names = [one.name for one in JOBS]
    clock.advance(timedelta(minutes=3))
    page = jobs_page(await last_runs(names, now=clock.now()), {}, (), now=clock.now())
    assert {line.what for line in page.jobs if line.is_wrong} == {one.what for one in JOBS if one.every.seconds <= 30}
    assert not page.well


async def test_a_broken_job_is_named_on_the_page(work: Work, clock: SteppedClock) -> None:
    first = JOBS[0]
    await run_job(Job(first.name, first.what, first.every, fail), work, node="one")
    page = jobs_page(await last_runs([first.name], now=clock.now()), {}, (), now=clock.now())
    assert page.jobs[0].state_label == "出错"
    assert "RuntimeError" in page.jobs[0].trouble


def test_a_cadence_reads_like_a_person_says_it() -> None:
    spoken = [cadence_text(timedelta(seconds=seconds)) for seconds in (10, 60, 300, 3600)]
    assert spoken == ["每 10 秒", "每 1 分钟", "每 5 分钟", "每 1 小时"]
