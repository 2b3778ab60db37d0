"""Keeps a web process on the database's time: all nodes agree on deadlines, whatever their machines' clocks say."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from cishan.clock import Clock, DatabaseClock
from cishan.database import database_now

EVERY_SECONDS = 30.0

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def following_the_database(clock: Clock, *, every_seconds: float = EVERY_SECONDS) -> AsyncIterator[None]:
    """Asks the database for the time again and again while inside; a clock that is not the database's is left alone."""
    if not isinstance(clock, DatabaseClock):
        yield
        return
    task = asyncio.create_task(_follow(clock, every_seconds))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _follow(clock: DatabaseClock, every_seconds: float) -> None:
    while True:
        await asyncio.sleep(every_seconds)
        try:
            clock.follow(await database_now())
        except Exception:
            # Between two answers the clock counts by itself; readiness tells that the database is away.
            log.warning("the database could not be asked for the time")
