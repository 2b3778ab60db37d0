"""What finance does in a browser: the bookkeeper finds and proposes, finance agrees."""

import httpx2
import pytest
from starlette.applications import Starlette

from cishan.accounts.states import Role
from cishan.clock import SteppedClock
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.sealing import Sealer
from cishan.settings import Settings
from reconciliation.scenes import DAY, Shop, browser, key_of, make_desk, make_shop

HERE = f"/desk/finance/reconciliation/{DAY}"


@pytest.fixture
async def shop(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Shop:
    return await make_shop(transaction, sealer, clock)


@pytest.fixture
async def site(shop: Shop) -> Starlette:
    return await make_desk(shop)


async def with_less_there(shop: Shop) -> int:
    await shop.paid()
    shop.bill()
    await shop.reconcile()
    return int((await shop.differences())[0]["id"])


async def test_a_difference_is_proposed_by_one_and_agreed_to_by_another(shop: Shop, site: Starlette) -> None:
    difference = await with_less_there(shop)
    bookkeeper, finance = await browser(site, shop, Role.BOOKKEEPER), await browser(site, shop, Role.FINANCE)
    days = await bookkeeper.get("/desk/finance/reconciliation")
    assert "1 处差异" in days.text
    assert HERE in days.text
    page = await bookkeeper.get(HERE)
    assert "我们有，支付宝没有" in page.text
    assert "要财务同意" in page.text
    form = {"form_key": key_of(page), "resolution": "booked", "note": "支付宝客服说没有这笔"}
    answer = await bookkeeper.post(f"/desk/finance/differences/{difference}/resolve", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, HERE)
    assert "/agree" not in (await bookkeeper.get(HERE)).text
    page = await finance.get(HERE)
    assert "支付宝客服说没有这笔" in page.text
    await finance.post(f"/desk/finance/differences/{difference}/agree", data={"form_key": key_of(page)})
    assert "差异已处理" in (await finance.get(HERE)).text
    assert await balance_of(shop.site.fund_id, AccountType.ALIPAY) == 0


async def test_a_refused_reason_is_shown_again_with_what_was_typed(shop: Shop, site: Starlette) -> None:
    difference = await with_less_there(shop)
    bookkeeper = await browser(site, shop, Role.BOOKKEEPER)
    form = {"form_key": key_of(await bookkeeper.get(HERE)), "resolution": "booked", "note": "不知"}
    answer = await bookkeeper.post(f"/desk/finance/differences/{difference}/resolve", data=form)
    assert answer.status_code == 400
    assert "请写明原因" in answer.text
    assert "不知</textarea>" in answer.text


async def test_a_form_stands_with_one_difference_and_the_others_lead_to_theirs(shop: Shop, site: Starlette) -> None:
    await shop.paid()
    await with_less_there(shop)
    bookkeeper = await browser(site, shop, Role.BOOKKEEPER)
    page = await bookkeeper.get(HERE)
    assert page.text.count('id="f-note"') == 0
    second = (await shop.differences())[1]["id"]
    chosen = await bookkeeper.get(f"{HERE}?handle={second}")
    assert (chosen.text.count('id="f-note"'), f"/differences/{second}/resolve" in chosen.text) == (1, True)


async def test_the_bill_is_fetched_anew_when_somebody_asks(shop: Shop, site: Starlette) -> None:
    order = await shop.paid()
    shop.bill()
    await shop.reconcile()
    shop.bill(shop.listed(order))
    bookkeeper = await browser(site, shop, Role.BOOKKEEPER)
    answer = await bookkeeper.post(f"{HERE}/again", data={"form_key": key_of(await bookkeeper.get(HERE))})
    assert answer.status_code == 303
    assert (await shop.day())["status"] == "agreed"


async def test_the_months_page_says_what_stands_in_the_way_and_gives_the_vouchers(shop: Shop, site: Starlette) -> None:
    await with_less_there(shop)
    bookkeeper = await browser(site, shop, Role.BOOKKEEPER)
    page = await bookkeeper.get("/desk/finance/months")
    assert "1 处差异没有处理完" in page.text
    assert "这个月还没有过完" in page.text
    await shop.chained()
    table = await bookkeeper.get("/desk/finance/months/2025-03/vouchers.csv")
    assert "4101" in table.text
    assert table.headers["cache-control"] == "private, no-store"
    assert (await bookkeeper.get("/desk/finance/months/2025-03/vouchers.xlsx")).content.startswith(b"PK")
    for wrong in ("2025-13", "2025-3", "x"):
        assert (await bookkeeper.get(f"/desk/finance/months/{wrong}/vouchers.csv")).status_code == 404
    key = key_of(await browser_form(bookkeeper))
    refused = await bookkeeper.post("/desk/finance/months/2025-03/propose", data={"form_key": key})
    assert refused.status_code == 409


async def browser_form(browser: httpx2.AsyncClient) -> httpx2.Response:
    """Any page with a form key of this person's."""
    return await browser.get(HERE)
