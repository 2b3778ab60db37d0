"""The editor's desk for hand-over pictures: what it lists, what letting the donor see one does, and what refusing does."""

import itertools
import re

import httpx2
import pytest
from starlette.applications import Starlette

import claim_makers
import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.fulfilment import HandOver, hand_over
from cishan.claims.states import ClaimStatus, DeliveryProof
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.pictures.models import PictureUse
from cishan.sealing import Sealer
from cishan.settings import Settings
from claim_makers import Team, make_claim, make_team
from conftest import browser_for
from makers import signed_in

OTHER_COUNTY = "371403000000"
_keys = itertools.count(1)


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


async def handed_over_with_picture(team: Team, clock: SteppedClock) -> tuple[int, int]:
    """A claim and the picture of its hand-over."""
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    picture_id = await claim_makers.picture(team, PictureUse.HANDOVER, now=clock.now())
    slip_id = await claim_makers.picture(team, PictureUse.SLIP, now=clock.now())
    given = HandOver(DeliveryProof.SLIP, slip_id=slip_id, picture_id=picture_id)
    await hand_over(claim_id, given, actor=team.coordinator, sealer=team.sealer, now=clock.now())
    return claim_id, picture_id


async def browser_of(app: Starlette, viewer: Viewer, clock: SteppedClock) -> httpx2.AsyncClient:
    return await signed_in(browser_for(app), viewer, now=clock.now())


async def donor_of(claim_id: int) -> Viewer:
    return Viewer((await rows("SELECT donor_id FROM claim WHERE id = $1", claim_id))[0]["donor_id"], Role.DONOR)


async def judge(browser: httpx2.AsyncClient, claim_id: int, picture_id: int, verdict: str) -> httpx2.Response:
    data = {"form_key": f"test-key-{next(_keys):012d}", "verdict": verdict, "picture": str(picture_id)}
    return await browser.post(f"/desk/handovers/{claim_id}/picture", data=data)


async def verbs_of(claim_id: int) -> set[str]:
    found = await rows("SELECT verb FROM event WHERE subject_kind = 'claim' AND subject_id = $1", claim_id)
    return {row["verb"] for row in found}


async def test_a_picture_that_an_editor_clears_reaches_the_donor(
    team: Team, app: Starlette, clock: SteppedClock
) -> None:
    claim_id, picture_id = await handed_over_with_picture(team, clock)
    editor = await browser_of(app, team.editor, clock)
    donor = await browser_of(app, await donor_of(claim_id), clock)
    listed = (await editor.get("/desk/thanks")).text
    assert "送到的照片" in listed
    assert f'src="/pictures/{picture_id}"' in listed
    assert (await donor.get(f"/pictures/{picture_id}")).status_code == 404

    shown = re.search(rf'action="/desk/handovers/{claim_id}/picture".*?</form>', listed, re.DOTALL)
    assert shown is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]+)"', shown[0]))
    assert fields["verdict"] == "clear"
    answer = await editor.post(f"/desk/handovers/{claim_id}/picture", data=fields)

    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/thanks")
    assert (await donor.get(f"/pictures/{picture_id}")).status_code == 200
    assert f'src="/pictures/{picture_id}"' in (await donor.get(f"/me/claims/{claim_id}")).text
    assert f"/pictures/{picture_id}" not in (await editor.get("/desk/thanks")).text
    assert "clear_picture" in await verbs_of(claim_id)
    assert (await judge(editor, claim_id, picture_id, "clear")).status_code == 409


async def test_a_refused_picture_leaves_the_fulfilment(team: Team, app: Starlette, clock: SteppedClock) -> None:
    claim_id, picture_id = await handed_over_with_picture(team, clock)
    editor = await browser_of(app, team.editor, clock)
    donor = await browser_of(app, await donor_of(claim_id), clock)

    assert (await judge(editor, claim_id, picture_id, "refuse")).status_code == 303

    assert 'class="empty"' in (await editor.get("/desk/thanks")).text
    assert (await donor.get(f"/pictures/{picture_id}")).status_code == 404
    kept = await rows("SELECT picture_id FROM fulfilment WHERE claim_id = $1", claim_id)
    assert kept[0]["picture_id"] is None
    assert "refuse_picture" in await verbs_of(claim_id)


async def test_only_the_picture_that_was_looked_at_is_judged(team: Team, app: Starlette, clock: SteppedClock) -> None:
    claim_id, picture_id = await handed_over_with_picture(team, clock)
    other_id = await claim_makers.picture(team, PictureUse.HANDOVER, now=clock.now())
    editor = await browser_of(app, team.editor, clock)

    for verdict in ("clear", "refuse"):
        assert (await judge(editor, claim_id, other_id, verdict)).status_code == 409
    assert (await judge(editor, claim_id, picture_id, "")).status_code == 400

    left = await rows("SELECT count(*) AS n FROM picture WHERE cleared_at IS NOT NULL")
    assert left[0]["n"] == 0
    assert f"/pictures/{picture_id}" in (await editor.get("/desk/thanks")).text


async def test_an_editor_of_another_place_neither_lists_nor_judges_it(
    team: Team, app: Starlette, sealer: Sealer, clock: SteppedClock
) -> None:
    claim_id, picture_id = await handed_over_with_picture(team, clock)
    away = await makers.make_staff(Role.EDITOR, OTHER_COUNTY, sealer=sealer, now=clock.now())
    editor = await browser_of(app, away, clock)

    assert f"/pictures/{picture_id}" not in (await editor.get("/desk/thanks")).text
    assert (await judge(editor, claim_id, picture_id, "clear")).status_code == 404
