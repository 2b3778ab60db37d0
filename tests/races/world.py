"""A committed world for races: an app on a database of its own, with several browsers at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import asyncpg
import httpx2
from starlette.applications import Starlette

import makers
from cishan.accounts.viewer import Viewer
from cishan.app import create_app
from cishan.clock import SteppedClock
from cishan.database import credentials
from cishan.sealing import Sealer
from conftest import START, Committed, browser_for
from gateway_makers import make_gateway

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    app: Starlette
    clock: SteppedClock
    sealer: Sealer
    committed: Committed

    async def donors(self, count: int) -> list[Viewer]:
        return [await makers.make_donor(sealer=self.sealer, now=self.clock.now()) for _ in range(count)]

    async def browsers(self, donors: Sequence[Viewer], stack: AsyncExitStack) -> list[httpx2.AsyncClient]:
        opened = [await stack.enter_async_context(browser_for(self.app)) for _ in donors]
        for browser, donor in zip(opened, donors, strict=True):
            await makers.signed_in(browser, donor, now=self.clock.now())
        return opened

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection that owns the schema: for switching a guard off."""
        connection = await asyncpg.connect(**credentials(self.committed.settings.database_url))
        try:
            yield connection
        finally:
            await connection.close()


@asynccontextmanager
async def make_world(committed: Committed, sealer: Sealer) -> AsyncIterator[World]:
    clock = SteppedClock(START)
    gateway = make_gateway(clock=clock)
    app = create_app(
        committed.settings, clock=clock, gateway=gateway, passwords=makers.QUICK_PASSWORDS, open_database=False
    )
    async with app.router.lifespan_context(app):
        yield World(app, clock, sealer, committed)
    await gateway.aclose()


async def all_at_once(acts: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """Runs all from one starting line."""
    line = asyncio.Event()

    async def wait_and(act: Callable[[], Awaitable[T]]) -> T:
        await line.wait()
        return await act()

    tasks = [asyncio.create_task(wait_and(act)) for act in acts]
    await asyncio.sleep(0)
    line.set()
    return list(await asyncio.gather(*tasks))
