"""What we ask of Alipay: built by the official SDK's classes, signed by us, sent as a link or a form.

The SDK's client is not used: it stamps requests with the machine's own local time, signs in pure Python and
cannot reach a gateway on a port. Its request and domain classes only know field names and JSON, and those we
keep.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from alipay.aop.api.domain.AlipayDataDataserviceBillDownloadurlQueryModel import (
    AlipayDataDataserviceBillDownloadurlQueryModel,
)
from alipay.aop.api.domain.AlipayFundTransCommonQueryModel import AlipayFundTransCommonQueryModel
from alipay.aop.api.domain.AlipayFundTransUniTransferModel import AlipayFundTransUniTransferModel
from alipay.aop.api.domain.AlipayTradeCloseModel import AlipayTradeCloseModel
from alipay.aop.api.domain.AlipayTradeFastpayRefundQueryModel import AlipayTradeFastpayRefundQueryModel
from alipay.aop.api.domain.AlipayTradePagePayModel import AlipayTradePagePayModel
from alipay.aop.api.domain.AlipayTradePrecreateModel import AlipayTradePrecreateModel
from alipay.aop.api.domain.AlipayTradeQueryModel import AlipayTradeQueryModel
from alipay.aop.api.domain.AlipayTradeRefundModel import AlipayTradeRefundModel
from alipay.aop.api.domain.AlipayTradeWapPayModel import AlipayTradeWapPayModel
from alipay.aop.api.domain.Participant import Participant
from alipay.aop.api.request.AlipayDataDataserviceBillDownloadurlQueryRequest import (
    AlipayDataDataserviceBillDownloadurlQueryRequest,
)
from alipay.aop.api.request.AlipayFundTransCommonQueryRequest import AlipayFundTransCommonQueryRequest
from alipay.aop.api.request.AlipayFundTransUniTransferRequest import AlipayFundTransUniTransferRequest
from alipay.aop.api.request.AlipayTradeCloseRequest import AlipayTradeCloseRequest
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import AlipayTradeFastpayRefundQueryRequest
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradePrecreateRequest import AlipayTradePrecreateRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.request.AlipayTradeWapPayRequest import AlipayTradeWapPayRequest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from cishan.money import yuan_text
from cishan.payments.alipay.signing import SIGN_TYPE, sign
from cishan.payments.alipay.terms import Checkout, CheckoutTooLate, TransferOrder, beijing_text

# Limits of the pay methods' biz_content.
MAX_TOTAL_FEN = 100_000_000 * 100
MAX_SUBJECT_CHARACTERS = 256
MAX_URL_CHARACTERS = 256
SHORTEST_EXPIRY = timedelta(minutes=1)
LONGEST_EXPIRY = timedelta(days=15)
LEAST_TRANSFER_FEN = 10
TRANSFER_PRODUCT, TRANSFER_SCENE, TRANSFER_PURPOSE = "TRANS_ACCOUNT_NO_PWD", "DIRECT_TRANSFER", "公益补助"
LONGEST_TRANSFER_TITLE = 64
USER_ID = re.compile(r"2088\d{12}", re.ASCII)

_OUT_TRADE_NO = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
# `/ = &` are Alipay's rule. A comma or a line break would tear the row of the daily bill, which holds it
# unquoted.
_FORBIDDEN_IN_SUBJECT = re.compile(r"[/=&,\x00-\x1f\x7f]")


def pay_request(checkout: Checkout, seller_id: str, now: datetime) -> Any:
    """The request behind a cashier link: page.pay for a desk, wap.pay for a phone.

    Raises CheckoutTooLate, and ValueError for what Alipay would refuse anyway.
    """
    refuse_bad_checkout(checkout, now)
    request = _phone_request(checkout, seller_id) if checkout.phone else _desk_request(checkout)
    request.biz_model.out_trade_no = checkout.out_trade_no
    request.biz_model.subject = checkout.subject
    request.biz_model.total_amount = yuan_text(checkout.total_fen)
    request.biz_model.time_expire = beijing_text(checkout.expires_at)
    request.notify_url = checkout.notify_url
    request.return_url = checkout.return_url
    return request


def _desk_request(checkout: Checkout) -> Any:
    model = AlipayTradePagePayModel()
    model.product_code = "FAST_INSTANT_TRADE_PAY"
    # page.pay has no quit_url; this is the address it offers to those who leave.
    model.request_from_url = checkout.quit_url
    return AlipayTradePagePayRequest(model)


def _phone_request(checkout: Checkout, seller_id: str) -> Any:
    model = AlipayTradeWapPayModel()
    model.product_code = "QUICK_WAP_WAY"
    model.seller_id = seller_id
    model.quit_url = checkout.quit_url
    return AlipayTradeWapPayRequest(model)


def precreate_request(checkout: Checkout, seller_id: str, now: datetime) -> Any:
    """The request behind a QR code that a phone scans; it has no address to come back to."""
    refuse_bad_checkout(checkout, now)
    model = AlipayTradePrecreateModel()
    model.product_code = "FACE_TO_FACE_PAYMENT"
    model.seller_id = seller_id
    model.out_trade_no = checkout.out_trade_no
    model.subject = checkout.subject
    model.total_amount = yuan_text(checkout.total_fen)
    model.time_expire = beijing_text(checkout.expires_at)
    request = AlipayTradePrecreateRequest(model)
    request.notify_url = checkout.notify_url
    return request


def query_request(out_trade_no: str) -> Any:
    model = AlipayTradeQueryModel()
    model.out_trade_no = checked_out_trade_no(out_trade_no)
    return AlipayTradeQueryRequest(model)


def close_request(out_trade_no: str) -> Any:
    model = AlipayTradeCloseModel()
    model.out_trade_no = checked_out_trade_no(out_trade_no)
    return AlipayTradeCloseRequest(model)


def refund_request(out_trade_no: str, request_no: str, amount_fen: int, reason: str) -> Any:
    """Asks for money back under our own number of the refund, which makes asking again harmless."""
    if not 1 <= amount_fen <= MAX_TOTAL_FEN:
        raise ValueError("a refund is between 0.01 and 100,000,000 yuan")
    model = AlipayTradeRefundModel()
    model.out_trade_no = checked_out_trade_no(out_trade_no)
    model.out_request_no = checked_out_trade_no(request_no)
    model.refund_amount = yuan_text(amount_fen)
    model.refund_reason = reason
    return AlipayTradeRefundRequest(model)


def refund_query_request(out_trade_no: str, request_no: str) -> Any:
    model = AlipayTradeFastpayRefundQueryModel()
    model.out_trade_no = checked_out_trade_no(out_trade_no)
    model.out_request_no = checked_out_trade_no(request_no)
    model.query_options = ["gmt_refund_pay"]
    return AlipayTradeFastpayRefundQueryRequest(model)


def transfer_request(order: TransferOrder) -> Any:
    """Sends money to an account. The same number again is no second transfer, so it may be asked until it is known."""
    if not LEAST_TRANSFER_FEN <= order.amount_fen <= MAX_TOTAL_FEN:
        raise ValueError("a transfer is between 0.10 and 100,000,000 yuan")
    if not order.name.strip() or not order.title.strip() or len(order.title) > LONGEST_TRANSFER_TITLE:
        raise ValueError("a transfer has a name and a short title")
    payee = Participant()
    payee.identity = order.account
    payee.identity_type = "ALIPAY_USER_ID" if USER_ID.fullmatch(order.account) else "ALIPAY_LOGON_ID"
    payee.name = order.name
    model = AlipayFundTransUniTransferModel()
    model.out_biz_no = checked_out_trade_no(order.out_biz_no)
    model.trans_amount = yuan_text(order.amount_fen)
    model.product_code = TRANSFER_PRODUCT
    model.biz_scene = TRANSFER_SCENE
    model.transfer_scene_name = TRANSFER_PURPOSE
    model.order_title = order.title
    model.payee_info = payee
    return AlipayFundTransUniTransferRequest(model)


def transfer_query_request(out_biz_no: str) -> Any:
    model = AlipayFundTransCommonQueryModel()
    model.out_biz_no = checked_out_trade_no(out_biz_no)
    model.product_code = TRANSFER_PRODUCT
    model.biz_scene = TRANSFER_SCENE
    return AlipayFundTransCommonQueryRequest(model)


def bill_request(day: date) -> Any:
    """Asks where the bill of a day in China can be fetched."""
    model = AlipayDataDataserviceBillDownloadurlQueryModel()
    model.bill_type = "trade"
    model.bill_date = day.isoformat()
    return AlipayDataDataserviceBillDownloadurlQueryRequest(model)


def signed_params(request: Any, app_id: str, key: RSAPrivateKey, now: datetime) -> dict[str, str]:
    """All parameters of a request with ours added and the signature over them."""
    params: dict[str, str] = {
        **request.get_params(),
        "app_id": app_id,
        "charset": "utf-8",
        "format": "json",
        "sign_type": SIGN_TYPE,
        "timestamp": beijing_text(now),
    }
    params["sign"] = sign(params, key)
    return params


def link(gateway_url: str, params: dict[str, str]) -> str:
    """The address a browser is sent to by a 303: no form, so nothing to escape and no script to allow."""
    return f"{gateway_url}?{urlencode(params)}"


def refuse_bad_checkout(checkout: Checkout, now: datetime) -> None:
    """Raises for what Alipay would refuse, before a donor is sent there to be refused."""
    checked_out_trade_no(checkout.out_trade_no)
    if not 1 <= checkout.total_fen <= MAX_TOTAL_FEN:
        raise ValueError("a payment is between 0.01 and 100,000,000 yuan")
    refuse_bad_subject(checkout.subject)
    for url in (checkout.notify_url, checkout.return_url, checkout.quit_url):
        if not url.startswith(("http://", "https://")) or len(url) > MAX_URL_CHARACTERS:
            raise ValueError(f"an address for Alipay is absolute and at most {MAX_URL_CHARACTERS} characters")
    if "?" in checkout.return_url:
        raise ValueError("Alipay signs its own query on the return address, so ours may have none")
    left = checkout.expires_at.replace(microsecond=0) - now.replace(microsecond=0)
    if left < SHORTEST_EXPIRY:
        raise CheckoutTooLate(f"{left.total_seconds():.0f} s are left to pay, Alipay wants a minute")
    if left > LONGEST_EXPIRY:
        raise ValueError("Alipay keeps an unpaid trade for 15 days at most")


def refuse_bad_subject(subject: str) -> None:
    """The subject is shown at the cashier and stands in the daily bill, which is written in GBK."""
    if not subject.strip() or len(subject) > MAX_SUBJECT_CHARACTERS:
        raise ValueError(f"a subject has 1 to {MAX_SUBJECT_CHARACTERS} characters")
    if _FORBIDDEN_IN_SUBJECT.search(subject):
        raise ValueError("a subject has no slash, equals sign, ampersand, comma or line break")
    try:
        subject.encode("gbk")
    except UnicodeEncodeError as error:
        raise ValueError("a subject holds a character that Alipay's bill cannot write") from error


def checked_out_trade_no(out_trade_no: str) -> str:
    if _OUT_TRADE_NO.fullmatch(out_trade_no) is None:
        raise ValueError("our number of a payment is 1 to 64 letters, digits or underscores")
    return out_trade_no
