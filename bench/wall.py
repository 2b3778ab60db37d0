"""The wall under load, against what Starlette alone would do with the same bytes or the same template."""

import asyncio
import time
from collections.abc import Sequence

from bench.city import DONOR_BASE, token_of, wish_number
from bench.harness import Aim, Benchmark, Rounds, interleave
from bench.load import HOST, get_rate, get_request
from bench.peers import BODY, PATH, TOKEN
from bench.world import World
from cishan.web import SESSION_COOKIE

DONORS = 50
CHANGES_EACH_ROUND = 1
WATCH_SECONDS = 1.6
READERS = 2


def donor_cookies(count: int) -> list[str]:
    return [f"{SESSION_COOKIE}={token_of(DONOR_BASE + number)}" for number in range(count)]


async def anonymous(world: World) -> Rounds:
    body = await fetch(world.port, PATH)
    file = world.directory / "wall.html"
    file.write_bytes(body)
    with world.peer("bytes", {BODY: str(file)}) as peer_port:
        rounds = await _against(world, peer_port, ())
    rounds.notes["page_bytes"] = len(body)
    return rounds


async def signed_in(world: World) -> Rounds:
    with world.peer("template", {TOKEN: token_of(DONOR_BASE)}) as peer_port:
        return await _against(world, peer_port, donor_cookies(DONORS))


async def _against(world: World, peer_port: int, cookies: Sequence[str]) -> Rounds:
    scale = world.scale

    async def rate(port: int) -> float:
        return await get_rate(port, PATH, seconds=scale.seconds, connections=scale.connections, cookies=cookies)

    return await interleave(lambda: rate(world.port), lambda: rate(peer_port), rounds=scale.rounds)


async def staleness(world: World) -> Rounds:
    """After each change both workers are read without pause; counted is the last page that did not know of it."""
    readers = ["", *donor_cookies(1)]
    rounds = Rounds([])
    async with asyncio.TaskGroup() as load:
        busy = [load.create_task(_keep_busy(world)) for _ in range(READERS)]
        for _ in range(world.scale.rounds):
            changed = await _take_one_off(world)
            late = await asyncio.gather(
                *(_last_stale(world, cookie, *changed) for cookie in readers for _ in range(READERS))
            )
            rounds.subject.append(max(late))
        for task in busy:
            task.cancel()
    return rounds


async def _take_one_off(world: World) -> tuple[float, bytes]:
    """Commits a claim behind the product's back; returns when, and the count that is true from then on."""
    number = world.take_wishes(1)[0]
    async with world.connection() as connection:
        await connection.execute("UPDATE wish SET status = 'claimed' WHERE id = $1", wish_number(number))
        committed = time.perf_counter()
        left = await connection.fetchval("SELECT count(*) FROM wish WHERE status = 'published'")
    return committed, f">{left:,}<".encode()


async def _last_stale(world: World, cookie: str, committed: float, true_count: bytes) -> float:
    """Seconds after the change at which the last page without it had come."""
    last = 0.0
    while time.perf_counter() < committed + WATCH_SECONDS:
        if true_count not in await fetch(world.port, PATH, cookie):
            last = time.perf_counter() - committed
    return last


async def _keep_busy(world: World) -> None:
    while True:
        await fetch(world.port, PATH)


async def fetch(port: int, path: str, cookie: str = "") -> bytes:
    """One page over a connection of its own, so that every worker has its turn."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(get_request(path, cookie).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    finally:
        writer.close()
    if b" 200 " not in head[:16]:
        raise ValueError(f"{path}: {head[:200]!r}")
    return body


BENCHMARKS = (
    Benchmark(
        name="wall-anonymous",
        measures="the wall for readers without a cookie, two workers",
        against="a bare Starlette response of the same bytes, two workers",
        kind=Aim.PEER,
        aim=0.5,
        unit="pages/s",
        run=anonymous,
    ),
    Benchmark(
        name="wall-signed-in",
        measures="the wall for signed-in donors, two workers",
        against="the same template rendered by bare Starlette from data in memory, two workers",
        kind=Aim.PEER,
        aim=0.5,
        unit="pages/s",
        run=signed_in,
    ),
    Benchmark(
        name="wall-staleness",
        measures="how long after a claim a wall without it is still given out, anonymous and signed in, under load",
        against="the second that docs/decisions/0008 promises",
        kind=Aim.LIMIT,
        aim=1.0,
        unit="s",
        run=staleness,
    ),
)
