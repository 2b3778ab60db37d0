"""The bank in a browser: the cashier brings a statement, the bookkeeper says what each movement is."""

import pytest
from starlette.applications import Starlette

from cishan.accounts.states import Role
from cishan.bank.reading import COLUMNS
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.sealing import Sealer
from cishan.settings import Settings
from reconciliation.scenes import Shop, browser, key_of, make_desk, make_shop

WITHDRAWN = "2025-03-04 10:20:00,BK0001,200.00,,支付宝（中国）网络技术有限公司,提现"
OTHER = "2025-03-04 10:20:00,BK0002,50.00,,=cmd()|张三,往来"


@pytest.fixture
async def shop(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Shop:
    return await make_shop(transaction, sealer, clock)


@pytest.fixture
async def site(shop: Shop) -> Starlette:
    return await make_desk(shop)


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
