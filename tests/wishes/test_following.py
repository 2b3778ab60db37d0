"""A household that moves or is closed takes its open wishes along; what a donor has claimed is looked after by a deadline."""

from datetime import date

import pytest

import makers
from cishan.claims.deadlines import hurry_claims_of_closed_households
from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.households.actions import end_membership, move_household
from cishan.households.states import MembershipEnd
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.wishes.following import UNCLAIMED, follow_households
from cishan.wishes.states import WishStatus
from makers import WishPeople

NEXT_VILLAGE = "371402001002"
MEMBERS = "SELECT person_id AS id FROM membership WHERE household_id = $1 AND to_on IS NULL"
TOLD = "SELECT account_id AS id FROM outbox_message WHERE key = $1"


async def follow(sealer: Sealer, clock: SteppedClock) -> int:
    return await follow_households(limit=10, sealer=sealer, now=clock.now())


async def wish_at(status: WishStatus, sealer: Sealer, clock: SteppedClock) -> tuple[WishPeople, int, int]:
    """Its people, its id and its household's."""
    await makers.make_campaign(now=clock.now())
    people = await makers.make_wish_people(sealer=sealer, now=clock.now())
    wish = await makers.make_wish(status, sealer=sealer, now=clock.now(), people=people)
    return people, wish.id, (await rows("SELECT household_id AS id FROM wish WHERE id = $1", wish.id))[0]["id"]


async def close(household_id: int, people: WishPeople, sealer: Sealer, clock: SteppedClock) -> None:
    today: date = beijing_day(clock.now())
    for row in await rows(MEMBERS, household_id):
        await end_membership(
            household_id,
            row["id"],
            MembershipEnd.DIED,
            today,
            actor=people.coordinator,
            sealer=sealer,
            now=clock.now(),
        )


async def move_away(household_id: int, people: WishPeople, sealer: Sealer, clock: SteppedClock) -> None:
    await move_household(household_id, NEXT_VILLAGE, "2 组 8 号", actor=people.reviewer, sealer=sealer, now=clock.now())


async def place_and_status(wish_id: int) -> tuple[str, str]:
    row = (await rows("SELECT division_code, status FROM wish WHERE id = $1", wish_id))[0]
    return row["division_code"], row["status"]


@pytest.mark.parametrize("status", [status for status in WishStatus if status in UNCLAIMED])
async def test_an_open_wish_moves_with_its_family(
    transaction: Settings, sealer: Sealer, clock: SteppedClock, status: WishStatus
) -> None:
    people, wish_id, household_id = await wish_at(status, sealer, clock)
    await move_away(household_id, people, sealer, clock)

    assert (await follow(sealer, clock), await follow(sealer, clock)) == (1, 0)

    after = WishStatus.WORDED if status is WishStatus.PUBLISHED else status
    assert await place_and_status(wish_id) == (NEXT_VILLAGE, after)


@pytest.mark.parametrize("status", [WishStatus.CLAIMED, WishStatus.FULFILLED, WishStatus.WITHDRAWN, WishStatus.LAPSED])
async def test_a_wish_that_others_work_on_or_that_is_over_stays_where_it_was(
    transaction: Settings, sealer: Sealer, clock: SteppedClock, status: WishStatus
) -> None:
    people, wish_id, household_id = await wish_at(status, sealer, clock)
    await move_away(household_id, people, sealer, clock)
    assert await follow(sealer, clock) == 0
    assert await place_and_status(wish_id) == (makers.VILLAGE, status)


async def test_a_wish_of_a_family_that_stays_is_left_alone(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    await wish_at(WishStatus.PUBLISHED, sealer, clock)
    assert await follow(sealer, clock) == 0


@pytest.mark.parametrize("status", [WishStatus.FILED, WishStatus.PUBLISHED])
async def test_a_wish_ends_with_its_household_and_who_filed_it_is_told(
    transaction: Settings, sealer: Sealer, clock: SteppedClock, status: WishStatus
) -> None:
    people, wish_id, household_id = await wish_at(status, sealer, clock)
    await close(household_id, people, sealer, clock)

    assert (await follow(sealer, clock), await follow(sealer, clock)) == (1, 0)

    assert (await place_and_status(wish_id))[1] == WishStatus.WITHDRAWN
    assert [row["id"] for row in await rows(TOLD, f"wish-gone:{wish_id}")] == [people.coordinator.account_id]


PAID_CLAIM = """
INSERT INTO claim (wish_id, donor_id, way, status, price_fen, claimed_at, status_since, due_at, escalation, over_reason)
VALUES ($1, $2, 'pay', $3, 30000, $4::timestamptz, $4, $4 + interval '15 days', 0, '') RETURNING id
"""


@pytest.mark.parametrize(("status", "hurried"), [(ClaimStatus.PAID, 1), (ClaimStatus.RESERVED, 0)])
async def test_a_paid_claim_of_a_closed_household_is_due_at_once_and_only_once(
    transaction: Settings, sealer: Sealer, clock: SteppedClock, status: ClaimStatus, hurried: int
) -> None:
    people, wish_id, household_id = await wish_at(WishStatus.CLAIMED, sealer, clock)
    donor = await makers.make_donor(sealer=sealer, now=clock.now())
    claim = (await rows(PAID_CLAIM, wish_id, donor.account_id, status.value, clock.now()))[0]["id"]
    await close(household_id, people, sealer, clock)

    counts = [await hurry_claims_of_closed_households(limit=10, sealer=sealer, now=clock.now()) for _ in range(2)]

    assert counts == [hurried, 0]
    due_at = (await rows("SELECT due_at FROM claim WHERE id = $1", claim))[0]["due_at"]
    assert (due_at == clock.now()) is bool(hurried)
