"""The demo: a city made through the rooms' own actions, whole or not at all, and programs that all stop together."""

import random
import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.app import line_owners, make_services
from cishan.claims.staff_queries import handover_pictures_to_judge, purchases_to_approve, thanks_to_pass_on
from cishan.claims.states import OVER, ClaimStatus
from cishan.cli import read_environment_file
from cishan.clock import SteppedClock, beijing_day
from cishan.commands.outcome import Missing
from cishan.database import rows
from cishan.demo.city import city_opens, city_stands, load_city
from cishan.demo.grounds import prepared_grounds
from cishan.demo.people import VILLAGES, families
from cishan.demo.staff import staff_samples
from cishan.demo.texts import SAMPLES, Sample
from cishan.pictures.actions import ENCODER
from cishan.sealing import create_keys, load_sealer
from cishan.services import Services
from cishan.settings import Environment, Settings
from cishan.summaries.queries import doubts_in_scope
from cishan.supervision.concerns import closed_reports, open_reports
from cishan.supervision.queries import overdue_for
from cishan.verify.checks import run_checks
from cishan.verify.promises import CHECKS
from cishan.wishes.identifying import Known, find_identifying
from cishan.wishes.states import WishStatus
from command_line import clean_environment, run_cishan
from conftest import START, Committed

PASSED_BY = {ClaimStatus.RESERVED}
"""The demo leaves it to its visitors to stand before a cashier."""


class Cut(Exception):
    """Stands for a kill in the middle of loading."""


async def test_a_city_is_whole_or_not_there_and_keeps_every_promise(
    committed_database: Committed, clock: SteppedClock, tmp_path: Path
) -> None:
    services = await make_services(committed_database.settings, clock=clock)

    def cut_at_the_wishes(what: str) -> None:
        if what.startswith("微心愿"):
            raise Cut

    try:
        with pytest.raises(Cut):
            await load_city(services, line_owners(services), report=cut_at_the_wishes)
        assert not await city_stands()
        assert (await rows("SELECT count(*) AS n FROM household"))[0]["n"] == 0

        await load_city(services, line_owners(services), report=lambda what: None)
    finally:
        await ENCODER.close()
    assert await city_stands()
    assert await _statuses("wish") == {status.value for status in WishStatus}
    assert await _statuses("claim") == {status.value for status in ClaimStatus if status not in PASSED_BY}
    assert (await rows("SELECT count(*) AS n FROM edition"))[0]["n"] > 20
    await _every_desk_has_work(services)
    assert await city_opens(services)
    create_keys(tmp_path)
    assert not await city_opens(replace(services, sealer=load_sealer(tmp_path)))
    results = await run_checks(CHECKS, require_rows=False, now=clock.now())
    assert [result.name for result in results if not result.ok] == []


def test_the_same_seed_makes_the_same_families() -> None:
    first, second = (list(families(VILLAGES[0], 5, beijing_day(START), random.Random(1))) for _ in range(2))
    assert first == second
    assert len({member.id_number for family in first for member in family.facts.members}) > 5


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.item for sample in SAMPLES])
def test_no_public_text_of_the_demo_tells_whose_it_is(sample: Sample) -> None:
    nobody = Known(names=(), phones=(), id_numbers=(), places=(), school="")
    for text in (sample.title, sample.text, sample.thanks):
        assert find_identifying(text, nobody) == []


def test_everyone_can_sign_in_by_a_phone_of_their_own() -> None:
    phones = [sample.phone for sample in staff_samples()]
    assert len(phones) == len(set(phones))
    assert all(re.fullmatch(r"1\d{10}", phone) for phone in phones)


def test_a_production_environment_is_no_place_for_a_demo(tmp_path: Path) -> None:
    with pytest.raises(Missing), prepared_grounds(tmp_path, 0, Settings(environment=Environment.PRODUCTION)):
        pass


def test_another_command_finds_the_demo_by_the_file_it_writes(tmp_path: Path) -> None:
    given = replace(Settings(), database_url="postgresql://nowhere/nothing?host=/tmp/sockets&port=5433")
    with prepared_grounds(tmp_path, 0, given) as grounds:
        assert Settings.from_environment(read_environment_file(tmp_path / "environment")) == grounds.settings
        assert (tmp_path / "environment").stat().st_mode & 0o077 == 0


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        given = replace(Settings(), database_url="postgresql://nowhere/nothing")
        with pytest.raises(Missing, match=str(port)), prepared_grounds(tmp_path, port, given):
            pass


@pytest.mark.slow
def test_the_second_start_finds_its_city_and_nothing_outlives_a_kill(tmp_path: Path) -> None:
    with _Demo(tmp_path) as first:
        _url_of(first)
        sizes = _sizes(tmp_path)
        verified = run_cishan("--environment-file", tmp_path / "environment", "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        children = psutil.Process(first.pid).children(recursive=True)
        assert len(children) >= 4
        first.send_signal(signal.SIGINT)
        assert first.wait(60) == 0
    assert _gone(children)
    with _Demo(tmp_path) as second:
        _url_of(second)
        assert _sizes(tmp_path) == sizes
        children = psutil.Process(second.pid).children(recursive=True)
        second.kill()
        second.wait()
    assert _gone(children)


class _Demo:
    """`cishan demo` in a directory; killed at the end if it still runs."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __enter__(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cishan", "demo", "--port", "0", "--directory", str(self._directory)],
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self._process

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def _url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(r"演示已就绪：(http://127\.0\.0\.1:\d+)", line):
            return found[1]
    raise AssertionError(said)


def _sizes(directory: Path) -> set[str]:
    """The pictures that a start has made: a second city would draw more."""
    return {path.name for path in (directory / "data").rglob("*") if path.is_file() and path.suffix == ".webp"}


def _gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


async def _every_desk_has_work(services: Services) -> None:
    """Each page that waits for somebody has something on it, and the first donor has seen every end of a claim."""
    now, sealer = services.clock.now(), services.sealer
    found = await rows("SELECT account_id, role, division_code FROM role_grant ORDER BY id")
    staff = [Viewer(row["account_id"], Role(row["role"]), row["division_code"]) for row in found]
    one = {viewer.role: viewer for viewer in staff}
    reports = await open_reports(one[Role.EDITOR], sealer=sealer)
    assert {report.due_at < now for report in reports} == {True, False}
    assert any(report.can_take_off for report in reports)
    assert await closed_reports(one[Role.EDITOR], 5)
    reviewers = [viewer for viewer in staff if viewer.role is Role.TOWN_REVIEWER]
    assert all([await doubts_in_scope(viewer, closed=False) for viewer in reviewers[:2]])
    assert any([await doubts_in_scope(viewer, closed=True) for viewer in reviewers])
    assert len(await purchases_to_approve(one[Role.FINANCE])) == 2
    assert await thanks_to_pass_on(one[Role.EDITOR])
    assert await handover_pictures_to_judge(one[Role.EDITOR])
    assert len(await overdue_for(one[Role.SUPERVISOR], now=now)) > 5
    assert await rows("SELECT 1 FROM wish WHERE status = 'visited' AND returned_reason <> ''")
    donors = await rows("SELECT DISTINCT donor_id FROM claim WHERE status = ANY($1)", [status.value for status in OVER])
    assert len(donors) == 1


async def _statuses(table: str) -> set[str]:
    return {row["status"] for row in await rows(f"SELECT DISTINCT status FROM {table}")}
