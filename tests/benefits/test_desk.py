"""The pages of imports: upload, see what it would do, write it; a worker does long files while nobody looks."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2
import pytest
from starlette.applications import Starlette

from cishan.accounts.states import Role
from cishan.app import create_app, line_owners, make_services
from cishan.benefits import desk, imports
from cishan.benefits.imports import LOCK_CLASS
from cishan.benefits.programmes import load_programmes
from cishan.benefits.rules import REGISTRY_COLUMNS
from cishan.clock import SteppedClock
from cishan.database import JsonRow, credentials, rows
from cishan.jobs import consumer
from cishan.jobs.consumer import Consumer
from cishan.jobs.queue import enqueue
from cishan.jobs.queued import QUEUED
from cishan.sealing import Sealer
from conftest import Committed, browser_for
from makers import COUNTY, QUICK_PASSWORDS, VILLAGE, make_admin, make_charity, make_staff, new_id_number, signed_in

KEY = re.compile(r'name="form_key" value="([^"]+)"')
SECONDS = 30.0
POLL_SECONDS = 0.02


async def _administrator(app: Starlette, sealer: Sealer, clock: SteppedClock) -> httpx2.AsyncClient:
    await make_charity(now=clock.now())
    await load_programmes()
    admin = await make_admin(sealer=sealer, now=clock.now())
    return await signed_in(browser_for(app), admin, now=clock.now())


@pytest.fixture
async def admin(app: Starlette, sealer: Sealer, clock: SteppedClock) -> httpx2.AsyncClient:
    return await _administrator(app, sealer, clock)


@pytest.fixture
def every_file_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "AT_ONCE_BYTES", 0)
    monkeypatch.setattr(desk, "AT_ONCE_ROWS", 0)


@asynccontextmanager
async def _own_app(committed: Committed, clock: SteppedClock) -> AsyncIterator[Starlette]:
    app = create_app(committed.settings, clock=clock, passwords=QUICK_PASSWORDS, open_database=False)
    async with app.router.lifespan_context(app):
        yield app


async def _work_off(committed: Committed, clock: SteppedClock) -> None:
    """A worker's hands on the queue until nothing waits or runs."""
    services = await make_services(committed.settings, clock=clock)
    hands = Consumer(QUEUED, services, line_owners(services))
    running = asyncio.create_task(hands.run())
    try:
        async with asyncio.timeout(SECONDS):
            # The worker has a connection of its own; only the database can be asked.
            while await _queued():  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
    finally:
        hands.stop()
        await running


async def _queued() -> list[JsonRow]:
    return await rows("SELECT entrypoint, payload FROM pgqueuer WHERE status IN ('queued', 'picked')")


async def _file_name() -> str:
    return f"{(await rows('SELECT file_sha256 FROM import_batch'))[0]['file_sha256']}.csv"


def _registry(*names: str) -> bytes:
    lines = [",".join(REGISTRY_COLUMNS)]
    lines += [
        f"DB-{place:04d},{VILLAGE},{place} 号,{name},{new_id_number()},,户主,低保,2020-01-01"
        for place, name in enumerate(names, start=1)
    ]
    return "\r\n".join(lines).encode("utf-8-sig")


async def _upload(browser: httpx2.AsyncClient, content: bytes, kind: str = "registry") -> httpx2.Response:
    key = KEY.search((await browser.get("/desk/imports")).text)
    assert key is not None
    return await browser.post(
        "/desk/imports", data={"form_key": key[1], "kind": kind}, files={"file": ("名册.csv", content, "text/csv")}
    )


async def _press(browser: httpx2.AsyncClient, location: str, button: str) -> httpx2.Response:
    key = KEY.findall((await browser.get(location)).text)
    return await browser.post(f"{location}/{button}", data={"form_key": key[-1]})


async def test_a_file_is_uploaded_looked_at_and_written(admin: httpx2.AsyncClient) -> None:
    uploaded = await _upload(admin, _registry("阚守义", "亓官明月"))
    assert uploaded.status_code == 303, uploaded.text
    location = uploaded.headers["location"]
    page = (await admin.get(location)).text
    assert "待导入" in page
    assert not await rows("SELECT 1 FROM household")
    pressed = await _press(admin, location, "apply")
    assert pressed.status_code == 303
    page = (await admin.get(location)).text
    assert "导入完成" in page
    assert len(await rows("SELECT 1 FROM household")) == 2
    assert "名册.csv" in (await admin.get("/desk/imports")).text


async def test_wrong_rows_are_shown_and_can_be_downloaded(admin: httpx2.AsyncClient) -> None:
    uploaded = await _upload(admin, _registry("阚守义", "X123"))
    location = uploaded.headers["location"]
    page = (await admin.get(location)).text
    assert "有错误，没有导入" in page
    assert "第 3 行" in page
    assert "姓名里有数字或符号" in page
    table = await admin.get(f"{location}/errors.csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert "3,姓名,姓名里有数字或符号" in table.content.decode("utf-8-sig")
    assert (await _press(admin, location, "apply")).status_code == 303
    assert not await rows("SELECT 1 FROM household")


async def test_the_page_of_an_import_holds_nothing_of_the_families(admin: httpx2.AsyncClient) -> None:
    content = _registry("阚守义", "X123")
    location = (await _upload(admin, content)).headers["location"]
    shown = (await admin.get(location)).text + (await admin.get(f"{location}/errors.csv")).text
    for number in re.findall(rb"\d{17}[\dX]", content):
        assert number.decode() not in shown
    assert "阚守义" not in shown


async def test_what_is_no_file_is_refused_on_the_form(admin: httpx2.AsyncClient) -> None:
    empty = await _upload(admin, b"")
    assert empty.status_code == 400
    assert "空文件" in empty.text
    nothing = await admin.post("/desk/imports", data={"form_key": "k" * 20})
    assert nothing.status_code == 400
    assert "请选择是哪一种文件" in nothing.text


async def test_a_template_can_be_filled_in(admin: httpx2.AsyncClient) -> None:
    template = await admin.get("/desk/imports/templates/registry")
    assert template.content.decode("utf-8-sig").splitlines()[0] == ",".join(REGISTRY_COLUMNS)
    assert (await admin.get("/desk/imports/templates/other")).status_code == 404


async def test_another_countys_administrator_finds_no_import(
    app: Starlette, admin: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    location = (await _upload(admin, _registry("阚守义"))).headers["location"]
    county = await make_staff(Role.ADMIN, COUNTY, sealer=sealer, now=clock.now())
    stranger = await signed_in(browser_for(app), county, now=clock.now())
    for page in ("", "/errors.csv"):
        assert (await stranger.get(location + page)).status_code == 404
    assert (await stranger.post(f"{location}/apply", data={"form_key": "s" * 20})).status_code == 404
    assert "名册.csv" not in (await stranger.get("/desk/imports")).text


async def test_a_long_file_is_done_by_a_worker_and_its_page_survives_reload(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock, every_file_is_long: None
) -> None:
    async with _own_app(committed_database, clock) as app:
        browser = await _administrator(app, sealer, clock)
        location = (await _upload(browser, _registry("阚守义"))).headers["location"]
        for _ in range(2):
            busy = (await browser.get(location)).text
            assert "data-poll" in busy
            assert "可以离开这个页面" in busy
            assert "接着做" not in busy
        await _work_off(committed_database, clock)
        checked = (await browser.get(location)).text
        assert "待导入" in checked
        assert "data-poll" not in checked
        stale = KEY.findall(checked)[-1]
        assert (await _press(browser, location, "apply")).status_code == 303
        assert not await rows("SELECT 1 FROM household")
        for page in (location, "/desk/imports"):
            assert "正在导入" in (await browser.get(page)).text
        for again in (stale, "another-tab-of-hers"):
            await browser.post(f"{location}/apply", data={"form_key": again})
        assert len(await _queued()) == 1
        await _work_off(committed_database, clock)
        assert "导入完成" in (await browser.get(location)).text
        assert len(await rows("SELECT 1 FROM household")) == 1


async def test_a_form_that_is_rolled_back_enqueues_nothing(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock, every_file_is_long: None
) -> None:
    enqueued: list[object] = []

    async def enqueue_and_break(kind: str, payload: Mapping[str, Any], *, key: str | None = None) -> None:
        await enqueue(kind, payload, key=key)
        enqueued.extend(await _queued())
        raise RuntimeError("broken on the way to the answer")

    async with _own_app(committed_database, clock) as app:
        browser = await _administrator(app, sealer, clock)
        app.state.enqueue = enqueue_and_break
        assert (await _upload(browser, _registry("阚守义"))).status_code == 500
        assert len(enqueued) == 1
        assert not await _queued()
        assert not await rows("SELECT 1 FROM import_batch")


async def test_a_check_that_is_begun_a_second_time_writes_nothing(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock, every_file_is_long: None
) -> None:
    """A worker may die between the check and the end of its job; nobody has asked for the import yet."""
    async with _own_app(committed_database, clock) as app:
        browser = await _administrator(app, sealer, clock)
        location = (await _upload(browser, _registry("阚守义"))).headers["location"]
        job = (await _queued())[0]
        await _work_off(committed_database, clock)
        await enqueue(job["entrypoint"], json.loads(job["payload"]))
        await _work_off(committed_database, clock)
        assert "待导入" in (await browser.get(location)).text
        assert not await rows("SELECT 1 FROM household")


async def test_an_import_whose_job_failed_may_be_asked_for_again(
    committed_database: Committed,
    sealer: Sealer,
    clock: SteppedClock,
    every_file_is_long: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer, "TRIES", 0)
    async with _own_app(committed_database, clock) as app:
        browser = await _administrator(app, sealer, clock)
        location = (await _upload(browser, _registry("阚守义"))).headers["location"]
        await _work_off(committed_database, clock)
        kept = next((committed_database.settings.data_directory / "imports").glob(await _file_name()))
        hidden = kept.rename(kept.with_suffix(".away"))
        await _press(browser, location, "apply")
        await _work_off(committed_database, clock)
        failed = (await browser.get(location)).text
        assert "导入没有完成，数据没有变" in failed
        assert "data-poll" not in failed
        hidden.rename(kept)
        await _press(browser, location, "apply")
        assert "data-poll" in (await browser.get(location)).text
        await _work_off(committed_database, clock)
        assert "导入完成" in (await browser.get(location)).text


async def test_a_check_whose_job_failed_may_be_asked_for_again(
    committed_database: Committed,
    sealer: Sealer,
    clock: SteppedClock,
    every_file_is_long: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer, "TRIES", 0)
    async with _own_app(committed_database, clock) as app:
        browser = await _administrator(app, sealer, clock)
        location = (await _upload(browser, _registry("阚守义"))).headers["location"]
        with monkeypatch.context() as broken:
            broken.setattr(imports, "STATEMENT_TIMEOUT", "no SQL")
            await _work_off(committed_database, clock)
        stuck = (await browser.get(location)).text
        assert "接着做" in stuck
        assert "data-poll" not in stuck
        await _press(browser, location, "retry")
        assert "data-poll" in (await browser.get(location)).text
        await _work_off(committed_database, clock)
        assert "待导入" in (await browser.get(location)).text


async def test_an_import_that_was_cut_off_is_taken_up_again_unless_someone_is_at_it(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    async with _own_app(committed_database, clock) as app:
        browser = await _administrator(app, sealer, clock)
        location = (await _upload(browser, _registry("阚守义"))).headers["location"]
        await rows("UPDATE import_batch SET status = 'applying'")
        other_process = await asyncpg.connect(**credentials(committed_database.settings.database_url))
        batch_id = int(location.rsplit("/", 1)[1])
        await other_process.execute("SELECT pg_advisory_lock($1::int, $2::int)", LOCK_CLASS, batch_id)
        assert "data-poll" in (await browser.get(location)).text
        await _press(browser, location, "retry")
        await _press(browser, location, "apply")
        assert not await rows("SELECT 1 FROM household")
        await other_process.close()
        assert "接着做" in (await browser.get(location)).text
        assert (await _press(browser, location, "retry")).status_code == 303
        assert "导入完成" in (await browser.get(location)).text
        assert len(await rows("SELECT 1 FROM household")) == 1
