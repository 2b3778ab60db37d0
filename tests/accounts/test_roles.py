"""Roles: given, changed and ended by an administrator, and never beyond the border of their division."""

import httpx2
import pytest

import makers
from cishan.accounts.states import Role
from cishan.clock import SteppedClock
from cishan.sealing import Sealer


@pytest.fixture(autouse=True)
async def charity(transaction: object, clock: SteppedClock) -> None:
    await makers.make_charity(now=clock.now())


async def test_an_invited_person_has_the_role_and_the_place(sealer: Sealer, clock: SteppedClock) -> None:
    reviewer = await makers.make_staff(Role.TOWN_REVIEWER, makers.TOWN, sealer=sealer, now=clock.now())
    assert (reviewer.role, reviewer.division_code) == (Role.TOWN_REVIEWER, makers.TOWN)
    assert reviewer.covers(makers.VILLAGE)
    assert not reviewer.covers(makers.OTHER_VILLAGE)


async def test_a_place_of_another_county_is_loaded_when_someone_works_there(
    sealer: Sealer, clock: SteppedClock
) -> None:
    other = await makers.make_staff(Role.COORDINATOR, makers.OTHER_COUNTY_VILLAGE, sealer=sealer, now=clock.now())
    assert other.division_code == makers.OTHER_COUNTY_VILLAGE


async def test_a_browser_given_a_session_is_known(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    donor = await makers.make_donor(sealer=sealer, now=clock.now())
    await makers.signed_in(client, donor, now=clock.now())
    assert "王芳" in (await client.get("/about")).text
