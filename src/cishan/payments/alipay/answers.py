"""Reading Alipay's answer to a call: first the signature over its raw bytes, only then what it says.

The answer is `{"alipay_trade_query_response":{...},"sign":"..."}`. What is signed is the inner object exactly
as it was sent, so it is cut out of the bytes and never written anew.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from cishan.money import fen_from_yuan_text
from cishan.payments.alipay.signing import verify
from cishan.payments.alipay.terms import (
    GatewayRefused,
    GatewayUnknown,
    MadeRefund,
    RefundAnswer,
    Trade,
    TradeStatus,
    Transfer,
    TransferStatus,
    instant_from_beijing_text,
)

SUCCESS = "10000"
# 10003 is "in process", 20000 is "service unavailable, ask again": neither says what happened.
UNDECIDED_CODES = frozenset({"10003", "20000"})
# A system error of the trade service comes as a business failure, and still says nothing about the trade.
UNDECIDED_SUB_CODES = frozenset(
    {"ACQ.SYSTEM_ERROR", "SYSTEM_ERROR", "REQUEST_PROCESSING", "isp.unknow-error", "aop.unknow-error"}
)

_HEAD = re.compile(rb'\s*\{\s*"([a-z_]{1,128})"\s*:\s*(?=\{)')
_TAIL = re.compile(rb'\s*,\s*"sign"\s*:\s*"([A-Za-z0-9+/=]{1,2048})"\s*\}\s*\Z')


def open_answer(raw: bytes, method: str, keys: Sequence[RSAPublicKey]) -> dict[str, Any]:
    """The signed object of a final, successful answer.

    Raises GatewayRefused for a signed refusal, and GatewayUnknown for everything unsigned, unreadable or
    undecided.
    """
    name, content, signature = _cut(raw)
    if name not in (method.replace(".", "_") + "_response", "error_response"):
        raise GatewayUnknown("the answer belongs to another question")
    if not verify(content, signature, keys):
        raise GatewayUnknown("the answer is not signed by Alipay")
    answer = _parse(content)
    code, sub_code = str(answer.get("code", "")), str(answer.get("sub_code", ""))
    if code in UNDECIDED_CODES or sub_code in UNDECIDED_SUB_CODES:
        raise GatewayUnknown(f"Alipay does not know yet: {code} {sub_code}".rstrip())
    if code != SUCCESS or name == "error_response":
        raise GatewayRefused(code, sub_code)
    return answer


def _cut(raw: bytes) -> tuple[str, bytes, str]:
    head = _HEAD.match(raw)
    # The signature is the last thing said; an earlier `"sign"` inside a text of the answer is not it.
    tail_start = raw.rfind(b"}", 0, raw.rfind(b'"sign"')) + 1
    tail = _TAIL.match(raw, tail_start)
    if head is None or tail is None or tail_start <= head.end():
        raise GatewayUnknown("the answer has no signature where one belongs")
    return head.group(1).decode(), raw[head.end() : tail_start], tail.group(1).decode()


def _parse(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content.decode("utf-8"), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise GatewayUnknown("the answer cannot be read") from error
    if not isinstance(answer, dict):
        raise GatewayUnknown("the answer is not an object")
    return answer


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def trade_from_answer(answer: dict[str, Any], out_trade_no: str) -> Trade:
    """The trade that a signed answer describes; GatewayUnknown if it is another one or makes no sense."""
    if answer.get("out_trade_no") != out_trade_no:
        raise GatewayUnknown("the answer is about another trade")
    try:
        status = TradeStatus(answer["trade_status"])
        total_fen = fen_from_yuan_text(answer["total_amount"])
        paid_at = answer.get("send_pay_date") or None
        trade = Trade(
            out_trade_no=out_trade_no,
            trade_no=_text(answer["trade_no"]),
            status=status,
            total_fen=total_fen,
            # A query names no refunds; a trade that was paid and is closed was given back in full.
            refunded_fen=total_fen if paid_at and status is TradeStatus.TRADE_CLOSED else 0,
            paid_at=instant_from_beijing_text(paid_at) if paid_at else None,
            buyer=str(answer.get("buyer_logon_id", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GatewayUnknown("the answer makes no sense") from error
    return trade


def refund_from_answer(answer: dict[str, Any], out_trade_no: str) -> RefundAnswer:
    """What a signed answer to a refund says; code 10000 alone is no refund, only fund_change=Y is."""
    if answer.get("out_trade_no") != out_trade_no:
        raise GatewayUnknown("the answer is about another trade")
    try:
        return RefundAnswer(
            changed=answer.get("fund_change") == "Y",
            refunded_fen=fen_from_yuan_text(answer.get("refund_fee", "0")),
            refunded_at=_moment(answer.get("gmt_refund_pay")),
        )
    except (TypeError, ValueError) as error:
        raise GatewayUnknown("the answer makes no sense") from error


def made_refund_from_answer(answer: dict[str, Any], out_trade_no: str, request_no: str) -> MadeRefund | None:
    """The refund that a signed answer confirms; None when it was not received or has failed, which are not told apart."""
    if answer.get("refund_status") != "REFUND_SUCCESS":
        return None
    if answer.get("out_trade_no") != out_trade_no or answer.get("out_request_no") != request_no:
        raise GatewayUnknown("the answer is about another refund")
    try:
        return MadeRefund(fen_from_yuan_text(answer["refund_amount"]), _moment(answer.get("gmt_refund_pay")))
    except (KeyError, TypeError, ValueError) as error:
        raise GatewayUnknown("the answer makes no sense") from error


def transfer_from_answer(answer: dict[str, Any], out_biz_no: str) -> Transfer:
    """The transfer that a signed answer describes; GatewayUnknown if it is another one or makes no sense."""
    if answer.get("out_biz_no") != out_biz_no:
        raise GatewayUnknown("the answer is about another transfer")
    amount = answer.get("trans_amount")
    try:
        return Transfer(
            out_biz_no=out_biz_no,
            status=TransferStatus(answer["status"]),
            amount_fen=fen_from_yuan_text(amount) if amount else None,
            moved_at=_moment(answer.get("trans_date") or answer.get("pay_date")),
            fault=str(answer.get("error_code") or ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GatewayUnknown("the answer makes no sense") from error


def _moment(text: str | None) -> datetime | None:
    return instant_from_beijing_text(text) if text else None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > 64:
        raise ValueError("not a number of a trade")
    return value
