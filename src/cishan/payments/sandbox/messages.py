"""What the sandbox tells a merchant unasked: the fields of a notice, the signed return, and their
distortions.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from cishan.money import fen_from_yuan_text, yuan_text
from cishan.payments.alipay.signing import NOTICE_LEAVES_OUT, SIGN_TYPE, sign
from cishan.payments.alipay.terms import TradeStatus, beijing_text
from cishan.payments.sandbox.faults import Fault
from cishan.payments.sandbox.protocol import PAGE_PAY, WAP_PAY, spoilt
from cishan.payments.sandbox.settings import Application
from cishan.payments.sandbox.trades import CheckoutPage, SandboxRefund, SandboxTrade

BUYER_LOGON_ID = "139****0001"
BUYER_ID = "2088000000000001"
ANOTHER_SELLER_ID = "2088999999999999"


def notice_fields(
    trade: SandboxTrade, checkout: CheckoutPage, application: Application, refund: SandboxRefund | None = None
) -> dict[str, str]:
    """A notice about the trade as it stands, without time and signature: those belong to each attempt.

    One about a refund says the trade's state all the same, and so looks like a payment but for three fields more.
    Empty fields are left out.
    """
    amount = yuan_text(trade.total_fen)
    fields = {
        "notify_type": "trade_status_sync",
        "notify_id": _notify_id(trade, refund),
        "app_id": application.app_id,
        "auth_app_id": application.app_id,
        "charset": "utf-8",
        "version": "1.0",
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_id": BUYER_ID,
        "buyer_logon_id": BUYER_LOGON_ID,
        "seller_id": application.seller_id,
        "trade_status": trade.status.value,
        "total_amount": amount,
        "subject": trade.subject,
        "passback_params": checkout.passback_params,
        "gmt_create": beijing_text(trade.created_at),
    }
    if trade.paid_at is not None:
        fields |= {
            "receipt_amount": amount,
            "invoice_amount": amount,
            "buyer_pay_amount": amount,
            "point_amount": "0.00",
            "gmt_payment": beijing_text(trade.paid_at),
            "fund_bill_list": json.dumps(fund_bill(amount), separators=(",", ":")),
        }
    if trade.closed_at is not None:
        fields["gmt_close"] = beijing_text(trade.closed_at)
    if refund is not None:
        fields |= {
            "out_biz_no": refund.request_no,
            "refund_fee": yuan_text(refund.refunded_fen),
            # With milliseconds, as no other time of a notice.
            "gmt_refund": f"{beijing_text(refund.refunded_at)}.{refund.refunded_at.microsecond // 1000:03d}",
        }
    return {name: value for name, value in fields.items() if value}


def fund_bill(amount: str) -> list[dict[str, str]]:
    return [{"amount": amount, "fundChannel": "ALIPAYACCOUNT"}]


def query_answer(trade: SandboxTrade, faults: frozenset[Fault]) -> dict[str, object]:
    """The trade as a query tells it."""
    amount = yuan_text(trade.total_fen + (Fault.WRONG_ANSWER_AMOUNT in faults))
    paid_amount = amount if trade.paid_at else "0.00"
    answer: dict[str, object] = {
        "buyer_logon_id": BUYER_LOGON_ID,
        "buyer_pay_amount": paid_amount,
        "buyer_user_id": BUYER_ID,
        "invoice_amount": paid_amount,
        "out_trade_no": trade.out_trade_no,
        "point_amount": "0.00",
        "receipt_amount": paid_amount,
        "total_amount": amount,
        "trade_no": trade.trade_no,
        "trade_status": trade.status.value,
    }
    if trade.paid_at is not None:
        answer["fund_bill_list"] = [{"amount": amount, "fund_channel": "ALIPAYACCOUNT"}]
        answer["send_pay_date"] = beijing_text(trade.paid_at)
    return answer


def notice_body(fields: Mapping[str, str], now: datetime, key: RSAPrivateKey, faults: frozenset[Fault]) -> bytes:
    """One attempt to notify: the fields with its time, signed, as a form."""
    return _signed_form({**fields, "notify_time": beijing_text(now)}, key, faults).encode()


def return_address(
    trade: SandboxTrade,
    checkout: CheckoutPage,
    application: Application,
    now: datetime,
    key: RSAPrivateKey,
    faults: frozenset[Fault],
) -> str:
    """Where the buyer is sent back to. It names the order and, as at Alipay, no state of the trade."""
    fields = {
        "charset": "utf-8",
        "out_trade_no": trade.out_trade_no,
        "method": f"{WAP_PAY if trade.phone else PAGE_PAY}.return",
        "total_amount": yuan_text(trade.total_fen),
        "trade_no": trade.trade_no,
        "auth_app_id": application.app_id,
        "version": "1.0",
        "app_id": application.app_id,
        "seller_id": application.seller_id,
        "timestamp": beijing_text(now),
    }
    return f"{checkout.return_url}?{_signed_form(fields, key, faults)}"


def _signed_form(fields: Mapping[str, str], key: RSAPrivateKey, faults: frozenset[Fault]) -> str:
    form = {**fields, "sign_type": SIGN_TYPE}
    if Fault.WRONG_AMOUNT in faults:
        form["total_amount"] = yuan_text(fen_from_yuan_text(form["total_amount"]) + 1)
    if Fault.WRONG_SELLER in faults:
        form["seller_id"] = ANOTHER_SELLER_ID
    signature = sign(form, key, NOTICE_LEAVES_OUT)
    return urlencode({**form, "sign": spoilt(signature) if Fault.BAD_SIGNATURE in faults else signature})


def _notify_id(trade: SandboxTrade, refund: SandboxRefund | None) -> str:
    # One id for one state of one trade: a retry carries the same one, as at Alipay.
    waiting = trade.status is TradeStatus.WAIT_BUYER_PAY
    moment = trade.created_at if waiting else trade.closed_at or trade.paid_at
    text = f"{trade.app_id} {trade.out_trade_no} {trade.status.value} {moment}"
    text += f" {refund.request_no}" if refund else ""
    return f"{trade.created_at:%Y%m%d}{hashlib.sha256(text.encode()).hexdigest()[:26]}"
