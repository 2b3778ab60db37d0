"""Every use of a picture against every role: the expectation is written by hand, and asked over HTTP."""

import pytest
from starlette.applications import Starlette

import claim_makers
import makers
from cishan.accounts.states import Role
from cishan.clock import SteppedClock
from cishan.pictures.models import PictureUse
from cishan.pictures.rules import SEEN_BY, concerns
from cishan.sealing import Sealer
from cishan.settings import Settings
from claim_makers import make_team
from conftest import browser_for
from makers import signed_in

EXPECTED = {
    PictureUse.WISH: {"coordinator", "town_reviewer", "editor"},
    PictureUse.VOUCHER: {"coordinator", "town_reviewer", "finance"},
    PictureUse.HANDOVER: {"coordinator", "town_reviewer", "editor", "supervisor"},
    PictureUse.SLIP: {"coordinator", "town_reviewer", "supervisor"},
    PictureUse.PROJECT: {"editor", "director"},
}


@pytest.mark.parametrize("use", PictureUse)
@pytest.mark.parametrize("role", Role)
def test_a_picture_concerns_only_who_works_with_it(use: PictureUse, role: Role) -> None:
    assert concerns(use, role) is (role.value in EXPECTED[use])


def test_every_use_says_whom_it_concerns() -> None:
    assert set(SEEN_BY) == set(PictureUse)


async def test_each_role_of_the_place_is_served_only_what_concerns_it(
    transaction: Settings, app: Starlette, sealer: Sealer, clock: SteppedClock
) -> None:
    now = clock.now()
    team = await make_team(transaction, sealer=sealer, now=now)
    viewers = [
        *(team.coordinator, team.reviewer, team.editor, team.finance, team.donor),
        await makers.make_staff(Role.SUPERVISOR, makers.CITY, sealer=sealer, now=now),
        await makers.make_staff(Role.BOOKKEEPER, makers.CITY, sealer=sealer, now=now),
        await makers.make_staff(Role.CASHIER, makers.CITY, sealer=sealer, now=now),
        await makers.make_staff(Role.DIRECTOR, makers.CITY, sealer=sealer, now=now),
        await makers.make_admin(sealer=sealer, now=now),
        await makers.make_organisation(sealer=sealer, now=now),
    ]
    assert {viewer.role for viewer in viewers} == set(Role)
    pictures = {use: await claim_makers.picture(team, use, now=now) for use in PictureUse}

    for viewer in viewers:
        browser = await signed_in(browser_for(app), viewer, now=now)
        for use, picture_id in pictures.items():
            expected = 200 if viewer.role.value in EXPECTED[use] else 404
            assert (await browser.get(f"/pictures/{picture_id}")).status_code == expected, (viewer.role, use)
