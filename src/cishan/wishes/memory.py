"""Keeps what a page shows, not the page, for under a second: signed-in readers share it in a rush."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

LIFETIME_SECONDS = 0.9
MOST_KEPT = 500

Value = TypeVar("Value")


class BriefMemory(Generic[Value]):
    """What was read for a key, for LIFETIME_SECONDS after the reading began; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()
        self._being_read: dict[Hashable, asyncio.Event] = {}

    async def get(self, key: Hashable, read: Callable[[], Awaitable[Value]]) -> Value:
        """The value kept for this key if it is young enough, else what `read` gives now."""
        if key in self._being_read:
            # In a rush one reader asks the database; the others need not all ask it for the same.
            await self._being_read[key].wait()
        began = self.clock()
        kept = self._kept.get(key)
        if kept is not None and began - kept[0] <= LIFETIME_SECONDS:
            return kept[1]
        done = self._being_read[key] = asyncio.Event()
        try:
            value = await read()
        finally:
            done.set()
            if self._being_read.get(key) is done:
                del self._being_read[key]
        self._keep(key, began, value)
        return value

    def _keep(self, key: Hashable, began: float, value: Value) -> None:
        self._kept[key] = (began, value)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
