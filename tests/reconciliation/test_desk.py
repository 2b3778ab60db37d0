"""What finance does in a browser: the bookkeeper finds and proposes, finance agrees, the cashier brings the statement."""

import re

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.states import Role
from cishan.app import create_app
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.reconciliation.bank_reading import COLUMNS
from cishan.sealing import Sealer
from cishan.settings import Settings
from conftest import browser_for
from reconciliation.scenes import DAY, Shop, make_shop

HERE = f"/desk/finance/reconciliation/{DAY}"
WITHDRAWN = "2025-03-04 10:20:00,BK0001,200.00,,支付宝（中国）网络技术有限公司,提现"
OTHER = "2025-03-04 10:20:00,BK0002,50.00,,=cmd()|张三,往来"


@pytest.fixture
async def shop(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Shop:
    return await make_shop(transaction, sealer, clock)


@pytest.fixture
async def site(shop: Shop, transaction: Settings) -> Starlette:
    app = create_app(
        transaction,
        clock=shop.clock,
        gateway=shop.services.gateway,
        passwords=makers.QUICK_PASSWORDS,
        open_database=False,
    )
    async with app.router.lifespan_context(app):
        return app


async def browser(site: Starlette, shop: Shop, role: Role) -> httpx2.AsyncClient:
    found = browser_for(site)
    return await makers.signed_in(found, await shop.staff(role), now=shop.clock.now())


def key_of(page: httpx2.Response) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', page.text)
    assert found
    return found.group(1)


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


async def test_a_statement_goes_from_the_cashier_to_the_bookkeeper(shop: Shop, site: Starlette) -> None:
    await shop.paid()
    cashier, bookkeeper = await browser(site, shop, Role.CASHIER), await browser(site, shop, Role.BOOKKEEPER)
    bank = await cashier.get("/desk/finance/bank")
    content = "\r\n".join((",".join(COLUMNS), WITHDRAWN, OTHER)).encode()
    files = {"file": ("3月.csv", content, "text/csv")}
    answer = await cashier.post("/desk/finance/bank", data={"form_key": key_of(bank)}, files=files)
    assert answer.status_code == 303
    preview = await cashier.get(answer.headers["location"])
    await cashier.post(f"{answer.headers['location']}/apply", data={"form_key": key_of(preview)})
    page = await bookkeeper.get("/desk/finance/bank")
    assert "支付宝（中国）" in page.text
    assert "没有认定 2" in page.text
    line = (await rows("SELECT id FROM bank_line WHERE serial = 'BK0001'"))[0]["id"]
    chosen = await bookkeeper.get(f"/desk/finance/bank?handle={line}")
    form = {"form_key": key_of(chosen), "status": "withdrawal"}
    await bookkeeper.post(f"/desk/finance/bank/lines/{line}", data=form)
    assert await balance_of(shop.site.fund_id, AccountType.BANK) == 20_000
    finance = await bookkeeper.get("/desk/finance")
    assert "在银行账户" in finance.text
    assert "账是平的" in finance.text


async def test_wrong_rows_of_a_statement_are_named_and_nothing_is_kept(shop: Shop, site: Starlette) -> None:
    cashier = await browser(site, shop, Role.CASHIER)
    content = "\r\n".join((",".join(COLUMNS), WITHDRAWN, "昨天,BK9,1,,,x")).encode()
    files = {"file": ("3月.csv", content, "text/csv")}
    key = key_of(await cashier.get("/desk/finance/bank"))
    answer = await cashier.post("/desk/finance/bank", data={"form_key": key}, files=files)
    assert answer.status_code == 400
    assert "第 3 行" in answer.text
    assert "请写成 2025-03-04" in answer.text
    assert await rows("SELECT id FROM bank_statement") == []


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
