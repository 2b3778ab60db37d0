"""Reading a pay request: the limits that Alipay puts on its content, and the cashier page it asks for."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cishan.money import fen_from_yuan_text
from cishan.payments.alipay.requests import LONGEST_EXPIRY, MAX_TOTAL_FEN, SHORTEST_EXPIRY
from cishan.payments.alipay.terms import instant_from_beijing_text
from cishan.payments.sandbox.protocol import PAGE_PAY, PRECREATE, WAP_PAY, Call
from cishan.payments.sandbox.settings import Application
from cishan.payments.sandbox.trades import BusinessFailure, CheckoutPage

_OUT_TRADE_NO = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?", re.ASCII)
_FORBIDDEN_IN_SUBJECT = re.compile(r"[/=&]")
_TIMEOUT_EXPRESS = re.compile(r"([1-9][0-9]{0,4})([mhd])", re.ASCII)
PRODUCT_CODES = {
    PAGE_PAY: "FAST_INSTANT_TRADE_PAY",
    WAP_PAY: "QUICK_WAP_WAY",
    PRECREATE: "FACE_TO_FACE_PAYMENT",
}
_TIMEOUT_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def checkout_page(call: Call, application: Application) -> CheckoutPage:
    """The cashier page that a page.pay, wap.pay or precreate asks for. The same request asks for the same page."""
    biz = call.biz
    phone = call.method == WAP_PAY
    product_code = PRODUCT_CODES[call.method]
    # precreate may leave it out.
    if biz.get("product_code", product_code if call.method == PRECREATE else None) != product_code:
        raise _invalid("product_code 与接口不符")
    if call.method != PAGE_PAY and biz.get("seller_id", application.seller_id) != application.seller_id:
        raise _invalid("seller_id 不是这个应用的收款账号")
    return_url = call.params.get("return_url", "")
    if "?" in return_url:
        raise _invalid("return_url 不能带参数")
    content: dict[str, Any] = {
        "app_id": call.app_id,
        "out_trade_no": _matching(biz, "out_trade_no", _OUT_TRADE_NO),
        "phone": phone,
        "subject": _subject(biz),
        "total_fen": _total_fen(biz),
        "expires_at": _expires_at(biz, instant_from_beijing_text(call.params["timestamp"])),
        "notify_url": call.params.get("notify_url", ""),
        "return_url": return_url,
        # page.pay has no quit_url; request_from_url is where it sends those who leave.
        "quit_url": _text(biz, "quit_url" if phone else "request_from_url", 256),
        "passback_params": _text(biz, "passback_params", 512),
    }
    return CheckoutPage(id=hashlib.sha256(repr(content).encode()).hexdigest()[:32], **content)


def _subject(biz: Mapping[str, Any]) -> str:
    subject = _text(biz, "subject", 256)
    if not subject or _FORBIDDEN_IN_SUBJECT.search(subject):
        raise _invalid("subject 不能为空，也不能有 / = &")
    return subject


def _total_fen(biz: Mapping[str, Any]) -> int:
    try:
        fen = fen_from_yuan_text(_matching(biz, "total_amount", _AMOUNT))
    except ValueError as error:
        raise _invalid("total_amount 不是金额") from error
    if not 1 <= fen <= MAX_TOTAL_FEN:
        raise BusinessFailure("ACQ.TOTAL_FEE_EXCEED", "金额须在 0.01 元到 1 亿元之间")
    return fen


def _expires_at(biz: Mapping[str, Any], asked_at: datetime) -> datetime:
    """`time_expire` wins over `timeout_express`; with neither, 15 days. Counted from the request's
    timestamp.
    """
    lasts = LONGEST_EXPIRY
    if biz.get("time_expire"):
        try:
            lasts = instant_from_beijing_text(_text(biz, "time_expire", 19)) - asked_at
        except ValueError as error:
            raise _invalid("time_expire 不是时间") from error
    elif biz.get("timeout_express"):
        match = _TIMEOUT_EXPRESS.fullmatch(_text(biz, "timeout_express", 6))
        if match is None:
            raise _invalid("timeout_express 不是时长")
        lasts = int(match.group(1)) * _TIMEOUT_UNITS[match.group(2)]
    if not SHORTEST_EXPIRY <= lasts <= LONGEST_EXPIRY:
        raise _invalid("付款时间须在 1 分钟到 15 天之间")
    return asked_at + lasts


def _matching(biz: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = _text(biz, name, 256)
    if pattern.fullmatch(value) is None:
        raise _invalid(f"{name} 格式不对")
    return value


def _text(biz: Mapping[str, Any], name: str, longest: int) -> str:
    value = biz.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise _invalid(f"{name} 格式不对或太长")
    return value


def _invalid(sub_msg: str) -> BusinessFailure:
    return BusinessFailure("ACQ.INVALID_PARAMETER", sub_msg)
