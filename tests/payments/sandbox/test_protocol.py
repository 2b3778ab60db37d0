"""The wire as a merchant sees it: the envelope, the error codes, and the limits of a pay request."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from alipay.aop.api.util.SignatureUtils import verify_with_rsa

from cishan.clock import SteppedClock
from cishan.payments.alipay.signing import load_private_key, public_key_pem, sign
from cishan.payments.alipay.terms import Checkout
from cishan.payments.sandbox.app import create_sandbox_app
from cishan.payments.sandbox.engine import Sandbox
from cishan.payments.sandbox.settings import SandboxRefused
from gateway_makers import (
    NOON,
    SELLER_ID,
    Shop,
    alipay_key_pem,
    app_key_pem,
    make_checkout,
    make_settings,
    open_shop,
    strangers_key_pem,
)

QUERY = {
    "app_id": "2021000000000001",
    "method": "alipay.trade.query",
    "format": "json",
    "charset": "utf-8",
    "sign_type": "RSA2",
    "timestamp": "2026-03-02 12:00:00",
    "version": "1.0",
    "biz_content": '{"out_trade_no":"W1"}',
}


def signed(changes: dict[str, str | None], key_pem: str | None = None) -> dict[str, str]:
    params = {name: value for name, value in {**QUERY, **changes}.items() if value is not None}
    return {"sign": sign(params, load_private_key(key_pem or app_key_pem())), **params}


async def ask(shop: Shop, params: dict[str, str]) -> dict[str, Any]:
    """Asks, checks the official way that the answer is signed, and returns what it says."""
    response = await shop.browser.post(shop.running.gateway_url, data=params)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html;charset=utf-8"
    match = re.fullmatch(rb'\{"([a-z_]+_response)":(\{.*\}),"sign":"([^"]+)"\}', response.content)
    assert match
    assert verify_with_rsa(public_key_pem(alipay_key_pem()), match[2], match[3].decode())
    assert b'": ' not in match[2]
    answer: dict[str, Any] = json.loads(match[2])
    return answer


@pytest.mark.parametrize(
    ("changes", "code", "sub_code"),
    [
        ({"app_id": None}, "40001", "isv.missing-app-id"),
        ({"method": None}, "40001", "isv.missing-method"),
        ({"sign_type": None}, "40001", "isv.missing-signature-type"),
        ({"timestamp": None}, "40001", "isv.missing-timestamp"),
        ({"version": None}, "40001", "isv.missing-version"),
        ({"app_id": "2021000000000009"}, "40002", "isv.invalid-app-id"),
        ({"sign_type": "RSA"}, "40002", "isv.invalid-signature-type"),
        ({"timestamp": "2026-13-02 12:00:00"}, "40002", "isv.invalid-timestamp"),
        ({"timestamp": "12:00"}, "40002", "isv.invalid-timestamp"),
        ({"charset": "GBK"}, "40002", "isv.invalid-charset"),
        ({"method": "alipay.trade.orderinfo.sync"}, "40002", "isv.invalid-method"),
        ({"version": "2.0"}, "40002", "isv.invalid-format"),
        ({"biz_content": "[]"}, "40002", "isv.invalid-parameter"),
        ({"notify_url": "http://a/" + "b" * 256}, "40002", "isv.invalid-notify-url"),
        ({}, "40004", "ACQ.TRADE_NOT_EXIST"),
        ({"biz_content": "{}"}, "40004", "ACQ.INVALID_PARAMETER"),
    ],
)
async def test_errors_are_signed_answers_with_alipays_codes(
    changes: dict[str, str | None], code: str, sub_code: str
) -> None:
    async with open_shop() as shop:
        answer = await ask(shop, signed(changes))
        assert (answer["code"], answer["sub_code"]) == (code, sub_code)


async def test_an_unsigned_or_badly_signed_request_is_refused() -> None:
    async with open_shop() as shop:
        unsigned = await ask(shop, {k: v for k, v in QUERY.items() if v})
        strangers = await ask(shop, signed({}, strangers_key_pem()))
        changed = await ask(shop, {**signed({}), "biz_content": '{"out_trade_no":"W2"}'})
        assert unsigned["sub_code"] == "isv.missing-signature"
        assert strangers["sub_code"] == changed["sub_code"] == "isv.invalid-signature"


async def test_a_parameter_in_both_query_and_form_is_refused() -> None:
    async with open_shop() as shop:
        response = await shop.browser.post(f"{shop.running.gateway_url}?app_id=1", data=signed({}))
        assert "isv.invalid-parameter" in response.text


async def test_a_query_by_alipays_own_number_wins_over_ours() -> None:
    async with open_shop() as shop:
        await shop.open_cashier(make_checkout("W1"))
        trade = await shop.gateway.query("W1")
        assert trade is not None
        both = json.dumps({"trade_no": trade.trade_no, "out_trade_no": "OTHER"})
        answer = await ask(shop, signed({"biz_content": both}))
        assert answer["out_trade_no"] == "W1"
        neither = json.dumps({"trade_no": "2026", "out_trade_no": "W1"})
        assert (await ask(shop, signed({"biz_content": neither})))["sub_code"] == "ACQ.TRADE_NOT_EXIST"


def pay_params(shop: Shop, phone: bool, biz: dict[str, Any], **public: str) -> dict[str, str]:
    """A true pay request with its content changed behind the port's back, and signed again."""
    checkout: Checkout = make_checkout(phone=phone)
    params = dict(parse_qsl(urlsplit(shop.gateway.checkout_url(checkout)).query))
    content = {**json.loads(params["biz_content"]), **biz}
    params |= {"biz_content": json.dumps({k: v for k, v in content.items() if v is not None}), **public}
    del params["sign"]
    return {**params, "sign": sign(params, load_private_key(app_key_pem()))}


@pytest.mark.parametrize(
    "biz",
    [
        {"out_trade_no": "W-1"},
        {"out_trade_no": "W" * 65},
        {"out_trade_no": 1},
        {"total_amount": "0.00"},
        {"total_amount": "100000000.01"},
        {"total_amount": "1.001"},
        {"total_amount": 88.8},
        {"subject": "a/b"},
        {"subject": None},
        {"subject": "灯" * 257},
        {"product_code": "QUICK_MSECURITY_PAY"},
        {"time_expire": "2026-03-02 12:00:59"},
        {"time_expire": "2026-03-17 12:00:01"},
        {"time_expire": "tomorrow"},
        {"time_expire": None, "timeout_express": "1.5h"},
        {"time_expire": None, "timeout_express": "16d"},
    ],
)
@pytest.mark.parametrize("phone", [False, True])
async def test_a_pay_request_outside_the_limits_shows_a_page_that_says_so(phone: bool, biz: dict[str, Any]) -> None:
    async with open_shop() as shop:
        response = await shop.browser.get(shop.running.gateway_url, params=pay_params(shop, phone, biz))
        assert response.status_code == 200
        assert re.search("ACQ.(INVALID_PARAMETER|TOTAL_FEE_EXCEED)", response.text)


async def test_the_phone_method_refuses_another_sellers_account() -> None:
    async with open_shop() as shop:
        for seller_id, status in ((SELLER_ID, 303), ("2088000000000999", 200)):
            params = pay_params(shop, True, {"seller_id": seller_id})
            assert (await shop.browser.get(shop.running.gateway_url, params=params)).status_code == status


@pytest.mark.parametrize(("express", "lasts"), [("90m", 90), ("2h", 120), ("1d", 1440), (None, 15 * 1440)])
async def test_without_time_expire_the_other_limit_counts(express: str | None, lasts: int) -> None:
    async with open_shop() as shop:
        biz = {"time_expire": None, "timeout_express": express}
        call = shop.running.sandbox.read_call(pay_params(shop, False, biz))
        checkout = shop.running.sandbox.accept_checkout(call)
        assert checkout.expires_at == NOON + timedelta(minutes=lasts)


async def test_a_pay_request_with_a_bad_signature_shows_a_page_and_no_cashier() -> None:
    async with open_shop() as shop:
        params = {**pay_params(shop, False, {}), "notify_url": "http://elsewhere.example/notify"}
        response = await shop.browser.get(shop.running.gateway_url, params=params)
        assert "isv.invalid-signature" in response.text


async def test_absolute_targets_are_understood_whatever_the_server_makes_of_them() -> None:
    """Some servers hand on `http://host/gateway.do` as the path itself."""
    sandbox = Sandbox(make_settings(), SteppedClock(NOON))
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": urlencode(signed({})).encode(), "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "http://127.0.0.1/gateway.do",
        "query_string": b"",
        "headers": [],
    }
    await create_sandbox_app(sandbox)(scope, receive, send)  # type: ignore[arg-type]
    assert b"ACQ.TRADE_NOT_EXIST" in sent[1]["body"]
    await sandbox.aclose()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "8.8.8.8", "localhost", ""])
def test_the_sandbox_refuses_to_listen_where_others_can_reach_it(host: str) -> None:
    with pytest.raises(SandboxRefused, match="loopback"):
        make_settings(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1"])
def test_the_sandbox_listens_on_loopback(host: str) -> None:
    assert make_settings(host=host).host == host


def test_the_sandbox_refuses_the_key_pair_of_an_application() -> None:
    with pytest.raises(SandboxRefused, match="same key pair"):
        make_settings(private_key_pem=app_key_pem())


async def test_a_huge_request_is_refused() -> None:
    async with open_shop() as shop:
        response = await shop.browser.post(shop.running.gateway_url, content=b"a=" + b"1" * 1_000_000)
        assert isinstance(response, httpx2.Response)
        assert response.status_code == 413
