"""The benchmarks: their arithmetic is right, and each still runs. No figure is asserted here; `make bench` judges them."""

import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from bench.command import BENCHMARKS
from bench.explain import reads_whole_table
from bench.harness import Aim, Benchmark, Rounds, interleave, judge
from bench.load import LoadFailed, Tally, get_request, rate_of
from bench.pages import LOADED, NEEDS_SCRIPT
from bench.peer_script import script_of
from bench.scale import FULL, TINY
from bench.world import WORKERS, World, open_world, processes_of
from click.testing import CliRunner

from cishan.cli import main


def benchmark(kind: Aim, aim: float) -> Benchmark:
    async def run(world: World) -> Rounds:
        return Rounds([])

    return Benchmark("x", "what", "whom", kind, aim, "pages/s", run)


async def test_subject_and_peer_take_turns_after_a_round_of_each_to_warm_up() -> None:
    turns, numbers = [], itertools.count()

    async def measure(name: str) -> float:
        turns.append(name)
        return next(numbers)

    rounds = await interleave(lambda: measure("a"), lambda: measure("b"), rounds=3)
    assert "".join(turns) == "ab" + "ababab"
    assert (rounds.subject, rounds.peer) == ([2, 4, 6], [3, 5, 7])


@pytest.mark.parametrize(("slowest", "met"), [(49.9, False), (50.0, True), (50.1, True)])
def test_the_ratio_is_that_of_the_medians(slowest: float, met: bool) -> None:
    result = judge(benchmark(Aim.PEER, 0.5), Rounds([1.0, slowest, 900.0], [100.0, 1.0, 900.0]))
    assert (result["median"], result["peer_median"], result["met"]) == (slowest, 100.0, met)
    assert result["ratio"] == pytest.approx(slowest / 100, abs=0.001)


@pytest.mark.parametrize(("worst", "met"), [(1.999, True), (2.0, True), (2.001, False)])
def test_a_limit_is_kept_by_the_worst_round(worst: float, met: bool) -> None:
    result = judge(benchmark(Aim.LIMIT, 2.0), Rounds([1.0, worst, 1.0]))
    assert (result["worst"], result["median"], result["met"]) == (worst, 1.0, met)


def test_a_peer_that_was_not_measured_is_an_error() -> None:
    with pytest.raises(ValueError):
        judge(benchmark(Aim.PEER, 0.5), Rounds([1.0]))


def test_an_unexpected_answer_spoils_the_round() -> None:
    assert Tally(Counter({200: 30}), seconds=2.0).rate(200) == 15.0
    with pytest.raises(LoadFailed):
        Tally(Counter({200: 30, 409: 1}), seconds=2.0).rate(200)
    assert rate_of("Requests/sec:   1234.50\n") == 1234.5
    with pytest.raises(LoadFailed):
        rate_of("Requests/sec:   1234.50\n  Non-2xx or 3xx responses: 3\n")


def test_a_logged_claim_becomes_a_script_with_numbers_of_its_own() -> None:
    statements = [
        ("BEGIN", ""),
        ("INSERT INTO claim (wish_id, note) VALUES ($1,$2) RETURNING id", "Parameters: $1 = '70', $2 = 'it''s 70'"),
        ("UPDATE claim SET a = $2, b = $3::text WHERE id = $1", "Parameters: $1 = '9', $2 = NULL, $3 = '70'"),
    ]
    script = script_of(statements, {"70": ":wish", "9": ":claim_id"})
    assert script.splitlines() == [
        "BEGIN;",
        "INSERT INTO claim (wish_id, note) VALUES (:wish,('it''s ' || (:wish)::text || '')) RETURNING id",
        "\\gset claim_",
        "UPDATE claim SET a = NULL, b = :wish::text WHERE id = :claim_id;",
    ]
    with pytest.raises(ValueError):
        script_of([("SELECT $1", "Parameters: $1 = 'a:b'")], {})


@pytest.mark.parametrize(
    ("plan", "whole"),
    [
        ({"Node Type": "Seq Scan", "Relation Name": "wish"}, True),
        ({"Node Type": "Seq Scan", "Relation Name": "picture"}, False),
        ({"Node Type": "Limit", "Plans": [{"Node Type": "Seq Scan", "Relation Name": "wish"}]}, True),
        ({"Node Type": "Index Scan", "Relation Name": "wish", "Plans": []}, False),
    ],
)
def test_a_scan_of_all_wishes_is_found_wherever_it_stands(plan: dict[str, object], whole: bool) -> None:
    assert reads_whole_table(plan) is whole


def test_what_a_page_loads_and_script_inside_it_are_seen() -> None:
    page = '<link rel="stylesheet" href="/a.css"><script type="module" src="/b.js"></script><img src="/c.jpg">'
    assert LOADED.findall(page) == [("/a.css", ""), ("", "/b.js")]
    assert not NEEDS_SCRIPT.search(page)
    for needy in ("<script>x</script>", '<a href="javascript:x">', '<p onclick="x">', "<noscript>"):
        assert NEEDS_SCRIPT.search(page + needy)


def test_requests_carry_the_cookie() -> None:
    assert b"\r\nCookie: a=b\r\n\r\n" in get_request("/x", "a=b")
    assert b"Cookie" not in get_request("/x")


def test_the_claims_of_all_rounds_are_fewer_than_the_published_wishes() -> None:
    for scale in (FULL, TINY):
        assert (scale.rounds + 1) * (scale.claims + scale.peer_claims) + 100 < scale.wishes // 10


def test_the_command_lists_what_there_is_and_refuses_what_there_is_not() -> None:
    listed = CliRunner().invoke(main, ["bench", "--list", "--json"])
    assert [one["name"] for one in json.loads(listed.stdout)] == [one.name for one in BENCHMARKS]
    assert CliRunner().invoke(main, ["bench", "no-such-thing"]).exit_code == 2


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    async with open_world(TINY) as running:
        yield running


@pytest.mark.parametrize("each", BENCHMARKS, ids=[one.name for one in BENCHMARKS])
async def test_each_benchmark_runs(each: Benchmark, world: World) -> None:
    result = judge(each, await each.run(world))
    assert json.dumps(result)
    assert len(processes_of(world.child)) >= WORKERS
