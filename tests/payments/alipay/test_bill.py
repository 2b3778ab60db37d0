"""Fetching a day's bill: only from where bills lie, whole or not at all, and its address is in no log."""

import logging
from datetime import date

import pytest

from cishan.clock import SteppedClock
from cishan.payments.alipay.gateway import GatewayRefused, GatewayUnknown
from gateway_makers import NOON
from reconciliation.bill_makers import FakeAlipay, bill_zip

DAY = date(2026, 3, 1)
BILL = bill_zip([], DAY)


def alipay(**options: object) -> FakeAlipay:
    return FakeAlipay(bills={DAY: BILL}, **options)  # type: ignore[arg-type]


async def test_a_bill_is_fetched_from_the_address_that_alipay_names() -> None:
    shop = alipay()
    assert await shop.gateway(SteppedClock(NOON)).bill(DAY) == BILL


@pytest.mark.parametrize("refusal", ["NO_BILL_DATA", "BILL_NOT_EXIST"])
async def test_an_empty_day_and_a_bill_not_ready_are_none(refusal: str) -> None:
    assert await alipay(refusal=refusal).gateway(SteppedClock(NOON)).bill(DAY) is None


async def test_another_refusal_is_told() -> None:
    with pytest.raises(GatewayRefused):
        await alipay(refusal="INVAILID_ARGUMENTS").gateway(SteppedClock(NOON)).bill(DAY)


async def test_a_gateway_that_is_away_leaves_the_bill_unknown() -> None:
    with pytest.raises(GatewayUnknown):
        await alipay(away=True).gateway(SteppedClock(NOON)).bill(DAY)


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/{day}",
        "http://127.0.0.1:5432/{day}",
        "file:///etc/passwd",
        "https://alipay.com.example/{day}",
        "https://evilalipay.com/{day}",
        "https://user@dwbillcenter.alipay.com/{day}",
        "https://dwbillcenter.alipay.com:8443/{day}",
        "https://127.0.0.1:9@dwbillcenter.alipay.com.example/{day}",
        "http://[broken/{day}",
        "",
    ],
)
async def test_nothing_is_fetched_from_anywhere_else(address: str) -> None:
    shop = alipay(address=address)
    with pytest.raises(GatewayUnknown):
        await shop.gateway(SteppedClock(NOON)).bill(DAY)
    assert shop.fetched == []


async def test_an_address_of_alipay_in_plain_http_is_fetched_with_tls() -> None:
    shop = alipay(address="http://dwbillcenter.alipay.com/download/{day}")
    await shop.gateway(SteppedClock(NOON)).bill(DAY)
    assert shop.fetched == [f"https://dwbillcenter.alipay.com/download/{DAY}"]


async def test_the_address_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    shop = alipay()
    with caplog.at_level(logging.DEBUG):
        await shop.gateway(SteppedClock(NOON)).bill(DAY)
    assert len(shop.fetched) == 1
    assert not any("/bill/" in record.getMessage() for record in caplog.records)
