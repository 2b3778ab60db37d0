"""A company pledges a gift by transfer in the browser, the cashier brings the statement, the company reads that it came."""

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from bank.bank_makers import bank_line, bring, line, table, take
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.actions import set_bank_account
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.payments.rules import spaced_code
from cishan.sealing import Sealer
from cishan.settings import Settings
from conftest import browser_for
from reconciliation.scenes import Shop, browser, key_of, make_desk, make_shop

GIVEN_FEN = 200_000_000
BANK_NUMBER = "37050000000000000001"


@pytest.fixture
async def shop(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Shop:
    made = await make_shop(transaction, sealer, clock)
    await set_bank_account(made.site.charity_id, bank_name="示例银行德州分行", bank_number=BANK_NUMBER)
    return made


@pytest.fixture
async def site(shop: Shop) -> Starlette:
    return await make_desk(shop)


async def signed_in(site: Starlette, shop: Shop, viewer: Viewer) -> httpx2.AsyncClient:
    return await makers.signed_in(browser_for(site), viewer, now=shop.clock.now())


@pytest.fixture
async def officer(site: Starlette, shop: Shop) -> httpx2.AsyncClient:
    company = await makers.make_organisation(sealer=shop.services.sealer, now=shop.clock.now())
    return await signed_in(site, shop, company)


async def give(client: httpx2.AsyncClient, amount: str = "2000000", **changes: str) -> httpx2.Response:
    form = {"form_key": key_of(await client.get("/give")), "chip": "other", "amount": amount, "channel": "bank"}
    return await client.post("/give", data={**form, "source": "business", **changes})


async def test_a_transfer_from_pledge_to_thanks(shop: Shop, site: Starlette, officer: httpx2.AsyncClient) -> None:
    assert "银行转账（对公）" in (await officer.get("/give")).text
    answer = await give(officer)
    assert answer.status_code == 303
    page = answer.headers["location"]
    slip = (await officer.get(page)).text
    code = (await rows("SELECT transfer_code FROM payment_order"))[0]["transfer_code"]
    for words in ("德州市慈善总会", "示例银行德州分行", BANK_NUMBER, spaced_code(code), code, "2,000,000 元"):
        assert words in slip
    assert "去付款" not in slip
    assert (await officer.get(f"{page}/pay")).headers["location"] == page

    cashier = await browser(site, shop, Role.CASHIER)
    form = {"form_key": key_of(await cashier.get("/desk/finance/bank"))}
    content = table(line("BK01", GIVEN_FEN, shop.clock.now(), summary=f"捐款 {code}")).getvalue()
    preview = await cashier.post("/desk/finance/bank", data=form, files={"file": ("3月.csv", content, "text/csv")})
    form = {"form_key": key_of(await cashier.get(preview.headers["location"]))}
    assert (await cashier.post(f"{preview.headers['location']}/apply", data=form)).status_code == 303
    assert await balance_of(shop.site.fund_id, AccountType.BANK) == GIVEN_FEN
    after = (await officer.get(page)).text
    assert "钱已经记入" in after
    assert "请从单位的账户转账" not in after
    every = (await cashier.get("/desk/finance/bank?all=1")).text
    assert "捐款。转账码和金额都对得上，自动认定" in every


async def test_the_bookkeeper_is_shown_which_pledges_a_transfer_without_a_code_may_be(
    shop: Shop, site: Starlette, officer: httpx2.AsyncClient
) -> None:
    await give(officer)
    code = (await rows("SELECT transfer_code FROM payment_order"))[0]["transfer_code"]
    cashier, bookkeeper = await browser(site, shop, Role.CASHIER), await browser(site, shop, Role.BOOKKEEPER)
    form = {"form_key": key_of(await cashier.get("/desk/finance/bank"))}
    content = table(line("BK01", GIVEN_FEN, shop.clock.now())).getvalue()
    preview = await cashier.post("/desk/finance/bank", data=form, files={"file": ("3月.csv", content, "text/csv")})
    form = {"form_key": key_of(await cashier.get(preview.headers["location"]))}
    await cashier.post(f"{preview.headers['location']}/apply", data=form)
    line_id = (await bank_line("BK01"))["id"]
    chosen = await bookkeeper.get(f"/desk/finance/bank?handle={line_id}")
    assert code in chosen.text
    assert "手续费" not in chosen.text
    wrong = {"form_key": key_of(chosen), "status": "gift", "number": "CS1234"}
    refused = await bookkeeper.post(f"/desk/finance/bank/lines/{line_id}", data=wrong)
    assert refused.status_code == 400
    assert 'value="CS1234"' in refused.text
    assert "请填转账码" in refused.text
    right = {"form_key": key_of(refused), "status": "gift", "number": spaced_code(code)}
    assert (await bookkeeper.post(f"/desk/finance/bank/lines/{line_id}", data=right)).status_code == 303
    assert await balance_of(shop.site.fund_id, AccountType.FUND) == -GIVEN_FEN


async def test_a_person_is_not_offered_a_transfer_and_can_t_ask_for_one(shop: Shop, site: Starlette) -> None:
    donor = await makers.make_donor(sealer=shop.services.sealer, now=shop.clock.now())
    client = await signed_in(site, shop, donor)
    assert "银行转账" not in (await client.get("/give")).text
    answer = await give(client, amount="100")
    assert answer.status_code == 400
    assert "这里不收银行转账" in answer.text
    assert await rows("SELECT id FROM payment_order") == []


async def test_without_an_account_of_the_charity_no_transfer_is_offered(
    shop: Shop, officer: httpx2.AsyncClient
) -> None:
    await set_bank_account(shop.site.charity_id, bank_name="", bank_number="")
    assert "银行转账" not in (await officer.get("/give")).text
    assert (await give(officer)).status_code == 400


async def test_more_than_a_million_goes_by_bank_alone(officer: httpx2.AsyncClient) -> None:
    refused = await give(officer, channel="alipay")
    assert refused.status_code == 400
    assert "银行转账" in refused.text
    assert (await give(officer, amount="10000000.01")).status_code == 400


async def test_a_company_takes_its_announcement_back_and_money_that_comes_all_the_same_is_received(
    shop: Shop, site: Starlette, officer: httpx2.AsyncClient
) -> None:
    page = (await give(officer)).headers["location"]
    shown = await officer.get(page)
    cancelled = await officer.post(f"{page}/cancel", data={"form_key": key_of(shown)})
    assert cancelled.status_code == 303
    assert "没有付款，这次捐款没有生效" in (await officer.get(page)).text
    again = await officer.post(f"{page}/cancel", data={"form_key": "a-new-key-of-a-form"})
    assert again.status_code == 409
    stranger = await signed_in(site, shop, await makers.make_donor(sealer=shop.services.sealer, now=shop.clock.now()))
    assert (await stranger.post(f"{page}/cancel", data={"form_key": "another-key-of-a-form"})).status_code == 404
    code = (await rows("SELECT transfer_code FROM payment_order"))[0]["transfer_code"]
    await bring(shop, line("BK01", GIVEN_FEN, shop.clock.now(), summary=code))
    assert await take(shop) == 1
    assert await balance_of(shop.site.fund_id, AccountType.FUND) == -GIVEN_FEN
