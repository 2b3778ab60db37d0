"""Giving to a project: by the one form of giving, after everything that bounds it has been said."""

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.viewer import Viewer
from cishan.app import create_app
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.plans.plan import BudgetItem
from cishan.plans.states import AtTarget
from cishan.projects.models import Project
from cishan.sealing import Sealer
from cishan.settings import Settings
from conftest import browser_for
from donations.donation_makers import pay, pledge
from gateway_makers import make_gateway
from projects import project_makers as pm

TARGET_FEN = 100_000
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def app(transaction: Settings, clock: SteppedClock) -> AsyncIterator[Starlette]:
    """The application with a gateway that nobody calls, so that the form is offered."""
    gateway = make_gateway(clock=clock)
    application = create_app(
        transaction, clock=clock, gateway=gateway, passwords=makers.QUICK_PASSWORDS, open_database=False
    )
    async with application.router.lifespan_context(application):
        yield application
    await gateway.aclose()


@pytest.fixture
async def project(app: Starlette, sealer: Sealer, clock: SteppedClock) -> Project:
    return await pm.make_open_project(
        sealer=sealer,
        now=clock.now(),
        at_target=AtTarget.STOP,
        target_fen=TARGET_FEN,
        cost_fen=0,
        budget=(BudgetItem("棉被", TARGET_FEN),),
    )


@pytest.fixture
async def donor(project: Project, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_donor(sealer=sealer, now=clock.now())


@pytest.fixture
async def browser(app: Starlette, donor: Viewer, clock: SteppedClock) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_for(app) as browser:
        await makers.signed_in(browser, donor, now=clock.now())
        yield browser


async def fund_id_of(project: Project) -> int:
    found: int = (await rows("SELECT fund_id FROM project WHERE id = $1", project.id))[0]["fund_id"]
    return found


async def give(browser: httpx2.AsyncClient, project: Project, yuan: str) -> httpx2.Response:
    form = {"form_key": secrets.token_urlsafe(24), "chip": "other", "amount": yuan, "late": "refund"}
    return await browser.post(f"/projects/{project.id}/give", data=form)


async def test_the_button_leads_to_the_form_that_says_when_it_stops_and_what_becomes_of_the_rest(
    browser: httpx2.AsyncClient, project: Project
) -> None:
    assert f'href="/projects/{project.id}/give">捐一笔' in (await browser.get(f"/projects/{project.id}")).text
    page = (await browser.get(f"/projects/{project.id}/give")).text
    for words in ("捐给“寒冬送暖”", str(project.filing_number), "还差 1,000 元", "收款到", project.surplus_words):
        assert words in page


async def test_a_gift_goes_to_the_project_s_own_fund(
    browser: httpx2.AsyncClient, project: Project, donor: Viewer
) -> None:
    answer = await give(browser, project, "66.60")
    donation = (await rows("SELECT id, fund_id, amount_fen FROM donation WHERE donor_id = $1", donor.account_id))[0]
    assert (donation["fund_id"], donation["amount_fen"]) == (await fund_id_of(project), 6_660)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/me/donations/{donation['id']}/pay")


async def test_more_than_is_lacking_is_refused_on_the_form(
    browser: httpx2.AsyncClient, project: Project, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await pay(
        await pledge(await fund_id_of(project), 90_000, donor=donor, now=clock.now()), sealer=sealer, now=clock.now()
    )
    answer = await give(browser, project, "100.01")
    assert (answer.status_code, "还差 100.00 元" in answer.text) == (400, True)
    assert (await give(browser, project, "100")).status_code == 303


async def test_a_form_that_was_open_at_the_end_minute_gives_nothing(
    browser: httpx2.AsyncClient, project: Project, donor: Viewer, clock: SteppedClock
) -> None:
    assert project.ends_at is not None
    clock.move_to(project.ends_at - MINUTE)
    await makers.signed_in(browser, donor, now=clock.now())
    assert (await give(browser, project, "10")).status_code == 303
    clock.move_to(project.ends_at)
    answer = await give(browser, project, "10")
    assert (answer.status_code, "募捐已经结束" in answer.text) == (409, True)
    assert "现在不收款" in (await browser.get(f"/projects/{project.id}/give")).text


async def test_nobody_gives_to_a_project_that_has_not_begun(
    browser: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    filed = await pm.make_filed_project(sealer=sealer, now=clock.now())
    assert (await browser.get(f"/projects/{filed.id}/give")).status_code == 404
    assert (await give(browser, filed, "10")).status_code == 404
