"""Choosing what to advance money for: some by hand, or all that a page shows, without script."""

import re

import httpx2
import pytest
from starlette.applications import Starlette

from cishan.clock import SteppedClock
from cishan.sealing import Sealer
from cishan.settings import Settings
from claim_makers import Team, make_claim, make_team
from conftest import browser_for
from makers import signed_in

LIST, CHECK = "/desk/finance/advances", "/desk/finance/advances/check"
FORM_KEY = "test-key-000000000001"


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


@pytest.fixture
async def finance(team: Team, app: Starlette, clock: SteppedClock) -> httpx2.AsyncClient:
    return await signed_in(browser_for(app), team.finance, now=clock.now())


async def test_one_button_checks_all_that_the_page_shows(
    team: Team, finance: httpx2.AsyncClient, clock: SteppedClock
) -> None:
    ids = [str(await make_claim(team, now=clock.now())) for _ in range(3)]
    page = (await finance.get(LIST)).text
    assert "核对本页全部 3 笔" in page
    shown = re.findall(r'name="shown" value="([^"]+)"', page)[0]
    later = await make_claim(team, now=clock.now())
    answer = await finance.post(CHECK, data={"form_key": FORM_KEY, "shown": shown, "every": "yes"})
    assert re.findall(r'name="claim" value="(\d+)"', answer.text) == ids, f"{later} came after the page"


async def test_what_was_ticked_is_all_without_that_button(
    team: Team, finance: httpx2.AsyncClient, clock: SteppedClock
) -> None:
    first, second = await make_claim(team, now=clock.now()), await make_claim(team, now=clock.now())
    data = {"form_key": FORM_KEY, "claim": str(second), "shown": f"{first}-{second}"}
    answer = await finance.post(CHECK, data=data)
    assert re.findall(r'name="claim" value="(\d+)"', answer.text) == [str(second)]
    nothing = await finance.post(CHECK, data={"form_key": FORM_KEY, "shown": f"{first}-{second}"})
    assert (nothing.status_code, "请先选择要拨款的认领" in nothing.text) == (400, True)


@pytest.mark.parametrize("shown", ["1-", "x", "1;2", "-".join(["1"] * 41), "9" * 19])
async def test_ids_that_no_page_has_written_are_refused(team: Team, finance: httpx2.AsyncClient, shown: str) -> None:
    answer = await finance.post(CHECK, data={"form_key": FORM_KEY, "shown": shown, "every": "yes"})
    assert answer.status_code == 400
