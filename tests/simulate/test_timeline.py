"""Stories wake in the order of their instants, and whatever falls due in between is tended to first."""

from datetime import UTC, datetime, timedelta

import pytest

from cishan.clock import SteppedClock
from cishan.simulate.timeline import Timeline

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def run(timeline: Timeline) -> list[datetime | None]:
    tended: list[datetime | None] = []

    async def tend(by: datetime | None) -> None:
        tended.append(by)

    await timeline.run(tend)
    return tended


async def test_stories_wake_in_the_order_of_their_instants() -> None:
    timeline, told = Timeline(SteppedClock(BEGAN)), []

    async def story(name: str, *hours: int) -> None:
        for hour in hours:
            await timeline.until(BEGAN + hour * HOUR)
            told.append((name, hour))

    await timeline.begin(story("a", 1, 4))
    await timeline.begin(story("b", 2, 3))
    tended = await run(timeline)
    assert told == [("a", 1), ("b", 2), ("b", 3), ("a", 4)]
    assert tended == [*(BEGAN + hour * HOUR for hour in (1, 2, 3, 4)), None]
    assert timeline.clock.now() == BEGAN + 4 * HOUR


async def test_two_who_wait_for_the_same_instant_wake_in_the_order_they_came() -> None:
    timeline, told = Timeline(SteppedClock(BEGAN)), []

    async def story(name: str) -> None:
        await timeline.until(BEGAN + HOUR)
        told.append(name)

    for name in "cab":
        await timeline.begin(story(name))
    await run(timeline)
    assert told == ["c", "a", "b"]


async def test_an_instant_that_is_over_is_now() -> None:
    timeline = Timeline(SteppedClock(BEGAN))

    async def story() -> None:
        await timeline.until(BEGAN - HOUR)

    await timeline.begin(story())
    await run(timeline)
    assert timeline.clock.now() == BEGAN


async def test_a_story_that_fails_ends_the_run_and_all_others() -> None:
    timeline, told = Timeline(SteppedClock(BEGAN)), []

    async def failing() -> None:
        await timeline.until(BEGAN + HOUR)
        raise RuntimeError("no donor came")

    async def waiting() -> None:
        await timeline.until(BEGAN + 2 * HOUR)
        told.append("woke")

    await timeline.begin(failing())
    await timeline.begin(waiting())
    with pytest.raises(RuntimeError, match="no donor came"):
        await run(timeline)
    assert told == []
