"""A small year from end to end, as `cishan simulate` runs it: one run for all tests of this file."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cishan.postgres import Cluster
from cishan.simulate.database import NAME_PREFIX

PERSONS, HOUSEHOLDS, WISHES = 103, 60, 60
PROJECTS, HOMES_OF_PROJECT = 2, 5
DEZHOU_FEN = 834_000_000
"""What 27 projects of the city were given and spent in the year that the simulation is modelled on."""

HAPPENED = (
    "wishes_fulfilled",
    "refunds",
    "receipts",
    "receipts_reversed",
    "wishes_returned",
    "wishes_lapsed",
    "wishes_withdrawn",
    "wishes_sent_back",
    "wishes_reworded",
    "wishes_taken_off",
    "claims_lapsed",
    "claims_cancelled",
    "claims_handed_back",
    "claims_ended",
    "claims_questioned",
    "claims_late",
    "buyers_replaced",
    "orders_paid",
    "orders_closed",
    "payments_late",
    "payments_duplicate",
    "payments_found_by_poll",
    "payments_told_by_notice",
    "payments_told_by_return",
    "notices_rejected",
    "notices_denied",
    "purchases_under_price",
    "purchases_over_price",
    "purchases_refused",
    "handed_over_by_code",
    "handed_over_by_slip",
    "brought",
    "hours_given",
    "thanks_passed_on",
    "imports_applied",
    "donations",
    "donations_returned",
    "monthly_gifts",
    "large_gifts",
    "gifts_of_namesakes",
    "payouts",
    "payouts_with_kin",
    "payouts_to_places",
    "payouts_by_alipay",
    "proofs",
    "projects",
    "surplus_moves",
    "people_helped",
    "months_closed",
    "reports_published",
)
"""What every year must contain, by the counts of what the database holds at its end."""


@dataclass(frozen=True)
class Run:
    """A finished run; `directory` was its TMPDIR."""

    code: int
    found: dict[str, Any]
    said: str
    directory: Path

    @property
    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self.found["counts"]
        return counts

    @property
    def money(self) -> dict[str, int]:
        money: dict[str, int] = self.found["money"]
        return money


async def simulate(directory: Path, *options: str, **environment: str) -> Run:
    settings = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cishan", "simulate", "--json", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**settings, "CISHAN_ENVIRONMENT": "test", "TMPDIR": str(directory), **environment},
    )
    output, said = await process.communicate()
    found = json.loads(output) if output else {}
    return Run(process.returncode or 0, found, said.decode(), directory)


@pytest.fixture(scope="module")
async def year(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return await simulate(tmp_path_factory.mktemp("year"))


async def test_the_year_ends_with_every_promise_kept(year: Run) -> None:
    assert (year.code, year.found.get("ok")) == (0, True), year.said
    assert [check["name"] for check in year.found["checks"] if not check["ok"] or not check["examined"]] == []


async def test_the_registry_has_the_size_it_was_asked_for(year: Run) -> None:
    assert (year.counts["persons"], year.counts["households"]) == (PERSONS, HOUSEHOLDS)
    assert year.counts["lists"] == HOUSEHOLDS
    assert year.counts["benefit_records"] > PERSONS * 11


@pytest.mark.parametrize("name", HAPPENED)
async def test_every_kind_of_event_has_happened(year: Run, name: str) -> None:
    assert year.counts[name] > 0


async def test_every_wish_has_come_to_an_end(year: Run) -> None:
    ends = ("wishes_fulfilled", "wishes_returned", "wishes_lapsed", "wishes_withdrawn")
    assert year.counts["wishes_collected"] == WISHES == sum(year.counts[name] for name in ends)
    assert (year.counts["wishes_open"], year.counts["orders_pending"]) == (0, 0)
    assert year.counts["fulfilled_without_list"] == 0


async def test_the_year_is_told_by_four_figures_on_top(year: Run) -> None:
    assert (year.found["projects"], year.found["people_helped"]) == (2, year.counts["people_helped"])
    assert year.found["people_helped"] > year.counts["payouts"]
    assert year.money["received_fen"] > year.found["donated_fen"] > year.found["spent_fen"] > 0


async def test_every_report_was_published_in_time(year: Run) -> None:
    assert year.counts["reports_late"] == 0


async def test_every_project_is_spent_told_about_and_settled(year: Run) -> None:
    assert year.counts["projects_settled"] == year.counts["projects"] == PROJECTS
    assert year.counts["payouts"] >= PROJECTS * HOMES_OF_PROJECT


async def test_received_money_is_spent_or_still_there(year: Run) -> None:
    money = year.money
    kept = money["received_fen"] - money["refunded_fen"]
    assert kept == money["spent_fen"] + money["left_in_fund_fen"] + money["held_by_towns_fen"]
    assert (money["held_by_towns_fen"], money["unassigned_fen"]) == (0, 0)
    assert money["refunded_fen"] > 0
    given = money["spent_fen"] + money["brought_fen"] + money["benefits_fen"]
    assert 0 < money["on_lists_fen"] <= given


async def test_it_says_where_it_is_and_what_it_cost(year: Run) -> None:
    assert "12 月底" in year.said
    assert {"set_up", "registry", "benefits", "year", "lists", "verify"} <= year.found["seconds"].keys()
    assert year.found["peak_bytes"] > 0


async def test_it_leaves_no_file_and_no_process(year: Run) -> None:
    assert list(year.directory.iterdir()) == []
    assert processes_of(year.directory) == []


async def test_it_refuses_to_run_in_production(tmp_path: Path) -> None:
    run = await simulate(tmp_path, CISHAN_ENVIRONMENT="production")
    assert run.code == 3
    assert "正式环境" in run.said
    assert os.listdir(tmp_path) == []


async def test_it_keeps_no_server_of_its_own(tmp_path: Path) -> None:
    run = await simulate(tmp_path, "--keep")
    assert run.code == 2
    assert "DATABASE_URL" in run.said


@pytest.mark.slow
async def test_the_same_seed_gives_the_same_counts_and_money_on_any_server(
    year: Run, tmp_path: Path, cluster: Cluster
) -> None:
    again = await simulate(tmp_path, DATABASE_URL=cluster.url("postgres"))
    assert (again.counts, again.money) == (year.counts, year.money)
    assert [name for name in cluster.databases() if name.startswith(NAME_PREFIX)] == []


@pytest.mark.slow
async def test_another_seed_gives_another_year(year: Run, tmp_path: Path) -> None:
    other = await simulate(tmp_path, "--seed", "2")
    assert other.found["ok"]
    assert other.money != year.money


@pytest.mark.slow
async def test_a_city_comes_to_the_figures_it_is_modelled_on(tmp_path: Path) -> None:
    city = await simulate(tmp_path, "--scale", "city")
    assert (city.code, city.found.get("ok")) == (0, True), city.said
    assert (city.counts["persons"], city.counts["wishes_collected"]) == (102_537, 1_377)
    assert abs(city.counts["households"] - 60_000) <= 600
    assert city.counts["lists"] == city.counts["households"]
    assert abs(city.counts["wishes_fulfilled"] - 1_257) <= 14
    assert (city.counts["projects"], city.counts["projects_settled"]) == (27, 27)
    assert city.counts["people_helped"] > 10_000
    assert (city.counts["reports_late"], city.counts["donations_returned"] > 0) == (0, True)
    for name in ("donated_fen", "spent_fen"):
        assert abs(city.money[name] - DEZHOU_FEN) <= DEZHOU_FEN // 50
    assert city.found["peak_bytes"] < 4 * 2**30


def processes_of(directory: Path) -> list[str]:
    """Command lines, working directories and environments of running processes that name this directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(directory).encode() in told:
            found.append(entry.name)
    return found
