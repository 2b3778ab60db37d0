"""What a merchant asks of the sandbox by a signed call: query, close, QR code, refund, refund query, bill."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cishan.clock import beijing_day, beijing_midnight
from cishan.money import fen_from_yuan_text, yuan_text
from cishan.payments.alipay.terms import beijing_text
from cishan.payments.sandbox import messages, protocol
from cishan.payments.sandbox.bill import (
    ADDRESS_LIVES,
    KEPT_DAYS,
    READY_AT_HOUR,
    BillLine,
    bill_zip,
    payment_line,
    refund_line,
)
from cishan.payments.sandbox.faults import Fault
from cishan.payments.sandbox.protocol import Call, ProtocolError
from cishan.payments.sandbox.trades import BusinessFailure, SandboxRefund, SandboxTrade
from cishan.payments.sandbox.transfers import TransferDesk

if TYPE_CHECKING:
    from cishan.payments.sandbox.engine import Sandbox

_REQUEST_NO = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
MOST_ADDRESSES = 1_000


@dataclass(frozen=True)
class BillAddress:
    """Where a bill can be fetched for half a minute."""

    app_id: str
    day: date
    dies_at: datetime


class MerchantDesk:
    """Answers a merchant's calls; what moves a trade is synchronous and whole."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._addresses: dict[str, BillAddress] = {}
        self._transfers = TransferDesk(sandbox)

    def answer(self, call: Call, base_url: str) -> dict[str, Any]:
        """The content of the answer to a call that is not a checkout. `base_url` is how the caller reaches the sandbox."""
        try:
            if call.method == protocol.PRECREATE:
                return self._precreate(call, base_url)
            if call.method == protocol.BILL:
                return self._bill(call, base_url)
            if call.method in (protocol.TRANSFER, protocol.TRANSFER_QUERY):
                return self._transfer(call)
            trade = self._sandbox.named_trade(call.app_id, call.biz)
            if call.method == protocol.CLOSE:
                self._sandbox.close_trade(trade)
                return protocol.success({"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no})
            if call.method == protocol.REFUND:
                return self._refund(trade, call.biz)
            if call.method == protocol.REFUND_QUERY:
                return self._refund_query(trade, call.biz)
            return protocol.success(messages.query_answer(trade, self._faults(trade)))
        except BusinessFailure as refusal:
            return protocol.failure(refusal.sub_code, refusal.sub_msg)

    def _faults(self, trade: SandboxTrade) -> frozenset[Fault]:
        return self._sandbox.faults_of(trade.out_trade_no)

    def _precreate(self, call: Call, base_url: str) -> dict[str, Any]:
        checkout = self._sandbox.accept_checkout(call)
        return protocol.success({"out_trade_no": checkout.out_trade_no, "qr_code": f"{base_url}/cashier/{checkout.id}"})

    def _transfer(self, call: Call) -> dict[str, Any]:
        if Fault.NO_CERTIFICATE in self._sandbox.settings.faults:
            return protocol.at_fault(ProtocolError("40001", "isv.missing-app-cert-sn", "缺少应用公钥证书序列号"))
        answer = self._transfers.make if call.method == protocol.TRANSFER else self._transfers.query
        return answer(call.app_id, call.biz)

    # Refunds

    def _refund(self, trade: SandboxTrade, biz: Mapping[str, Any]) -> dict[str, Any]:
        """Made once for its number: the same number and sum again changes nothing, with another sum it is refused."""
        amount_fen = _amount(biz)
        request_no = biz.get("out_request_no")
        if request_no is None:
            if amount_fen != trade.total_fen:
                raise BusinessFailure("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "部分退款必须有 out_request_no")
            request_no = trade.out_trade_no
        if not isinstance(request_no, str) or _REQUEST_NO.fullmatch(request_no) is None:
            raise BusinessFailure("ACQ.INVALID_PARAMETER", "out_request_no 格式不对")
        made = self._sandbox.store.refund(trade.app_id, trade.out_trade_no, request_no)
        if made is not None and made.amount_fen != amount_fen:
            raise BusinessFailure("ACQ.DISCORDANT_REPEAT_REQUEST", "同一个退款请求号，金额不一样")
        changed = made is None
        if made is None:
            if Fault.NO_BALANCE in self._faults(trade):
                raise BusinessFailure("ACQ.SELLER_BALANCE_NOT_ENOUGH", "商户余额不足，请充值后再退")
            made = self._sandbox.refund(trade, request_no, amount_fen, str(biz.get("refund_reason", "")))
            trade = self._sandbox.named_trade(trade.app_id, {"out_trade_no": trade.out_trade_no})
        return protocol.success(self._refund_answer(trade, made, changed))

    def _refund_answer(self, trade: SandboxTrade, made: SandboxRefund, changed: bool) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "buyer_logon_id": messages.BUYER_LOGON_ID,
            "buyer_user_id": messages.BUYER_ID,
            "fund_change": "Y" if changed else "N",
            "out_trade_no": trade.out_trade_no,
            # The whole trade's refunds so far, not this one's.
            "refund_fee": yuan_text(trade.refunded_fen),
            "trade_no": trade.trade_no,
        }
        if changed:
            answer |= {"gmt_refund_pay": beijing_text(made.refunded_at), "send_back_fee": yuan_text(made.amount_fen)}
        return answer

    def _refund_query(self, trade: SandboxTrade, biz: Mapping[str, Any]) -> dict[str, Any]:
        """A refund that was not received is answered with success and nothing in it, as at Alipay."""
        request_no = str(biz.get("out_request_no", ""))
        if not request_no:
            raise BusinessFailure("ACQ.INVALID_PARAMETER", "缺少 out_request_no")
        made = self._sandbox.store.refund(trade.app_id, trade.out_trade_no, request_no)
        if made is None:
            return protocol.success({})
        extra = 1 if Fault.WRONG_ANSWER_AMOUNT in self._faults(trade) else 0
        return protocol.success(
            {
                "out_request_no": request_no,
                "out_trade_no": trade.out_trade_no,
                "refund_amount": yuan_text(made.amount_fen + extra),
                "refund_status": "REFUND_SUCCESS",
                "total_amount": yuan_text(trade.total_fen),
                "trade_no": trade.trade_no,
                **self._asked_for(biz, made),
            }
        )

    def _asked_for(self, biz: Mapping[str, Any], made: SandboxRefund) -> dict[str, Any]:
        options = biz.get("query_options") or []
        return {"gmt_refund_pay": beijing_text(made.refunded_at)} if "gmt_refund_pay" in options else {}

    # Bills

    def _bill(self, call: Call, base_url: str) -> dict[str, Any]:
        if call.biz.get("bill_type") != "trade":
            raise BusinessFailure("TYPE_NOT_SUPPORTED", "沙箱只有交易账单")
        try:
            day = date.fromisoformat(str(call.biz.get("bill_date", "")))
        except ValueError as error:
            raise BusinessFailure("INVAILID_ARGUMENTS", "bill_date 不是日期") from error
        now = self._sandbox.now()
        if not beijing_day(now) - timedelta(days=KEPT_DAYS) <= day < beijing_day(now):
            raise BusinessFailure("INVAILID_ARGUMENTS", "只能下载昨天及以前的账单")
        ready_at = beijing_midnight(day + timedelta(days=1)) + timedelta(hours=READY_AT_HOUR)
        if now < ready_at or Fault.NO_BILL in self._sandbox.settings.faults:
            raise BusinessFailure("BILL_NOT_EXIST", "账单还没有生成")
        if not self._lines(call.app_id, day):
            raise BusinessFailure("NO_BILL_DATA", "这一天没有交易")
        return protocol.success({"bill_download_url": f"{base_url}/bill/{self._new_address(call.app_id, day, now)}"})

    def _new_address(self, app_id: str, day: date, now: datetime) -> str:
        self._addresses = {key: one for key, one in self._addresses.items() if one.dies_at > now}
        if len(self._addresses) >= MOST_ADDRESSES:
            raise BusinessFailure("UNKNOWN_ERROR", "请稍后再试")
        key = secrets.token_urlsafe(24)
        self._addresses[key] = BillAddress(app_id, day, now + ADDRESS_LIVES)
        return key

    def bill_file(self, key: str) -> bytes | None:
        """The zip behind an address; None once the address is dead."""
        address, now = self._addresses.get(key), self._sandbox.now()
        if address is None or address.dies_at <= now:
            return None
        seller_id = self._sandbox.application(address.app_id).seller_id
        return bill_zip(seller_id, address.day, self._lines(address.app_id, address.day), now)

    def _lines(self, app_id: str, day: date) -> list[BillLine]:
        """Payments and refunds of a day; what the fault `late_in_bill` holds back stands in the next day's."""
        store, fee = self._sandbox.store, self._sandbox.settings.fee_per_ten_thousand
        start, end = beijing_midnight(day), beijing_midnight(day + timedelta(days=1))
        before = beijing_midnight(day - timedelta(days=1))
        paid = [
            *(trade for trade in store.paid_between(app_id, before, start) if self._is_late(trade)),
            *(trade for trade in store.paid_between(app_id, start, end) if not self._is_late(trade)),
        ]
        wrong = Fault.WRONG_BILL
        lines = [payment_line(trade, fee, 1 if wrong in self._faults(trade) else 0) for trade in paid]
        for refund in store.refunds_between(app_id, start, end):
            trade = store.trade(app_id, refund.out_trade_no)
            if trade is not None:
                lines.append(refund_line(refund, trade))
        return lines

    def _is_late(self, trade: SandboxTrade) -> bool:
        return Fault.LATE_IN_BILL in self._faults(trade)


def _amount(biz: Mapping[str, Any]) -> int:
    try:
        amount_fen = fen_from_yuan_text(str(biz.get("refund_amount", "")))
    except ValueError as error:
        raise BusinessFailure("ACQ.INVALID_PARAMETER", "refund_amount 不是金额") from error
    if amount_fen < 1:
        raise BusinessFailure("ACQ.REFUND_FEE_ERROR", "退款金额须大于 0")
    return amount_fen
