"""Makers for tests of the Alipay port and its sandbox: two key pairs, a merchant, checkouts, a listening shop."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import httpx2

from cishan.clock import SteppedClock
from cishan.payments.alipay.gateway import AlipayGateway, Checkout, Merchant
from cishan.payments.alipay.signing import (
    NOTICE_LEAVES_OUT,
    generate_private_key_pem,
    load_private_key,
    public_key_pem,
    sign,
)
from cishan.payments.sandbox.serve import RunningSandbox, running_sandbox
from cishan.payments.sandbox.settings import SandboxSettings, application_of

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Beijing
APP_ID = "2021000000000001"
SELLER_ID = "2088000000000156"
SHOP_URL = "http://shop.example"


@cache
def app_key_pem() -> str:
    return generate_private_key_pem()


@cache
def alipay_key_pem() -> str:
    return generate_private_key_pem()


@cache
def strangers_key_pem() -> str:
    return generate_private_key_pem()


def make_merchant(gateway_url: str = "http://127.0.0.1:9/gateway.do") -> Merchant:
    return Merchant(
        app_id=APP_ID,
        seller_id=SELLER_ID,
        private_key_pem=app_key_pem(),
        alipay_public_key_pems=(public_key_pem(alipay_key_pem()),),
        gateway_url=gateway_url,
    )


def make_gateway(
    gateway_url: str = "http://127.0.0.1:9/gateway.do", clock: SteppedClock | None = None, **options: Any
) -> AlipayGateway:
    return AlipayGateway(make_merchant(gateway_url), clock or SteppedClock(NOON), **options)


def make_checkout(out_trade_no: str = "W20260302001", **changes: Any) -> Checkout:
    values: dict[str, Any] = {
        "out_trade_no": out_trade_no,
        "subject": "微心愿：台灯",
        "total_fen": 8880,
        "expires_at": NOON + timedelta(minutes=30),
        "notify_url": f"{SHOP_URL}/notify",
        "return_url": f"{SHOP_URL}/return",
        "quit_url": f"{SHOP_URL}/wish/7",
        "phone": False,
    }
    return Checkout(**{**values, **changes})


def make_settings(**changes: Any) -> SandboxSettings:
    values: dict[str, Any] = {
        "applications": (application_of(make_merchant(), "德州市慈善总会"),),
        "private_key_pem": alipay_key_pem(),
    }
    return SandboxSettings(**{**values, **changes})


def notice_form(changes: Mapping[str, str | None] | None = None, key_pem: str | None = None) -> bytes:
    """A paid notice as Alipay posts it, with changes made before it is signed; None leaves a field out."""
    fields: dict[str, str | None] = {
        "notify_type": "trade_status_sync",
        "notify_id": "2026030200222120000000001",
        "notify_time": "2026-03-02 12:05:01",
        "app_id": APP_ID,
        "auth_app_id": APP_ID,
        "charset": "utf-8",
        "version": "1.0",
        "sign_type": "RSA2",
        "trade_no": "2026030222001400000000000001",
        "out_trade_no": "W20260302001",
        "buyer_id": "2088000000000001",
        "buyer_logon_id": "139****0001",
        "seller_id": SELLER_ID,
        "trade_status": "TRADE_SUCCESS",
        "total_amount": "88.80",
        "receipt_amount": "88.80",
        "subject": "微心愿：台灯 + 灯泡 100%",
        "body": "",
        "gmt_payment": "2026-03-02 12:05:00",
        "fund_bill_list": '[{"amount":"88.80","fundChannel":"ALIPAYACCOUNT"}]',
        **(changes or {}),
    }
    form = {name: value for name, value in fields.items() if value is not None}
    form["sign"] = sign(form, load_private_key(key_pem or alipay_key_pem()), NOTICE_LEAVES_OUT)
    return urlencode(form).encode()


@dataclass
class Shop:
    """The merchant's side of the wire: keeps what it is told, and answers what the test wants."""

    gateway: AlipayGateway
    running: RunningSandbox
    clock: SteppedClock
    browser: httpx2.AsyncClient
    bodies: list[bytes] = field(default_factory=list)
    answer: str = "success"

    async def receive(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append(await request.aread())
        return httpx2.Response(200, text=self.answer)

    async def open_cashier(self, checkout: Checkout) -> httpx2.Response:
        return await self.browser.get(self.gateway.checkout_url(checkout), follow_redirects=True)

    async def press(self, cashier: httpx2.Response, button: str) -> httpx2.Response:
        """Presses `pay`, `decline` or `leave` on the open page."""
        return await self.browser.post(f"{cashier.url.copy_with(query=None)}/{button}")

    async def pay(self, checkout: Checkout) -> httpx2.Response:
        return await self.press(await self.open_cashier(checkout), "pay")


@asynccontextmanager
async def open_shop(clock: SteppedClock | None = None, **settings: Any) -> AsyncIterator[Shop]:
    """A shop and a sandbox over real HTTP; only the notices go to the shop directly, without a second server."""
    clock = clock or SteppedClock(NOON)

    async def to_shop(request: httpx2.Request) -> httpx2.Response:
        return await shop.receive(request)

    async with (
        httpx2.AsyncClient(transport=httpx2.MockTransport(to_shop)) as postman,
        running_sandbox(make_settings(**settings), clock, client=postman) as running,
        httpx2.AsyncClient(trust_env=False) as browser,
    ):
        shop = Shop(make_gateway(running.gateway_url, clock), running, clock, browser)
        try:
            yield shop
        finally:
            await shop.gateway.aclose()
