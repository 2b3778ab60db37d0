"""One wish, many donors at once: exactly one wins, everybody else is told kindly (scenarios C1, C5)."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

import makers
from cishan.database import rows
from cishan.sealing import Sealer
from conftest import Committed
from races.world import World, all_at_once, make_world

CARELESS_INSERT = """
INSERT INTO claim (wish_id, donor_id, way, status, price_fen, claimed_at, status_since, escalation, over_reason)
VALUES ($1, $2, 'pay', 'reserved', 30000, $3, $3, 0, '')
"""


@pytest.fixture
async def world(committed_database: Committed, sealer: Sealer) -> AsyncIterator[World]:
    async with make_world(committed_database, sealer) as made:
        yield made


async def live_claims(wish_id: int) -> int:
    found = await rows("SELECT count(*) AS claims FROM claim WHERE wish_id = $1 AND status = 'reserved'", wish_id)
    return int(found[0]["claims"])


async def claim_over_http(world: World, donors: int) -> Counter[int]:
    """Everybody posts the claim form of one new wish at once; returns the answers by status."""
    wish = await makers.make_published_wish(sealer=world.sealer, now=world.clock.now())
    async with AsyncExitStack() as stack:
        browsers = await world.browsers(await world.donors(donors), stack)
        answers = await all_at_once(
            [
                lambda browser=browser: browser.post(  # type: ignore[misc]
                    f"/wishes/{wish.id}/claim", data={"way": "pay", "form_key": secrets.token_urlsafe(24)}
                )
                for browser in browsers
            ]
        )
    assert await live_claims(wish.id) == 1
    assert all("晚了一步" in answer.text for answer in answers if answer.status_code == 409)
    return Counter(answer.status_code for answer in answers)


async def test_the_race_can_be_lost_with_the_guards_off(world: World) -> None:
    """Positive control: look-then-write, without the index, gives several winners; so the tests below mean something."""
    wish = await makers.make_published_wish(sealer=world.sealer, now=world.clock.now())
    donors = await world.donors(5)
    async with world.owner() as owner:
        await owner.execute("DROP INDEX uq_claim_live")
    all_have_looked = asyncio.Barrier(len(donors))

    async def careless(donor_id: int) -> bool:
        async with in_transaction():
            found = await rows("SELECT status FROM wish WHERE id = $1", wish.id)
            await all_have_looked.wait()
            if found[0]["status"] != "published":
                return False
            await rows(CARELESS_INSERT, wish.id, donor_id, world.clock.now())
            await rows("UPDATE wish SET status = 'claimed' WHERE id = $1", wish.id)
            return True

    won = await all_at_once([lambda donor=donor: careless(donor.account_id) for donor in donors])  # type: ignore[misc]
    assert sum(won) == len(donors)


async def test_the_index_alone_refuses_a_second_live_claim(world: World) -> None:
    wish = await makers.make_published_wish(sealer=world.sealer, now=world.clock.now())
    donors = await world.donors(10)

    async def careless(donor_id: int) -> bool:
        try:
            await rows(CARELESS_INSERT, wish.id, donor_id, world.clock.now())
        except IntegrityError:
            return False
        return True

    won = await all_at_once([lambda donor=donor: careless(donor.account_id) for donor in donors])  # type: ignore[misc]
    assert sum(won) == 1


async def test_thirty_donors_one_wish_one_winner(world: World) -> None:
    assert await claim_over_http(world, 30) == {303: 1, 409: 29}


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(20))
async def test_a_thousand_donors_one_wish_one_winner(world: World, round_: int) -> None:
    assert await claim_over_http(world, 1000) == {303: 1, 409: 999}


async def submit_many(world: World, keys: list[str]) -> int:
    """One donor submits the claim form once for each key, all at once; returns how many events say that they claimed."""
    wish = await makers.make_published_wish(sealer=world.sealer, now=world.clock.now())
    async with AsyncExitStack() as stack:
        donor = (await world.donors(1))[0]
        browser = (await world.browsers([donor], stack))[0]
        claimed = await browser.post(f"/wishes/{wish.id}/claim", data={"way": "pay", "form_key": "k" * 20})
        claim_id = int(claimed.headers["location"].split("/")[3])
        answers = await all_at_once(
            [lambda key=key: browser.post(f"/me/claims/{claim_id}/pay-anew", data={"form_key": key}) for key in keys]  # type: ignore[misc]
        )
    assert {answer.status_code for answer in answers} <= {303, 409}
    found = await rows("SELECT count(*) AS orders FROM order_line WHERE owner_id = $1", claim_id)
    return int(found[0]["orders"]) - 1


async def test_without_one_key_a_form_does_its_work_again(world: World) -> None:
    """Positive control: different keys are different wishes of the donor, as far as the limit on attempts goes."""
    assert await submit_many(world, [secrets.token_urlsafe(24) for _ in range(10)]) > 1


async def test_the_same_form_sent_forty_times_does_its_work_once(world: World) -> None:
    assert await submit_many(world, [secrets.token_urlsafe(24)] * 40) == 1


@pytest.mark.slow
async def test_the_same_form_sent_a_thousand_times_does_its_work_once(world: World) -> None:
    assert await submit_many(world, [secrets.token_urlsafe(24)] * 1000) == 1
