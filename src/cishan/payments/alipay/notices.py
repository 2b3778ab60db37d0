"""Reading what reaches us unasked: the notice that Alipay posts, and the query a donor brings back.

Both come through the open internet, so everything is a claim until the signature holds. The order of the
checks is form, signature, addressee, meaning: nothing is taken from a text that is not signed.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_to_bytes

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from cishan.money import fen_from_yuan_text
from cishan.payments.alipay.signing import NOTICE_LEAVES_OUT, SIGN_TYPE, string_to_sign, verify
from cishan.payments.alipay.terms import (
    Merchant,
    Notice,
    NoticeFault,
    NoticeRejected,
    ReturnTicket,
    Trade,
    TradeStatus,
    instant_from_beijing_text,
)

MAX_BODY_BYTES = 16 * 1024
MAX_FIELDS = 64

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# The signed text joins `k=v` by `&` without escaping. A value holding `&other=` could therefore have been two
# fields when it was signed, and a refund could hide in the field before it. Alipay's own rules keep `&` and
# `=` out of subjects, and we send no body, so no true notice of ours holds one.
_HIDDEN_FIELD = re.compile(r"&[A-Za-z0-9_]+=")
_NUMBER = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)


def read_notice(body: bytes, merchant: Merchant, keys: Sequence[RSAPublicKey]) -> Notice:
    """A verified notice about one of the merchant's trades; NoticeRejected with the reason otherwise."""
    fields = _verified_fields(body, merchant, keys)
    if fields.get("notify_type") != "trade_status_sync":
        raise NoticeRejected(NoticeFault.WRONG_KIND, fields)
    notify_id = fields.get("notify_id", "")
    if not notify_id or len(notify_id) > 128:
        raise NoticeRejected(NoticeFault.MISSING_FIELD, fields)
    trade = _trade(fields)
    is_refund = bool(trade.refunded_fen or fields.get("gmt_refund") or fields.get("out_biz_no"))
    return Notice(notify_id=notify_id, trade=trade, is_refund=is_refund, raw=fields)


def read_return(query: bytes, merchant: Merchant, keys: Sequence[RSAPublicKey]) -> ReturnTicket:
    """Which order a donor comes back from; NoticeRejected if Alipay did not sign it. No proof of payment."""
    fields = _verified_fields(query, merchant, keys)
    if not fields.get("method", "").endswith(".pay.return"):
        raise NoticeRejected(NoticeFault.WRONG_KIND, fields)
    return ReturnTicket(
        out_trade_no=_number(fields, "out_trade_no"),
        trade_no=_number(fields, "trade_no"),
        total_fen=_total_fen(fields),
    )


def _verified_fields(body: bytes, merchant: Merchant, keys: Sequence[RSAPublicKey]) -> dict[str, str]:
    """The fields of a form that is well formed, signed by Alipay, and addressed to this merchant."""
    fields = _parse_form(body)
    if fields.get("sign_type") != SIGN_TYPE:
        raise NoticeRejected(NoticeFault.WRONG_SIGN_TYPE, fields)
    if fields.get("charset", "utf-8").lower() != "utf-8":
        raise NoticeRejected(NoticeFault.UNREADABLE, fields)
    content = string_to_sign(fields, NOTICE_LEAVES_OUT).encode()
    if not verify(content, fields.get("sign", ""), keys):
        raise NoticeRejected(NoticeFault.BAD_SIGNATURE, fields)
    if any(_HIDDEN_FIELD.search(value) for value in fields.values()):
        raise NoticeRejected(NoticeFault.AMBIGUOUS, fields)
    if fields.get("app_id") != merchant.app_id:
        raise NoticeRejected(NoticeFault.WRONG_APP, fields)
    if fields.get("seller_id") != merchant.seller_id:
        raise NoticeRejected(NoticeFault.WRONG_SELLER, fields)
    return fields


def _parse_form(body: bytes) -> dict[str, str]:
    """Decodes once, keeps blank values (they are signed too), and refuses whatever has two readings."""
    if len(body) > MAX_BODY_BYTES:
        raise NoticeRejected(NoticeFault.TOO_LARGE)
    if _BROKEN_ESCAPE.search(body):
        raise NoticeRejected(NoticeFault.UNREADABLE)
    pairs = body.split(b"&")
    if len(pairs) > MAX_FIELDS:
        raise NoticeRejected(NoticeFault.UNREADABLE)
    fields: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition(b"=")
        if not equals:
            raise NoticeRejected(NoticeFault.UNREADABLE)
        key = _decode(name)
        if _KEY.fullmatch(key) is None:
            raise NoticeRejected(NoticeFault.UNREADABLE)
        if key in fields:
            raise NoticeRejected(NoticeFault.DUPLICATE_KEY, fields)
        fields[key] = _decode(value)
    return fields


def _decode(part: bytes) -> str:
    try:
        return unquote_to_bytes(part.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoticeRejected(NoticeFault.UNREADABLE) from error


def _trade(fields: Mapping[str, str]) -> Trade:
    try:
        status = TradeStatus(fields.get("trade_status", ""))
    except ValueError as error:
        raise NoticeRejected(NoticeFault.BAD_STATUS, fields) from error
    total_fen = _total_fen(fields)
    try:
        refunded_fen = fen_from_yuan_text(fields.get("refund_fee") or "0")
    except ValueError as error:
        raise NoticeRejected(NoticeFault.BAD_AMOUNT, fields) from error
    if refunded_fen > total_fen:
        raise NoticeRejected(NoticeFault.BAD_AMOUNT, fields)
    try:
        paid_at = instant_from_beijing_text(fields["gmt_payment"]) if fields.get("gmt_payment") else None
    except ValueError as error:
        raise NoticeRejected(NoticeFault.BAD_TIME, fields) from error
    return Trade(
        out_trade_no=_number(fields, "out_trade_no"),
        trade_no=_number(fields, "trade_no"),
        status=status,
        total_fen=total_fen,
        refunded_fen=refunded_fen,
        paid_at=paid_at,
        buyer=fields.get("buyer_logon_id", ""),
    )


def _total_fen(fields: Mapping[str, str]) -> int:
    try:
        total_fen = fen_from_yuan_text(fields.get("total_amount", ""))
    except ValueError as error:
        raise NoticeRejected(NoticeFault.BAD_AMOUNT, fields) from error
    if total_fen < 1:
        raise NoticeRejected(NoticeFault.BAD_AMOUNT, fields)
    return total_fen


def _number(fields: Mapping[str, str], name: str) -> str:
    number = fields.get(name, "")
    if _NUMBER.fullmatch(number) is None:
        raise NoticeRejected(NoticeFault.MISSING_FIELD, fields)
    return number
