"""Keeps what a page shows, not the page, for under a second: signed-in readers share it in a rush."""

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

    async def get(self, key: Hashable, read: Callable[[], Awaitable[Value]]) -> Value:
        """The value kept for this key if it is young enough, else what `read` gives now."""
        began = self.clock()
        kept = self._kept.get(key)
        if kept is not None and began - kept[0] <= LIFETIME_SECONDS:
            return kept[1]
        value = await read()
        self._kept[key] = (began, value)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return value
