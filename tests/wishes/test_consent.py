"""A consent taken back holds: nothing puts the family's wish on the wall again, however close the two steps are (R-21)."""

import asyncio
from collections.abc import Awaitable

import pytest
from tortoise.transactions import in_transaction

import makers
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import InvalidInput
from cishan.households.actions import withdraw_consent
from cishan.households.states import ConsentPurpose
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.wishes import actions as wishes
from cishan.wishes.models import Wish
from cishan.wishes.queries import public_wish
from cishan.wishes.states import WishStatus
from cishan.wishes.withdrawals import follow_consent
from conftest import Committed
from makers import WishPeople

BLOCKED = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted"


async def take_back(household_id: int, people: WishPeople, clock: SteppedClock) -> None:
    purpose = ConsentPurpose.SHOW_TO_CLAIMER
    handlers = (follow_consent,)
    await withdraw_consent(household_id, purpose, actor=people.coordinator, now=clock.now(), handlers=handlers)


async def wish_at(status: WishStatus, sealer: Sealer, clock: SteppedClock) -> tuple[WishPeople, Wish, int]:
    await makers.make_campaign(now=clock.now())
    people = await makers.make_wish_people(sealer=sealer, now=clock.now())
    wish = await makers.make_wish(status, sealer=sealer, now=clock.now(), people=people)
    return people, wish, (await rows("SELECT household_id AS id FROM wish WHERE id = $1", wish.id))[0]["id"]


async def status_of(wish: Wish) -> WishStatus:
    return (await Wish.get(id=wish.id)).status


async def test_a_claim_given_up_puts_the_wish_back_on_the_wall(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    _, wish, _ = await wish_at(WishStatus.CLAIMED, sealer, clock)
    await wishes.release_wish(wish.id, actor=None, now=clock.now(), reason="认领取消")
    assert (await public_wish(wish.id)).status is WishStatus.PUBLISHED


async def test_a_claim_given_up_after_the_consent_does_not(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    people, wish, household_id = await wish_at(WishStatus.CLAIMED, sealer, clock)
    await take_back(household_id, people, clock)
    await wishes.release_wish(wish.id, actor=None, now=clock.now(), reason="认领取消")
    assert await status_of(wish) is WishStatus.WORDED


async def in_the_middle(first: Awaitable[object], second: Awaitable[object]) -> None:
    """Runs `second` while `first` has written and not yet committed; `first` commits once the other waits or is done."""
    written = asyncio.Event()

    async def slowly() -> None:
        async with in_transaction():
            await first
            written.set()
            while not (other.done() or (await rows(BLOCKED))[0]["n"]):  # noqa: ASYNC110 - a lock rings no bell
                await asyncio.sleep(0.01)

    async def then() -> None:
        await written.wait()
        await second

    other = asyncio.create_task(then())
    await asyncio.wait_for(asyncio.create_task(slowly()), timeout=20)
    await asyncio.wait_for(other, timeout=20)


async def test_a_wish_is_not_published_while_its_consent_is_taken_back(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    people, wish, household_id = await wish_at(WishStatus.WORDED, sealer, clock)
    publish = wishes.publish_wish(wish.id, actor=people.editor, sealer=sealer, now=clock.now())
    with pytest.raises(InvalidInput):
        await in_the_middle(take_back(household_id, people, clock), publish)
    assert await status_of(wish) is WishStatus.WORDED


async def test_a_consent_is_taken_back_although_the_wish_is_claimed_at_that_moment(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    people, wish, household_id = await wish_at(WishStatus.PUBLISHED, sealer, clock)
    donor = await makers.make_donor(sealer=sealer, now=clock.now())
    claim = wishes.claim_wish(wish.id, actor=donor, now=clock.now())
    await in_the_middle(claim, take_back(household_id, people, clock))
    assert await status_of(wish) is WishStatus.CLAIMED
    assert not await rows(
        "SELECT 1 FROM consent WHERE household_id = $1 AND purpose = 'show_to_claimer' AND withdrawn_at IS NULL",
        household_id,
    )
