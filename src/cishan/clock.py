"""The only source of time: everything that must know the hour is handed a clock or a `now`."""

import logging
import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
SKEW_ALARM_SECONDS = 2.0

log = logging.getLogger(__name__)


class Clock(Protocol):
    """Tells the time, always aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock: for processes that have no database, such as the sandbox gateway."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class DatabaseClock:
    """Follows the database's clock, so that all nodes agree on deadlines.

    Between two calls of `follow` it counts with the monotonic clock, which no operator can turn back.
    """

    def __init__(self) -> None:
        self._anchor = datetime.now(UTC)
        self._anchor_monotonic = time.monotonic()
        self._followed = False

    def now(self) -> datetime:
        return self._anchor + timedelta(seconds=time.monotonic() - self._anchor_monotonic)

    def follow(self, database_now: datetime) -> float:
        """Takes the database's instant as the truth; returns the seconds it differed, and logs a skew of 2 s."""
        skew_seconds = (database_now - self.now()).total_seconds()
        if self._followed and abs(skew_seconds) >= SKEW_ALARM_SECONDS:
            log.error("clock skew of %.1f s against the database", skew_seconds)
        self._anchor, self._anchor_monotonic, self._followed = database_now, time.monotonic(), True
        return skew_seconds


class SteppedClock:
    """A clock that stands still until it is moved: for tests and for the year in a box."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware instant")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, step: timedelta) -> datetime:
        if step < timedelta(0):
            raise ValueError("a clock never goes back")
        self._now += step
        return self._now

    def move_to(self, instant: datetime) -> datetime:
        return self.advance(instant - self._now)


def beijing_day(instant: datetime) -> date:
    """The calendar day in China on which an instant falls."""
    return instant.astimezone(BEIJING).date()


def beijing_midnight(day: date) -> datetime:
    """The first instant of a day in China, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING).astimezone(UTC)
