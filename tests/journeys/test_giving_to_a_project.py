"""Over real HTTP to the cashier: gifts to a project, and its roll, which names only who wants it (R-13)."""

import re
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest

from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.monthly.actions import open_due_turns
from cishan.plans.plan import BudgetItem
from cishan.projects.models import Project
from cishan.sealing import Sealer
from conftest import Committed
from donations.donation_makers import pay, pledge
from journeys.counter import Counter, open_counter
from payments.order_makers import make_site
from projects import project_makers as pm


@pytest.fixture
async def counter(committed_database: Committed, clock: SteppedClock, sealer: Sealer) -> AsyncIterator[Counter]:
    await make_site(clock.now())
    async with open_counter(committed_database.settings, clock, sealer) as opened:
        yield opened


async def make_project(counter: Counter, **changes: object) -> Project:
    small = {"target_fen": 100_000, "cost_fen": 0, "cost_words": "", "budget": (BudgetItem("棉被", 100_000),)}
    return await pm.make_open_project(sealer=counter.sealer, now=counter.clock.now(), **{**small, **changes})


def fund_of(project: Project) -> int:
    found: int = project.fund_id  # type: ignore[attr-defined]
    return found


def form(**fields: str) -> dict[str, str]:
    return {"chip": "100", "form_key": secrets.token_urlsafe(24), **fields}


async def give(browser: httpx2.AsyncClient, counter: Counter, project: Project, **fields: str) -> str:
    """Gives and pays; returns the text of the page that the donor comes back to."""
    answer = await browser.post(f"/projects/{project.id}/give", data=form(**fields))
    assert answer.status_code == 303, answer.text
    cashier = await counter.open_cashier(browser, str(answer.headers["location"]))
    back = await browser.get((await counter.press(cashier, "pay")).headers["location"])
    return (await browser.get(back.headers["location"])).text


async def test_the_roll_is_anonymous_until_its_donor_says_otherwise_and_again_at_once(counter: Counter) -> None:
    project = await make_project(counter)
    donor, browser = await counter.donor()
    await give(browser, counter, project)
    gift = (await rows("SELECT id FROM donation"))[0]["id"]
    name = await _name(donor.account_id, counter)

    async def seen() -> list[bool]:
        pages = (f"/projects/{project.id}", f"/projects/{project.id}/gifts")
        return [name in (await browser.get(page)).text.partition("<main")[2] for page in pages]

    assert await seen() == [False, False]
    for named, expected in (("yes", True), ("", False)):
        fields = {"form_key": secrets.token_urlsafe(24), **({"named": named} if named else {})}
        assert (await browser.post(f"/me/donations/{gift}/name", data=fields)).status_code == 303
        assert await seen() == [expected, expected]


async def _name(account_id: int, counter: Counter) -> str:
    sealed = (await rows("SELECT name_sealed FROM account WHERE id = $1", account_id))[0]["name_sealed"]
    return counter.sealer.open(sealed, "account.name")


async def test_a_long_roll_is_read_page_by_page_and_nothing_is_left_out(counter: Counter) -> None:
    project = await make_project(counter, target_fen=50_000_000, budget=(BudgetItem("棉被", 50_000_000),))
    donor, browser = await counter.donor()
    sums = [100 + number for number in range(120)]
    for fen in sums:
        now = counter.clock.advance(timedelta(seconds=1 if fen % 3 else 0))
        await pay(await pledge(fund_of(project), fen, donor=donor, now=now), sealer=counter.sealer, now=now)
    page, found = f"/projects/{project.id}/gifts", ""
    for _ in range(3):
        text = (await browser.get(page)).text
        found += text.partition("<main")[2]
        older = re.search(r'href="([^"]+)">看更早的', text)
        page = older[1] if older else ""
    assert page == ""
    assert [fen for fen in sums if f"{fen // 100}.{fen % 100:02d} 元" not in found and fen % 100] == []
    assert len(re.findall(r">\s*爱心人士\s*<", found)) == len(sums)


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "１２"])
async def test_a_place_in_the_roll_that_is_none_shows_the_newest(counter: Counter, before: str) -> None:
    project = await make_project(counter)
    _, browser = await counter.donor()
    await give(browser, counter, project)
    answer = await browser.get(f"/projects/{project.id}/gifts", params={"before": before})
    assert answer.status_code == 200
    assert "100 元" in answer.text


async def test_a_project_that_is_over_says_so_and_takes_nothing(counter: Counter) -> None:
    project = await make_project(counter, days=30)
    counter.clock.advance(timedelta(days=31))
    _, browser = await counter.donor()
    answer = await browser.post(f"/projects/{project.id}/give", data=form())
    assert answer.status_code == 409
    assert "没有扣您的钱" in answer.text
    assert await rows("SELECT count(*) AS n FROM donation") == [{"n": 0}]


async def test_a_project_is_given_to_every_month_until_its_campaign_is_over(counter: Counter) -> None:
    project = await make_project(counter, days=60)
    donor, browser = await counter.donor()
    monthly = f"/me/monthly?fund={fund_of(project)}"
    assert monthly in (await browser.get(f"/projects/{project.id}/give")).text
    assert "寒冬送暖" in (await browser.get(monthly)).text
    begun = await browser.post(monthly, data=form(chip="50", day="3"))
    assert begun.headers["location"].startswith(monthly)
    assert monthly in (await browser.get("/me/monthly")).text
    for _ in range(4):
        now = counter.clock.advance(timedelta(days=31))
        await open_due_turns(limit=10, site_url="http://site.example", sealer=counter.sealer, now=now)
    found = await rows("SELECT d.fund_id FROM monthly_turn t JOIN donation d ON d.id = t.donation_id")
    assert found == [{"fund_id": fund_of(project)}]
    assert await rows("SELECT status FROM monthly_plan") == [{"status": "ended"}]
    told = await rows("SELECT count(*) AS n FROM outbox_message WHERE account_id = $1", donor.account_id)
    assert told == [{"n": 2}]
    browser = await counter.browser_of(donor)
    assert "现在不能开始月捐" in (await browser.get(monthly)).text
    assert (await browser.post(monthly, data=form(chip="50", day="3"))).status_code == 409


@pytest.mark.parametrize("fund", ["999999", "x"])
async def test_no_other_fund_is_given_to_every_month(counter: Counter, fund: str) -> None:
    _, browser = await counter.donor()
    answer = await browser.get(f"/me/monthly?fund={fund}")
    assert answer.status_code == (404 if fund.isdigit() else 200)
