"""The daily bill as the real one is: a zip with names in GBK, two framed GBK files, 25 columns, gone in half a minute."""

from datetime import date, timedelta
from io import BytesIO
from zipfile import ZipFile

import httpx2
import pytest

from cishan.payments.alipay.gateway import GatewayUnknown
from cishan.payments.sandbox.faults import Fault
from gateway_makers import NOON, SELLER_ID, Shop, make_checkout, open_shop

ORDER = "W20260302001"
DAY = date(2026, 3, 2)
NEXT_MORNING = NOON + timedelta(hours=21, minutes=30)


async def fetch(shop: Shop, day: date = DAY) -> list[list[str]]:
    """The rows of the detailed file, each cell without the blanks around it."""
    raw = await shop.gateway.bill(day)
    assert raw is not None
    with ZipFile(BytesIO(raw), metadata_encoding="gbk") as archive:
        stem = f"{SELLER_ID}_{day:%Y%m%d}_业务明细"
        assert archive.namelist() == [f"{stem}.csv", f"{stem}(汇总).csv"]
        text = archive.read(f"{stem}.csv").decode("gb18030")
    assert text.endswith("\r\n")
    lines = [line for line in text.split("\r\n") if line and not line.startswith("#")]
    return [[cell.strip() for cell in line.split(",")] for line in lines]


async def test_a_day_has_its_payments_and_refunds_with_their_numbers() -> None:
    async with open_shop(fee_per_ten_thousand=60) as shop:
        await shop.pay(make_checkout())
        await shop.gateway.refund(ORDER, "R1", 1_000, "捐款退回")
        shop.clock.move_to(NEXT_MORNING)
        header, paid, back = await fetch(shop)
        assert len(header) == len(paid) == len(back) == 25
        assert (header[0], header[21], header[22]) == ("支付宝交易号", "退款批次号/请求号", "服务费（元）")
        assert (paid[1], paid[2], paid[11], paid[22]) == (ORDER, "交易", "88.80", "-0.53")
        assert (back[1], back[2], back[11], back[21]) == (ORDER, "退款", "-10.00", "R1")


async def test_it_is_there_from_nine_the_next_morning_and_empty_days_have_none() -> None:
    async with open_shop() as shop:
        await shop.pay(make_checkout())
        shop.clock.move_to(NOON + timedelta(hours=20))
        assert await shop.gateway.bill(DAY) is None
        shop.clock.move_to(NEXT_MORNING)
        assert await shop.gateway.bill(DAY) is not None
        assert await shop.gateway.bill(DAY - timedelta(days=1)) is None


async def test_its_address_is_dead_after_half_a_minute() -> None:
    async with open_shop() as shop:
        await shop.pay(make_checkout())
        shop.clock.move_to(NEXT_MORNING)
        desk = shop.running.sandbox.merchant
        key = desk._new_address(shop.gateway.merchant.app_id, DAY, shop.clock.now())
        assert desk.bill_file(key) is not None
        shop.clock.advance(timedelta(seconds=30))
        answer = await shop.browser.get(f"{shop.running.url}/bill/{key}")
        assert answer.status_code == 404


async def test_a_bill_that_lies_elsewhere_is_not_fetched() -> None:
    async with open_shop() as shop:
        for address in ("http://169.254.169.254/latest", "https://bills.example/x.zip", "file:///etc/passwd"):
            with pytest.raises(GatewayUnknown):
                await shop.gateway._fetch(address)


async def test_the_faults_of_the_bill() -> None:
    async with open_shop(faults=frozenset({Fault.WRONG_BILL})) as shop:
        await shop.pay(make_checkout())
        shop.clock.move_to(NEXT_MORNING)
        assert (await fetch(shop))[1][11] == "88.81"
        shop.running.sandbox.set_faults(ORDER, frozenset({Fault.LATE_IN_BILL}))
        assert await shop.gateway.bill(DAY) is None
        shop.clock.advance(timedelta(days=1))
        assert (await fetch(shop, DAY + timedelta(days=1)))[1][1] == ORDER


async def test_the_operator_refunds_as_the_merchants_console_would() -> None:
    async with open_shop(operator=True) as shop:
        await shop.pay(make_checkout())
        page = await shop.browser.get(f"{shop.running.url}/operator")
        assert ORDER in page.text
        path = f"{shop.running.url}/operator/{ORDER}/refund"
        strange = await shop.browser.post(path, data={"amount": "1.00"}, headers={"Origin": "http://shop.example"})
        assert strange.status_code == 404
        done = await shop.browser.post(path, data={"amount": "1.00"})
        assert isinstance(done, httpx2.Response)
        assert done.status_code == 303
        trade = shop.running.sandbox.store.trade(shop.gateway.merchant.app_id, ORDER)
        assert trade is not None
        assert trade.refunded_fen == 100
