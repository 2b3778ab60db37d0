"""The link to the cashier: what the official SDK would have built, signed by us, stamped with Beijing time."""

import json
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from alipay.aop.api.util.SignatureUtils import get_sign_content, verify_with_rsa

from cishan.payments.alipay.gateway import CheckoutTooLate
from cishan.payments.alipay.signing import public_key_pem
from gateway_makers import NOON, SELLER_ID, app_key_pem, make_checkout, make_gateway

GATEWAY = make_gateway("https://openapi.example/gateway.do")


def params_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def test_a_desk_goes_to_page_pay() -> None:
    url = GATEWAY.checkout_url(make_checkout())
    params = params_of(url)
    assert url.startswith("https://openapi.example/gateway.do?")
    assert params["method"] == "alipay.trade.page.pay"
    assert json.loads(params["biz_content"]) == {
        "out_trade_no": "W20260302001",
        "product_code": "FAST_INSTANT_TRADE_PAY",
        "request_from_url": "http://shop.example/wish/7",
        "subject": "微心愿：台灯",
        "time_expire": "2026-03-02 12:30:00",
        "total_amount": "88.80",
    }


def test_a_phone_goes_to_wap_pay_and_names_seller_and_way_out() -> None:
    params = params_of(GATEWAY.checkout_url(make_checkout(phone=True)))
    content = json.loads(params["biz_content"])
    assert params["method"] == "alipay.trade.wap.pay"
    assert content["product_code"] == "QUICK_WAP_WAY"
    assert (content["seller_id"], content["quit_url"]) == (SELLER_ID, "http://shop.example/wish/7")


def test_the_timestamp_is_beijing_time_by_the_clock_given() -> None:
    assert params_of(GATEWAY.checkout_url(make_checkout()))["timestamp"] == "2026-03-02 12:00:00"


def test_the_official_sdk_verifies_the_link() -> None:
    params = params_of(GATEWAY.checkout_url(make_checkout()))
    signature = params.pop("sign")
    content = get_sign_content(params).encode()
    assert verify_with_rsa(public_key_pem(app_key_pem()), content, signature)


@pytest.mark.parametrize(
    "changes",
    [
        {"out_trade_no": "W-1"},
        {"out_trade_no": ""},
        {"out_trade_no": "W" * 65},
        {"total_fen": 0},
        {"total_fen": -1},
        {"total_fen": 10_000_000_001},
        {"subject": ""},
        {"subject": "台灯/书包"},
        {"subject": "a=b"},
        {"subject": "台灯&书包"},
        {"subject": "台灯,书包"},
        {"subject": "台灯\n书包"},
        {"subject": "台灯💡"},
        {"subject": "灯" * 257},
        {"return_url": "http://shop.example/return?order=1"},
        {"return_url": "/return"},
        {"notify_url": "javascript:alert(1)"},
        {"quit_url": "http://shop.example/" + "a" * 256},
        {"expires_at": NOON + timedelta(days=15, seconds=1)},
    ],
)
def test_what_alipay_would_refuse_is_refused_before_the_donor_leaves(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        GATEWAY.checkout_url(make_checkout(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"out_trade_no": "W" * 64},
        {"total_fen": 1},
        {"total_fen": 10_000_000_000},
        {"subject": "灯" * 256},
        {"expires_at": NOON + timedelta(days=15)},
        {"expires_at": NOON + timedelta(seconds=60)},
    ],
)
def test_the_limits_themselves_are_allowed(changes: dict[str, object]) -> None:
    assert GATEWAY.checkout_url(make_checkout(**changes))


@pytest.mark.parametrize("seconds", [59, 0, -1])
def test_with_less_than_a_minute_left_it_is_too_late(seconds: int) -> None:
    with pytest.raises(CheckoutTooLate):
        GATEWAY.checkout_url(make_checkout(expires_at=NOON + timedelta(seconds=seconds)))


def test_a_gateway_address_that_is_none_is_refused_at_start() -> None:
    for url in ("", "gateway.do", "ftp://alipay.example/gateway.do", "https://alipay.example/gateway.do?a=1"):
        with pytest.raises(ValueError, match="address"):
            make_gateway(url)
