"""The wall under load, against what Starlette alone would do with the same bytes or the same template."""

import asyncio
import re
import time
from collections.abc import Sequence
from itertools import zip_longest

import asyncpg

from bench.city import DONOR_BASE, token_of, wish_number
from bench.harness import Aim, Benchmark, Rounds, interleave
from bench.load import HOST, get_rate, get_request
from bench.peers import BODY, PATH, TOKEN
from bench.world import World
from cishan.web import SESSION_COOKIE

DONORS = 50
FORM_KEY = re.compile(rb'name="form_key" value="[^"]*"')
WATCH_SECONDS = 2.5
MOST_VOID = 5
READERS = 2


def donor_cookies(count: int) -> list[str]:
    return [f"{SESSION_COOKIE}={token_of(DONOR_BASE + number)}" for number in range(count)]


async def anonymous(world: World) -> Rounds:
    body = await fetch(world.port, PATH)
    file = world.directory / "wall.html"
    file.write_bytes(body)
    with world.peer("bytes", {BODY: str(file)}) as peer_port:
        check_same(body, await fetch(peer_port, PATH))
        rounds = await _against(world, peer_port, ())
    rounds.notes["page_bytes"] = len(body)
    return rounds


async def signed_in(world: World) -> Rounds:
    with world.peer("template", {TOKEN: token_of(DONOR_BASE)}) as peer_port:
        check_same(await fetch(world.port, PATH, donor_cookies(1)[0]), await fetch(peer_port, PATH))
        return await _against(world, peer_port, donor_cookies(DONORS))


def check_same(subject: bytes, peer: bytes) -> None:
    """A peer that shows less would be no peer; only the key of the form may differ."""
    ours, theirs = FORM_KEY.sub(b"", subject).splitlines(), FORM_KEY.sub(b"", peer).splitlines()
    differing = next(((one, other) for one, other in zip_longest(ours, theirs) if one != other), None)
    if differing:
        raise ValueError(f"the peer's page is another than the subject's, first in {differing}")


async def _against(world: World, peer_port: int, cookies: Sequence[str]) -> Rounds:
    scale = world.scale

    async def rate(port: int) -> float:
        return await get_rate(port, PATH, seconds=scale.seconds, connections=scale.connections, cookies=cookies)

    return await interleave(lambda: rate(world.port), lambda: rate(peer_port), rounds=scale.rounds)


async def staleness(world: World) -> Rounds:
    """After a change both workers are read without pause; counted is the last page that did not know of it.

    Each change comes at the worst moment, when a page has just been made anew; changes at even intervals would keep step
    with the cache and miss that moment. Rounds take it by turns from anonymous and signed-in pages.
    """
    kinds = ["", *donor_cookies(1)]
    rounds, seen, void = Rounds([]), list[int](), 0
    async with world.connection() as connection, asyncio.TaskGroup() as load:
        busy = [load.create_task(_keep_busy(world, cookie)) for cookie in kinds for _ in range(READERS)]
        await _one_change(world, connection, kinds, "")
        while len(rounds.subject) < world.scale.rounds:
            last, old = await _one_change(world, connection, kinds, kinds[len(rounds.subject) % len(kinds)])
            if old:
                rounds.subject.append(last)
                seen.append(old)
            elif (void := void + 1) > MOST_VOID:
                raise ValueError("changes meet no page that is kept, so nothing is measured")
        for task in busy:
            task.cancel()
    rounds.notes |= {"old_pages_seen": seen, "void_rounds": void}
    return rounds


async def _one_change(
    world: World, connection: asyncpg.Connection, kinds: Sequence[str], first: str
) -> tuple[float, int]:
    """When the last page without the change came, and how many there were; none means that nothing was measured."""
    await _until_made_anew(world, first, *await _take_one_off(world, connection))
    changed = await _take_one_off(world, connection)
    watched = await asyncio.gather(*(_watch(world, cookie, *changed) for cookie in kinds for _ in range(READERS)))
    return max(last for last, _ in watched), sum(old for _, old in watched)


async def _until_made_anew(world: World, cookie: str, committed: float, true_count: bytes) -> None:
    """Returns when the first page that knows of a change is given out: it is as young as a kept page can be."""
    while true_count not in await fetch(world.port, PATH, cookie):
        if time.perf_counter() > committed + WATCH_SECONDS * 10:
            raise ValueError("a change never came to the wall")


async def _take_one_off(world: World, connection: asyncpg.Connection) -> tuple[float, bytes]:
    """Commits a claim behind the product's back; returns when, and the count that is true from then on."""
    number = world.take_wishes(1)[0]
    await connection.execute("UPDATE wish SET status = 'claimed' WHERE id = $1", wish_number(number))
    committed = time.perf_counter()
    left = await connection.fetchval("SELECT count(*) FROM wish WHERE status = 'published'")
    return committed, f">{left:,}<".encode()


async def _watch(world: World, cookie: str, committed: float, true_count: bytes) -> tuple[float, int]:
    """Seconds after the change at which the last page without it had come, and how many such pages there were."""
    last, old = 0.0, 0
    while time.perf_counter() < committed + WATCH_SECONDS:
        if true_count not in await fetch(world.port, PATH, cookie):
            last, old = time.perf_counter() - committed, old + 1
    return last, old


async def _keep_busy(world: World, cookie: str) -> None:
    while True:
        await fetch(world.port, PATH, cookie)


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
