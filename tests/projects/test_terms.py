"""The figures of projects are dated settings: the director sets them from a day on, never laxer than the law."""

import secrets
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.clock import SteppedClock, beijing_day
from cishan.errors import Conflict, Forbidden, InvalidInput
from cishan.plans.facts import terms_on
from cishan.plans.plan import DEFAULT_TERMS, Terms
from cishan.projects.terms import set_terms
from cishan.sealing import Sealer
from projects import project_makers as pm

DAY = timedelta(days=1)


@pytest.fixture
async def people(transaction: object, sealer: Sealer, clock: SteppedClock) -> pm.ProjectPeople:
    await pm.charity_id_of_site(now=clock.now())
    return await pm.make_project_people(sealer=sealer, now=clock.now())


async def test_figures_hold_from_their_day_on(people: pm.ProjectPeople, clock: SteppedClock) -> None:
    charity_id, today = await pm.charity_id_of_site(now=clock.now()), beijing_day(clock.now())
    stricter = Terms(notice_days=15, capacity_fen=1_000_000)
    await set_terms(charity_id, stricter, valid_from=today + 2 * DAY, actor=people.director, now=clock.now())
    found = [await terms_on(charity_id, today + days * DAY) for days in (1, 2, 3)]
    assert found == [DEFAULT_TERMS, stricter, stricter]
    with pytest.raises(Conflict):
        await set_terms(charity_id, stricter, valid_from=today + 2 * DAY, actor=people.director, now=clock.now())
    with pytest.raises(Forbidden):
        await set_terms(charity_id, stricter, valid_from=today, actor=people.editor, now=clock.now())


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (Terms(notice_days=9), "notice_days"),
        (Terms(longest_years=4), "longest_years"),
        (Terms(longest_emergency_years=2), "longest_emergency_years"),
        (Terms(emergency_filing_days=11), "emergency_filing_days"),
        (Terms(amendment_days=11), "amendment_days"),
        (Terms(cost_permille=1_001), "cost_permille"),
    ],
)
async def test_nobody_sets_figures_laxer_than_the_law(
    people: pm.ProjectPeople, clock: SteppedClock, terms: Terms, field: str
) -> None:
    charity_id = await pm.charity_id_of_site(now=clock.now())
    with pytest.raises(InvalidInput) as refused:
        await set_terms(charity_id, terms, valid_from=beijing_day(clock.now()), actor=people.director, now=clock.now())
    assert list(refused.value.fields) == [field]


async def test_a_smaller_capacity_refuses_the_next_decision(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    charity_id = await pm.charity_id_of_site(now=clock.now())
    await set_terms(
        charity_id,
        Terms(capacity_fen=pm.TARGET_FEN - 1),
        valid_from=beijing_day(clock.now()),
        actor=people.director,
        now=clock.now(),
    )
    with pytest.raises(InvalidInput, match="第十条第（五）项"):
        await pm.make_decided_project(sealer=sealer, now=clock.now(), people=people)


async def test_the_director_sets_them_at_the_desk(
    app: Starlette, client: httpx2.AsyncClient, people: pm.ProjectPeople, clock: SteppedClock
) -> None:
    await makers.signed_in(client, people.director, now=clock.now())
    page = await client.get("/desk/projects/terms")
    assert "5,000,000 元" in page.text
    typed = {
        "notice_days": "9",
        "longest_years": "3",
        "longest_emergency_years": "1",
        "emergency_filing_days": "10",
        "amendment_days": "10",
        "capacity_fen": "2,000,000",
        "cost_permille": "50",
        "valid_from": beijing_day(clock.now()).isoformat(),
    }
    refused = await client.post("/desk/projects/terms", data={**typed, "form_key": secrets.token_urlsafe(24)})
    assert (refused.status_code, "最少 10" in refused.text) == (400, True)
    typed["notice_days"] = "12"
    saved = await client.post("/desk/projects/terms", data={**typed, "form_key": secrets.token_urlsafe(24)})
    assert saved.status_code == 303
    assert "2,000,000 元" in (await client.get("/desk/projects/terms")).text
