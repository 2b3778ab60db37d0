"""A project with a million gifts against one with a thousand, and its statement against the bare sum of the same postings."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import asyncpg

from bench.city import CITY, DONOR_BASE, STAFF_BASE, token_of
from bench.harness import Aim, Benchmark, Rounds, interleave
from bench.load import get_rate
from bench.world import World
from cishan.database import database
from cishan.disclosures.statements import statement_for
from cishan.donations.models import TOTAL_SLOTS
from cishan.donations.roll import ROLL
from cishan.web import SESSION_COOKIE

GIFT_FEN = 1_000
USES = 100
PORTION = 100_000
READINGS = 5
"""One round of the statement is the quickest of so many."""

FUND = """
INSERT INTO fund (charity_id, kind, name, filing_number, purpose, opened_on)
SELECT min(id), 'project', $1, $1, '送去过冬的棉被', current_date FROM charity RETURNING id
"""
PROJECT = f"""
INSERT INTO project (charity_id, fund_id, kind, reach, status, status_since, name, purpose, area_code, starts_at, ends_at,
  use_ends_on, leader_id, office, ways, bank_account, bank_account_name, target_fen, cost_fen, cost_words, beneficiaries,
  beneficiaries_count, choosing, surplus_rule, surplus_words, at_target, partner_name, partner_uscc, partner_agreement_no,
  platform_url, filing_number, decision_no, filed_on, may_open_on, opened_at, created_by_id, created_at)
SELECT charity_id, id, 'ordinary', 'public', 'open', now(), name, purpose, '{CITY}', now() - interval '100 days',
  now() + interval '200 days', current_date + 300, {STAFF_BASE}, '示例路 1 号', 'online', '3705', '示例慈善总会', 1000000000, 0, '',
  '困难家庭', 500, '走访核实', 'near_purpose', '用于相近的项目', 'go_on', '', '', '', '', filing_number, '示例 1 号',
  current_date - 120, current_date - 110, now() - interval '100 days', {STAFF_BASE}, now() - interval '130 days'
  FROM fund WHERE id = $1 RETURNING id
"""
BUDGET = "INSERT INTO budget_line (project_id, position, name, amount_fen) VALUES ($1, 1, '棉被', 1000000000)"
ACCOUNTS = """
INSERT INTO ledger_account (charity_id, fund_id, type, division_code)
SELECT f.charity_id, f.id, type, '' FROM fund f, unnest(ARRAY['alipay', 'fund', 'spending']) type WHERE f.id = $1
"""
GIFTS = f"""
INSERT INTO donation (charity_id, fund_id, donor_id, status, amount_fen, left_fen, shows_name, made_at, received_at)
SELECT f.charity_id, f.id, {DONOR_BASE} + n % $4::int, 'received', {GIFT_FEN}, {GIFT_FEN}, n % 3 = 0, at.given, at.given
  FROM fund f, generate_series($2::int, $3::int) n,
       LATERAL (SELECT now() - interval '90 days' + n * interval '7 seconds' AS given) at WHERE f.id = $1
"""
ENTRIES = """
WITH entry AS (
  INSERT INTO ledger_entry (charity_id, kind, source_kind, source_id, occurred_at, booked_at)
  SELECT f.charity_id, $4::text, $5::text, f.id * 100000000 + n, at.given, at.given
    FROM fund f, generate_series($2::int, $3::int) n,
         LATERAL (SELECT now() - interval '90 days' + n * interval '7 seconds' AS given) at WHERE f.id = $1 RETURNING id)
INSERT INTO ledger_posting (entry_id, account_id, amount_fen)
SELECT entry.id, a.id, CASE a.type WHEN 'fund' THEN -$6::bigint WHEN 'spending' THEN $6 ELSE $7 END
  FROM entry, ledger_account a WHERE a.fund_id = $1 AND a.type = ANY($8::text[])
"""
TOTALS = """
INSERT INTO fund_total (fund_id, slot, given_fen, gifts)
SELECT $1, slot, count(*) * $3::bigint, count(*) FROM (SELECT n % $4::int AS slot FROM generate_series(1, $2::int) n) s GROUP BY slot
"""
BARE = """
SELECT a.type, sum(p.amount_fen)::bigint AS fen
  FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id JOIN ledger_entry e ON e.id = p.entry_id
 WHERE a.fund_id = $1 AND a.type IN ('fund', 'spending', 'fees') AND e.booked_at < now() GROUP BY a.type
"""
MIDDLE = "SELECT id FROM donation WHERE fund_id = $1 ORDER BY received_at, id OFFSET $2 LIMIT 1"


@dataclass(frozen=True)
class Filled:
    """A project with its fund; `middle` is the gift in the middle of its roll."""

    project_id: int
    fund_id: int
    middle: int


async def fill(world: World, gifts: int) -> Filled:
    """A project with so many gifts and a hundred uses; made once a world."""
    known: dict[int, Filled] = world.projects
    if gifts not in known:
        async with world.connection() as connection:
            # A sum of zero is checked row by row when a transaction ends; two million rows of ours are known to be balanced.
            await connection.execute("SET session_replication_role = replica")
            known[gifts] = await _fill(connection, gifts, donors=world.scale.donors)
    return known[gifts]


async def _fill(connection: asyncpg.Connection, gifts: int, *, donors: int) -> Filled:
    fund_id: int = await connection.fetchval(FUND, f"{gifts} 笔捐款")
    project_id: int = await connection.fetchval(PROJECT, fund_id)
    await connection.execute(BUDGET, project_id)
    await connection.execute(ACCOUNTS, fund_id)
    for first in range(1, gifts + 1, PORTION):
        last = min(first + PORTION - 1, gifts)
        await connection.execute(GIFTS, fund_id, first, last, donors)
        given = ("gift", "bench_gift", GIFT_FEN, GIFT_FEN, ["alipay", "fund"])
        await connection.execute(ENTRIES, fund_id, first, last, *given)
    used = ("purchase", "bench_use", GIFT_FEN // 2, -GIFT_FEN // 2, ["alipay", "spending"])
    await connection.execute(ENTRIES, fund_id, 1, USES, *used)
    await connection.execute(TOTALS, fund_id, gifts, GIFT_FEN, TOTAL_SLOTS)
    await connection.execute("VACUUM ANALYZE")
    return Filled(project_id, fund_id, await connection.fetchval(MIDDLE, fund_id, gifts // 2))


async def page(world: World) -> Rounds:
    """The project's page, for a reader whom no kept page may answer."""
    return await _compare(world, lambda one: f"/projects/{one.project_id}")


async def roll(world: World) -> Rounds:
    """The middle of the roll of donors, where an offset would have to count half of it."""
    rounds = await _compare(world, lambda one: f"/projects/{one.project_id}/gifts?before={one.middle}")
    large = await fill(world, world.scale.gifts)
    async with world.connection() as connection:
        plan = await connection.fetch(f"EXPLAIN {ROLL}", large.fund_id, large.middle, 51)
    rounds.notes["plan"] = [row[0].strip() for row in plan]
    return rounds


async def _compare(world: World, path_of: Callable[[Filled], str]) -> Rounds:
    scale = world.scale
    cookies = [f"{SESSION_COOKIE}={token_of(DONOR_BASE + number)}" for number in range(min(50, scale.donors))]
    large, small = await fill(world, scale.gifts), await fill(world, scale.few_gifts)

    async def rate(path: str) -> float:
        return await get_rate(world.port, path, seconds=scale.seconds, connections=scale.connections, cookies=cookies)

    rounds = await interleave(lambda: rate(path_of(large)), lambda: rate(path_of(small)), rounds=scale.rounds)
    rounds.notes |= {"gifts": scale.gifts, "few": scale.few_gifts}
    return rounds


async def statement(world: World) -> Rounds:
    """Statements a second of the large project, all its months, against the bare sum of the same postings."""
    large = await fill(world, world.scale.gifts)
    async with database(world.settings), world.connection() as connection:
        subject = partial(statement_for, large.fund_id, date(2000, 1, 1), date(2100, 1, 1))
        peer = partial(connection.fetch, BARE, large.fund_id)
        found, bare = await subject(), {row["type"]: row["fen"] for row in await peer()}
        if (found.total.received_fen, found.total.spent_fen) != (-bare["fund"], bare["spending"]):
            raise ValueError(f"the statement says {found.total}, the postings {bare}")
        rounds = await interleave(lambda: _rate(subject), lambda: _rate(peer), rounds=world.scale.rounds)
    rounds.notes |= {"postings": world.scale.gifts + USES, "months": len(found.months)}
    return rounds


async def _rate(work: Callable[[], Awaitable[object]]) -> float:
    """How often a second, by the quickest of some."""
    taken = []
    for _ in range(READINGS):
        began = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - began)
    return 1 / min(taken)


BENCHMARKS = (
    Benchmark(
        name="project-page",
        measures="the page of a project with a million gifts, signed in, two workers",
        against="the page of a project with a thousand",
        kind=Aim.PEER,
        aim=0.667,
        unit="pages/s",
        run=page,
    ),
    Benchmark(
        name="project-roll",
        measures="the middle of the donor roll of a project with a million gifts, signed in, two workers",
        against="the middle of the roll of a thousand",
        kind=Aim.PEER,
        aim=0.667,
        unit="pages/s",
        run=roll,
    ),
    Benchmark(
        name="project-statement",
        measures="a project's statement from a million postings on its fund",
        against="the bare sum of the same postings by account",
        kind=Aim.PEER,
        aim=0.333,
        unit="statements/s",
        run=statement,
    ),
)
