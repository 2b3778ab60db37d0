"""Every filter the wall offers, explained by the planner as it is set up by default, on skewed and analysed data."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import asyncpg

from bench.harness import Aim, Benchmark, Rounds
from bench.world import World
from cishan.households.states import Group
from cishan.wishes.queries import COUNTS
from cishan.wishes.states import WishKind
from cishan.wishes.wall import Band, Cursor, Sort, WallFilter, page_query, total_query

SEARCHES = ("", "书桌", "想要")
"""None, a rare word, and one that stands in every wish."""
NEWEST_CURSOR = Cursor(1_700_000_000_000_000, 1)
PRICE_CURSOR = Cursor(15_000, 1)
BUSIEST_AND_QUIETEST = """
(SELECT county_code FROM wish GROUP BY county_code ORDER BY count(*) DESC LIMIT 1)
UNION ALL (SELECT county_code FROM wish GROUP BY county_code ORDER BY count(*) LIMIT 1)
"""


def filters(counties: list[str]) -> Iterator[WallFilter]:
    """Every combination: kind, county (none, the busiest, the quietest), price band, group, words, order."""
    for kind, county, band, group, search, sort in product(
        (None, *WishKind), ("", *counties), (None, *Band), (None, *Group), SEARCHES, Sort
    ):
        yield WallFilter(kind=kind, county_code=county, band=band, group=group, search=search, sort=sort)


def queries_of(wanted: WallFilter) -> Iterator[tuple[str, list[object]]]:
    """What the wall asks for a filter: how many there are, the first page, a later one, and the way back."""
    cursor = NEWEST_CURSOR if wanted.sort is Sort.NEWEST else PRICE_CURSOR
    yield total_query(wanted)
    for place in (None, cursor, replace(cursor, backwards=True)):
        yield page_query(wanted, place)


async def explain_all(world: World) -> Rounds:
    """Counts plans that read the whole table of wishes."""
    whole, explained, slowest = [], 0, 0.0
    async with world.connection() as connection:
        await connection.execute("VACUUM ANALYZE wish")
        counties = [row["county_code"] for row in await connection.fetch(BUSIEST_AND_QUIETEST)]
        asked = [(query, wanted) for wanted in filters(counties) for query in queries_of(wanted)][
            :: world.scale.plan_step
        ]
        for (sql, values), wanted in [((COUNTS, []), WallFilter()), *asked]:
            plan = await _plan(connection, sql, values)
            explained += 1
            slowest = max(slowest, plan["Total Cost"])
            if reads_whole_table(plan):
                whole.append(f"{wanted}: {sql.split('WHERE', 1)[1].strip()}")
    notes = {"plans": explained, "highest_cost": slowest, "sequential": whole[:10]}
    return Rounds([float(len(whole))], notes=notes)


async def _plan(connection: asyncpg.Connection, sql: str, values: list[object]) -> dict[str, Any]:
    found = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *values)
    plan: dict[str, Any] = json.loads(found)[0]["Plan"]
    return plan


def reads_whole_table(plan: dict[str, Any]) -> bool:
    """Whether the plan or a part of it scans all wishes."""
    here = plan["Node Type"] == "Seq Scan" and plan.get("Relation Name") == "wish"
    return here or any(reads_whole_table(part) for part in plan.get("Plans", ()))


BENCHMARKS = (
    Benchmark(
        name="wall-plans",
        measures="plans of the wall's queries that scan all wishes, over every combination of filters",
        against="none: an index serves each",
        kind=Aim.LIMIT,
        aim=0,
        unit="plans",
        run=explain_all,
    ),
)
