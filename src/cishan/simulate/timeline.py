"""Simulated time: stories wait for an instant, and are woken one after the other in its order."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime

from cishan.clock import SteppedClock

Tend = Callable[[datetime | None], Awaitable[None]]
"""Does all that falls due by an instant, moving the clock there step by step; None is for ever."""


class Timeline:
    """Runs stories against a clock that only this object moves.

    A story is a coroutine that awaits `until`. Only one is awake at a time, and two that wait for the same instant wake
    in the order in which they began to wait, so a seed always gives the same order of events.
    """

    def __init__(self, clock: SteppedClock) -> None:
        self.clock = clock
        self._waiting: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._asleep = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    async def until(self, instant: datetime) -> datetime:
        """Lets a story sleep until an instant, or until all who are due now have had their turn; returns the time."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (max(instant, self.clock.now()), next(self._numbers), future)
        heapq.heappush(self._waiting, entry)
        self._asleep.set()
        await future
        return self.clock.now()

    async def begin(self, story: Coroutine[None, None, None]) -> None:
        """Starts a story and returns when it sleeps or has ended."""
        self._asleep.clear()
        task = asyncio.create_task(self._tell(story))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await self._asleep.wait()
        self._raise()

    async def run(self, tend: Tend) -> None:
        """Wakes stories until all have ended, and tends to what falls due in between and after them."""
        try:
            while self._waiting:
                await tend(self._waiting[0][0])
                instant, _, future = heapq.heappop(self._waiting)
                self.clock.move_to(max(instant, self.clock.now()))
                self._asleep.clear()
                future.set_result(None)
                await self._asleep.wait()
                self._raise()
            await tend(None)
        finally:
            await self._stop()

    async def _tell(self, story: Coroutine[None, None, None]) -> None:
        try:
            await story
        except Exception as error:
            self._failure = error
        finally:
            self._asleep.set()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    async def _stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
