"""Wishes past their day: who must act is told once, and a wish nobody took leaves the wall."""

from datetime import timedelta

import pytest

import makers
from cishan.accounts.states import Role
from cishan.claims.fulfilment_rules import days_late
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.supervision.deadlines import lapse_late_wishes, remind_of_late_wishes
from cishan.supervision.queries import overdue_for, overdue_units
from cishan.wishes.states import WishStatus

SECOND = timedelta(seconds=1)
REVIEW = timedelta(days=7)
WALL = timedelta(days=60)


async def told(key: str) -> set[int]:
    return {
        row["account_id"] for row in await rows("SELECT account_id FROM outbox_message WHERE key LIKE $1", f"{key}%")
    }


@pytest.mark.parametrize(("offset", "count"), [(-SECOND, 0), (timedelta(0), 1), (SECOND, 1)])
async def test_the_reviewer_is_told_once_when_a_wish_is_late(
    transaction: Settings, sealer: Sealer, clock: SteppedClock, offset: timedelta, count: int
) -> None:
    await makers.make_campaign(now=clock.now())
    people = await makers.make_wish_people(sealer=sealer, now=clock.now())
    await makers.make_wish(WishStatus.FILED, sealer=sealer, now=clock.now(), people=people)
    now = clock.now() + REVIEW + offset

    first = await remind_of_late_wishes(limit=10, sealer=sealer, now=now)
    again = await remind_of_late_wishes(limit=10, sealer=sealer, now=now)

    assert (first, again) == (count, 0)
    assert await told("wish-late:") == ({people.reviewer.account_id} if count else set())


async def test_the_editor_is_told_of_a_text_that_waits(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    people = await makers.make_wish_people(sealer=sealer, now=clock.now())
    await makers.make_wish(WishStatus.WORDED, sealer=sealer, now=clock.now(), people=people)
    await remind_of_late_wishes(limit=10, sealer=sealer, now=clock.now() + REVIEW)
    assert await told("wish-late:") == {people.editor.account_id}


@pytest.mark.parametrize(("offset", "count"), [(-SECOND, 0), (timedelta(0), 1), (SECOND, 1)])
async def test_a_wish_nobody_took_leaves_the_wall_on_its_day(
    transaction: Settings, sealer: Sealer, clock: SteppedClock, offset: timedelta, count: int
) -> None:
    people = await makers.make_wish_people(sealer=sealer, now=clock.now())
    wish = await makers.make_wish(sealer=sealer, now=clock.now(), people=people)

    assert await lapse_late_wishes(limit=10, sealer=sealer, now=clock.now() + WALL + offset) == count

    status = (await rows("SELECT status FROM wish WHERE id = $1", wish.id))[0]["status"]
    assert status == ("lapsed" if count else "published")
    assert await told(f"wish-lapsed:{wish.id}") == ({people.coordinator.account_id} if count else set())


async def test_a_claimed_wish_never_lapses(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> None:
    await makers.make_wish(WishStatus.CLAIMED, sealer=sealer, now=clock.now())
    assert await lapse_late_wishes(limit=10, sealer=sealer, now=clock.now() + 3 * WALL) == 0


async def test_each_place_sees_what_is_late_in_it(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> None:
    await makers.make_wish(WishStatus.FILED, sealer=sealer, now=clock.now())
    await makers.make_wish(WishStatus.FILED, sealer=sealer, now=clock.now(), village=makers.OTHER_VILLAGE)
    now = clock.now() + REVIEW
    seen = {}
    for place in (makers.CITY, makers.COUNTY, makers.TOWN, "371403000000"):
        viewer = await makers.make_staff(Role.SUPERVISOR, place, sealer=sealer, now=clock.now())
        units = await overdue_units(viewer, now=now)
        assert sum(unit.late for unit in units) == len(await overdue_for(viewer, now=now))
        seen[place] = [unit.late for unit in units]
    assert seen == {makers.CITY: [2], makers.COUNTY: [1, 1], makers.TOWN: [1], "371403000000": []}


@pytest.mark.parametrize(
    ("late", "days"), [(timedelta(0), 1), (timedelta(days=1), 1), (timedelta(days=1, seconds=1), 2), (SECOND, 1)]
)
def test_a_part_of_a_day_counts_as_one(clock: SteppedClock, late: timedelta, days: int) -> None:
    assert days_late(clock.now(), clock.now() + late) == days
