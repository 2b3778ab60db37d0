"""Claims over HTTP against pgbench, which drives the statements of one claim as the server logged them."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.city import DONOR_BASE, EVERY, WISH_BASE, token_of, wish_number
from bench.harness import Aim, Benchmark, Rounds, interleave
from bench.load import drive, post_request
from bench.peer_script import log_statements, pgbench, script_of, statements_since
from bench.world import World
from cishan.accounts.sessions import token_hash
from cishan.web import SESSION_COOKIE

RECORDED = 5
WARMING = 24
FIRST = f"""\\set k :k + 1
\\set n :first + :client_id * :share + :k
\\set wish {WISH_BASE} + {EVERY} * (:n + 1)
\\set donor {DONOR_BASE} + :n
"""


@dataclass(frozen=True)
class Recorded:
    """One claim: the place of its wish, and what the server logged for it, in order: SQL and parameters."""

    place: int
    statements: tuple[tuple[str, str], ...]


async def over_http(world: World) -> Rounds:
    await make_all_payable(world)
    recorded = await record_claim(world)
    script = FIRST + script_of(recorded.statements, await identities(world, recorded.place))
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        rounds = await interleave(
            lambda: claim_rate(world, world.scale.claims),
            lambda: pgbench_rate(world, Path(file.name), world.scale.peer_claims),
            rounds=world.scale.rounds,
        )
    rounds.notes |= {"clients": world.scale.connections, "statements_of_a_claim": len(recorded.statements)}
    return rounds


async def make_all_payable(world: World) -> None:
    """Every published wish becomes a thing with a price, so that each claim runs the same statements, the order's too."""
    async with world.connection() as connection:
        await connection.execute(
            "UPDATE wish SET kind = 'thing', price_fen = 30000, hours = 0 WHERE status = 'published'"
        )
        await connection.execute("VACUUM ANALYZE wish")


async def claim_rate(world: World, count: int) -> float:
    """Claims a second, by so many donors with a session and a wish each; every answer must be a 303."""
    places = world.take_wishes(count)
    tally = await drive(world.port, (claim_request(place) for place in places), connections=world.scale.connections)
    await check_claimed(world, places)
    return tally.rate(303)


def claim_request(place: int) -> bytes:
    cookie = f"{SESSION_COOKIE}={token_of(DONOR_BASE + place)}"
    return post_request(f"/wishes/{wish_number(place)}/claim", f"form_key={form_key_of(place)}&way=pay", cookie)


def form_key_of(place: int) -> str:
    return f"bench-form-{DONOR_BASE + place}"


async def check_claimed(world: World, places: Sequence[int]) -> None:
    """An answer is not yet a claim: each must stand in the table, with its order."""
    async with world.connection() as connection:
        found = await connection.fetchval(
            "SELECT count(*) FROM claim c JOIN order_line l ON l.owner_kind = 'claim' AND l.owner_id = c.id "
            "WHERE c.wish_id = ANY($1::bigint[])",
            [wish_number(place) for place in places],
        )
    if found != len(places):
        raise ValueError(f"{len(places)} claims were made, {found} are in the table")


async def record_claim(world: World) -> Recorded:
    """The shortest of some claims made one by one on warm caches: it holds none of the reads made now and then."""
    await claim_rate(world, WARMING)
    async with world.connection() as connection:
        await log_statements(connection, "all")
        try:
            recorded = [await _record_one(world) for _ in range(RECORDED)]
        finally:
            await log_statements(connection, "none")
    return min(recorded, key=lambda one: len(one.statements))


async def _record_one(world: World) -> Recorded:
    offset, place = world.log_size(), world.used_wishes
    await claim_rate(world, 1)
    return Recorded(place, tuple(await statements_since(world, offset)))


async def identities(world: World, place: int) -> dict[str, str]:
    """The values of a recorded claim that differ from claim to claim, and how pgbench makes its own of each."""
    wish, donor = wish_number(place), DONOR_BASE + place
    async with world.connection() as connection:
        claim = await connection.fetchval("SELECT id FROM claim WHERE wish_id = $1", wish)
        order, number = await connection.fetchrow(
            "SELECT o.id, o.out_trade_no FROM payment_order o JOIN order_line l ON l.order_id = o.id "
            "WHERE l.owner_kind = 'claim' AND l.owner_id = $1",
            claim,
        )
        form = await connection.fetchval("SELECT id FROM form_answer WHERE form_key = $1", form_key_of(place))
    return {
        str(wish): ":wish",
        str(donor): ":donor",
        str(claim): ":claim_id",
        str(order): ":payment_order_id",
        str(form): ":form_answer_id",
        number: "('bench-order-' || :donor::text)",
        form_key_of(place): "('bench-form-' || :donor::text)",
        token_hash(token_of(donor)): "encode(sha256(convert_to('bench-' || :donor::text, 'UTF8')), 'hex')",
    }


async def pgbench_rate(world: World, script: Path, count: int) -> float:
    """Claims a second by pgbench with as many clients."""
    share = count // world.scale.connections
    places = world.take_wishes(share * world.scale.connections)
    variables = {"first": places.start - 1, "share": share, "k": 0}
    rate = await pgbench(world, script, transactions=share, variables=variables)
    await check_claimed(world, places)
    return rate


BENCHMARKS = (
    Benchmark(
        name="claims",
        measures="claims by payment over HTTP, each by another donor on another wish, two workers",
        against="pgbench driving the statements of a claim as the server logged them, with as many clients",
        kind=Aim.PEER,
        aim=0.05,
        unit="claims/s",
        run=over_http,
    ),
)
