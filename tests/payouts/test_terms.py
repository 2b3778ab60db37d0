"""The limits of help are dated settings: the director sets them from a day on, once for each day."""

from datetime import timedelta

import pytest
from starlette.applications import Starlette

from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput
from cishan.payouts.rules import DEFAULT_TERMS, Terms
from cishan.payouts.terms import set_terms, terms_on
from cishan.sealing import Sealer
from conftest import browser_for
from makers import signed_in
from payouts.payout_makers import key_of, make_bureau, make_director

DAY = timedelta(days=1)
STRICTER = Terms(50_000, 300_000)


async def test_limits_hold_from_their_day_on_and_are_set_once(
    transaction: object, sealer: Sealer, clock: SteppedClock
) -> None:
    bureau, now = await make_bureau(sealer, clock), clock.now()
    director, today = await make_director(bureau), beijing_day(clock.now())
    await set_terms(bureau.charity_id, STRICTER, valid_from=today + DAY, actor=director, now=now)
    assert await terms_on(bureau.charity_id, now) == DEFAULT_TERMS
    assert await terms_on(bureau.charity_id, now + DAY) == STRICTER
    with pytest.raises(Conflict, match="已经定过"):
        await set_terms(bureau.charity_id, DEFAULT_TERMS, valid_from=today + DAY, actor=director, now=now)
    with pytest.raises(Forbidden):
        await set_terms(bureau.charity_id, STRICTER, valid_from=today, actor=bureau.finance, now=now)
    for terms, day in ((STRICTER, today - DAY), (Terms(-1, 1), today), (Terms(0, 0), today)):
        with pytest.raises(InvalidInput):
            await set_terms(bureau.charity_id, terms, valid_from=day, actor=director, now=now)
    assert len(await rows("SELECT id FROM event WHERE verb = 'set_payout_terms'")) == 1


async def test_the_director_sets_them_in_the_browser(app: Starlette, sealer: Sealer, clock: SteppedClock) -> None:
    bureau = await make_bureau(sealer, clock)
    director, here = await make_director(bureau), "/desk/payouts/terms"
    async with browser_for(app) as browser:
        await signed_in(browser, director, now=clock.now())
        assert here in (await browser.get("/desk/payouts")).text
        typed = {"third_person_over": "5,000", "large_donor": "0", "valid_from": beijing_day(clock.now()).isoformat()}
        answer = await browser.post(here, data={**typed, "form_key": key_of(await browser.get(here))})
        assert answer.status_code == 400
        assert 'value="5,000"' in answer.text
        typed["large_donor"] = "20000"
        answer = await browser.post(here, data={**typed, "form_key": key_of(await browser.get(here))})
        assert answer.status_code == 303
        assert "5,000 元" in (await browser.get(here)).text
