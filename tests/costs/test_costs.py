"""A charity's two shares: true to the fen, warned at eighty per cent, with limits that hold from a day on."""

import secrets
from datetime import date, timedelta

import httpx2
import pytest
from tortoise.exceptions import OperationalError

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.clock import SteppedClock, beijing_day
from cishan.costs.actions import enter_cost, set_limits
from cishan.costs.queries import limits_on, sums_of, versions_of
from cishan.costs.rules import EXEMPT_FEN, Limits, YearSums, cost_standing, spent_standing
from cishan.database import rows
from cishan.disclosures.months import count_months
from cishan.errors import Forbidden, InvalidInput
from cishan.ledger.actions import Source, book_gift, book_purchase
from cishan.sealing import Sealer
from payments.order_makers import make_site

MILLION = 100_000_000


@pytest.mark.parametrize(
    ("cost_fen", "standing"),
    [(7_999_999, "good"), (8_000_000, "good"), (8_695_653, "warn"), (11_111_111, "warn"), (11_111_112, "bad")],
)
def test_cost_is_warned_of_from_eighty_per_cent_of_its_limit_on(cost_fen: int, standing: str) -> None:
    assert cost_standing(YearSums(0, MILLION, cost_fen), Limits()) == standing


def test_a_share_is_never_said_to_be_smaller_than_it_is() -> None:
    assert YearSums(0, 899_999, 100_001).cost_permille == 101
    assert YearSums(1_000_000, 699_999, 0).spent_permille == 699
    assert YearSums(0, 0, 0).cost_permille == 0


def test_a_small_charity_has_no_limit() -> None:
    half = EXEMPT_FEN // 2
    assert cost_standing(YearSums(0, half - 1, half), Limits()) == "good"
    assert cost_standing(YearSums(0, half, half), Limits()) == "bad"


@pytest.mark.parametrize(
    ("spent_fen", "is_over", "standing"), [(70, False, "good"), (69, False, "warn"), (69, True, "bad")]
)
def test_too_little_spent_is_a_warning_until_the_year_is_over(spent_fen: int, is_over: bool, standing: str) -> None:
    assert spent_standing(YearSums(100, spent_fen, 0), Limits(), year_is_over=is_over) == standing


@pytest.fixture
async def site(transaction: object, clock: SteppedClock) -> Site:
    return await make_site(clock.now())


@pytest.fixture
async def bookkeeper(site: Site, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_staff(Role.BOOKKEEPER, makers.CITY, sealer=sealer, now=clock.now())


@pytest.fixture
async def finance(site: Site, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=clock.now())


async def enter(site: Site, actor: Viewer, cost_fen: int, clock: SteppedClock, *, until: date | None = None) -> None:
    today = beijing_day(clock.now())
    await enter_cost(site.charity_id, today.year, cost_fen, until or today, "业务活动表", actor=actor, now=clock.now())


async def test_sums_are_the_books_by_year_and_the_newest_entry(
    site: Site, bookkeeper: Viewer, clock: SteppedClock
) -> None:
    first = clock.now()
    await book_gift(site.fund_id, 90_000, Source("order_line", 1), paid_at=first, now=first)
    await book_purchase(site.fund_id, makers.TOWN, 10_000, Source("purchase", 1), now=first)
    now = clock.advance(timedelta(days=366))
    await book_gift(site.fund_id, 5_000, Source("order_line", 2), paid_at=now, now=now)
    await book_purchase(site.fund_id, makers.TOWN, 63_000, Source("purchase", 2), now=now)
    await count_months(now=clock.advance(timedelta(minutes=1)))
    await enter(site, bookkeeper, 9_999, clock)
    await enter(site, bookkeeper, 7_000, clock)
    found = await sums_of(site.charity_id, beijing_day(now).year)
    assert found == YearSums(90_000, 63_000, 7_000)
    assert (found.spent_permille, found.cost_permille) == (700, 100)
    assert [one.cost_fen for one in await versions_of(site.charity_id, beijing_day(now).year)] == [7_000, 9_999]


async def test_what_was_entered_is_never_changed(site: Site, bookkeeper: Viewer, clock: SteppedClock) -> None:
    await enter(site, bookkeeper, 100, clock)
    with pytest.raises(OperationalError, match="permission denied"):
        await rows("UPDATE management_cost SET cost_fen = 0")


async def test_limits_hold_from_their_day_on(site: Site, finance: Viewer, clock: SteppedClock) -> None:
    today = beijing_day(clock.now())
    later = today + timedelta(days=10)
    await set_limits(site.charity_id, Limits(700, 130), valid_from=later, actor=finance, now=clock.now())
    assert await limits_on(site.charity_id, today) == Limits(700, 100)
    assert await limits_on(site.charity_id, later) == Limits(700, 130)
    yesterday = today - timedelta(days=1)
    with pytest.raises(InvalidInput):
        await set_limits(site.charity_id, Limits(), valid_from=yesterday, actor=finance, now=clock.now())
    for laxer in (Limits(700, 0), Limits(699, 100), Limits(700, 201), Limits(0, 1_000)):
        with pytest.raises(InvalidInput):
            await set_limits(site.charity_id, laxer, valid_from=later, actor=finance, now=clock.now())
    assert len(await rows("SELECT id FROM event WHERE verb = 'set_cost_limits'")) == 1


async def test_the_bookkeeper_enters_and_finance_sets_limits(
    site: Site, bookkeeper: Viewer, finance: Viewer, clock: SteppedClock
) -> None:
    with pytest.raises(Forbidden):
        await enter(site, finance, 1, clock)
    with pytest.raises(Forbidden):
        await set_limits(
            site.charity_id, Limits(), valid_from=beijing_day(clock.now()), actor=bookkeeper, now=clock.now()
        )
    with pytest.raises(InvalidInput):
        await enter(site, bookkeeper, 1, clock, until=beijing_day(clock.now()) + timedelta(days=1))


async def test_the_page_says_how_the_year_stands(
    client: httpx2.AsyncClient, site: Site, bookkeeper: Viewer, clock: SteppedClock
) -> None:
    now = clock.now()
    await book_gift(site.fund_id, 3 * MILLION, Source("order_line", 1), paid_at=now, now=now)
    await book_purchase(site.fund_id, makers.TOWN, MILLION, Source("purchase", 1), now=now)
    await count_months(now=clock.advance(timedelta(minutes=1)))
    await makers.signed_in(client, bookkeeper, now=clock.now())
    page, today = "/desk/finance/costs", beijing_day(clock.now()).isoformat()
    wrong = {"form_key": secrets.token_urlsafe(24), "cost": "十万", "until": today, "note": "报表"}
    refused = await client.post(page, data=wrong)
    assert refused.status_code == 400
    assert "请填写金额" in refused.text
    sent = {**wrong, "form_key": secrets.token_urlsafe(24), "cost": "100,000.00"}
    assert (await client.post(page, data=sent)).status_code == 303
    shown = (await client.get(page)).text
    assert "管理费用占总支出 9.1 %" in shown
    assert "快到限度" in shown
    assert "改限度" not in shown
