"""The life of a trade at the sandbox: pure rules, no clock and no storage."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cishan.clock import beijing_day
from cishan.payments.alipay.terms import TradeStatus

# A trade can be refunded for a year; after that it is finished.
REFUNDABLE_FOR = timedelta(days=365)


class BusinessFailure(Exception):
    """A rule of the trade says no: code 40004 with this sub_code."""

    def __init__(self, sub_code: str, sub_msg: str) -> None:
        super().__init__(f"{sub_code} {sub_msg}")
        self.sub_code = sub_code
        self.sub_msg = sub_msg


@dataclass(frozen=True)
class CheckoutPage:
    """A signed pay request that was accepted. It is no trade yet: that begins when a buyer opens it."""

    id: str
    app_id: str
    out_trade_no: str
    phone: bool
    subject: str
    total_fen: int
    expires_at: datetime
    notify_url: str
    return_url: str
    quit_url: str
    passback_params: str


@dataclass(frozen=True)
class SandboxTrade:
    app_id: str
    out_trade_no: str
    trade_no: str
    checkout_id: str
    phone: bool
    subject: str
    total_fen: int
    status: TradeStatus
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None = None
    closed_at: datetime | None = None
    refunded_fen: int = 0


@dataclass(frozen=True)
class SandboxRefund:
    """A refund that was made. `request_no` is the merchant's number of it, unique in its trade."""

    app_id: str
    out_trade_no: str
    request_no: str
    amount_fen: int
    refunded_fen: int
    reason: str
    refunded_at: datetime


def opened(checkout: CheckoutPage, now: datetime, late_pay: bool) -> SandboxTrade:
    """The trade that begins when a buyer opens the cashier in time. `late_pay` is the fault that ignores
    time.
    """
    if now >= checkout.expires_at and not late_pay:
        raise BusinessFailure("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", "付款时间已过")
    return SandboxTrade(
        app_id=checkout.app_id,
        out_trade_no=checkout.out_trade_no,
        trade_no=_trade_no(checkout, now),
        checkout_id=checkout.id,
        phone=checkout.phone,
        subject=checkout.subject,
        total_fen=checkout.total_fen,
        status=TradeStatus.WAIT_BUYER_PAY,
        created_at=now,
        expires_at=checkout.expires_at,
    )


def refuse_second_use(trade: SandboxTrade, checkout: CheckoutPage, late_pay: bool) -> None:
    """The same number again: allowed while unpaid and unchanged. The fault `late_pay` also allows a
    closed one.
    """
    if trade.paid_at is not None:
        raise BusinessFailure("ACQ.TRADE_HAS_SUCCESS", "这笔交易已经付过款")
    if (trade.subject, trade.total_fen) != (checkout.subject, checkout.total_fen):
        raise BusinessFailure("ACQ.CONTEXT_INCONSISTENT", "同一个商户订单号，金额或名称不一样")
    if trade.status is TradeStatus.TRADE_CLOSED and not late_pay:
        raise BusinessFailure("ACQ.TRADE_HAS_CLOSE", "这笔交易已经关闭")


def aged(trade: SandboxTrade, now: datetime) -> SandboxTrade:
    """The trade as time has left it: closed when its time to pay is over, finished a year after it was
    paid.
    """
    if trade.status is TradeStatus.WAIT_BUYER_PAY and now >= trade.expires_at:
        return replace(trade, status=TradeStatus.TRADE_CLOSED, closed_at=trade.expires_at)
    if trade.status is TradeStatus.TRADE_SUCCESS and trade.paid_at and now >= trade.paid_at + REFUNDABLE_FOR:
        return replace(trade, status=TradeStatus.TRADE_FINISHED)
    return trade


def paid(trade: SandboxTrade, now: datetime) -> SandboxTrade:
    """The caller has asked `refuse_second_use`."""
    return replace(trade, status=TradeStatus.TRADE_SUCCESS, paid_at=now, closed_at=None)


def as_opened(trade: SandboxTrade) -> SandboxTrade:
    """The trade as it was before it was paid or closed, for a notice that comes too late."""
    return replace(trade, status=TradeStatus.WAIT_BUYER_PAY, paid_at=None, closed_at=None)


def closed(trade: SandboxTrade, now: datetime) -> SandboxTrade:
    """Only a trade that waits for its buyer can be closed."""
    if trade.status is not TradeStatus.WAIT_BUYER_PAY:
        raise BusinessFailure("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    return replace(trade, status=TradeStatus.TRADE_CLOSED, closed_at=now)


def refunded(trade: SandboxTrade, amount_fen: int, now: datetime) -> SandboxTrade:
    """The trade with this much more given back; a trade whose whole sum has gone back is closed."""
    if trade.status is TradeStatus.TRADE_FINISHED:
        raise BusinessFailure("ACQ.TRADE_HAS_FINISHED", "交易已完结，不能退款")
    if trade.paid_at is None:
        raise BusinessFailure("ACQ.TRADE_STATUS_ERROR", "交易还没有付款")
    total = trade.refunded_fen + amount_fen
    if total > trade.total_fen:
        raise BusinessFailure("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额超过可退金额")
    if total == trade.total_fen:
        return replace(trade, refunded_fen=total, status=TradeStatus.TRADE_CLOSED, closed_at=now)
    return replace(trade, refunded_fen=total)


def notifies(trade: SandboxTrade) -> bool:
    """Whether Alipay tells of this state by itself: page.pay only of paid, wap.pay of closed and finished
    too.
    """
    if trade.status is TradeStatus.TRADE_SUCCESS:
        return True
    return trade.phone and trade.status in (TradeStatus.TRADE_CLOSED, TradeStatus.TRADE_FINISHED)


def _trade_no(checkout: CheckoutPage, now: datetime) -> str:
    # 28 digits beginning with the day, and the same again for the same order, so that a fresh file of the
    # sandbox never gives a number that the product already knows from another order.
    digest = hashlib.sha256(f"{checkout.app_id} {checkout.out_trade_no}".encode()).digest()
    return f"{beijing_day(now):%Y%m%d}{int.from_bytes(digest[:12]) % 10**20:020d}"
