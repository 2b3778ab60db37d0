"""What the cashier's pages show: one frozen object per page, so that templates decide nothing."""

from dataclasses import dataclass
from datetime import datetime

from cishan.clock import BEIJING
from cishan.money import yuan_text
from cishan.payments.sandbox.trades import CheckoutPage, SandboxTrade

# What a buyer reads for a refusal; anything else is shown in the gateway's own words.
_REFUSALS = {
    "ACQ.TRADE_HAS_SUCCESS": ("已经付过款了", "这笔款已经付过，不会再扣一次。"),
    "ACQ.TRADE_HAS_CLOSE": ("交易已经关闭", "付款时间已过，或者商户已经取消。没有扣款。请回到商户重新下单。"),
    "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR": ("付款时间已过", "没有扣款。请回到商户重新下单。"),
    "ACQ.CONTEXT_INCONSISTENT": ("订单有改动", "同一个订单的金额或名称变了。没有扣款。请回到商户重新下单。"),
}


@dataclass(frozen=True)
class CashierPage:
    checkout_id: str
    payee: str
    subject: str
    amount_yuan: str
    out_trade_no: str
    deadline: str
    deadline_iso: str
    time_left: str
    is_declined: bool
    template: str = "cashier.html"


@dataclass(frozen=True)
class MessagePage:
    title: str
    text: str
    code: str
    back_url: str
    template: str = "message.html"


def cashier_page(
    checkout: CheckoutPage, trade: SandboxTrade, payee: str, now: datetime, is_declined: bool
) -> CashierPage:
    deadline = trade.expires_at.astimezone(BEIJING)
    return CashierPage(
        checkout_id=checkout.id,
        payee=payee,
        subject=trade.subject,
        amount_yuan=yuan_text(trade.total_fen),
        out_trade_no=trade.out_trade_no,
        deadline=f"{deadline.month} 月 {deadline.day} 日 {deadline:%H:%M}",
        deadline_iso=deadline.isoformat(timespec="seconds"),
        time_left=time_left_text(int((trade.expires_at - now).total_seconds())),
        is_declined=is_declined,
    )


def time_left_text(seconds: int) -> str:
    """90 -> "1 分 30 秒"; from an hour on without seconds, from a day on without minutes."""
    if seconds <= 0:
        return "0 秒"
    days, rest = divmod(seconds, 24 * 3600)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days} 天 {hours} 小时"
    if hours:
        return f"{hours} 小时 {minutes} 分"
    return f"{minutes} 分 {rest} 秒" if minutes else f"{rest} 秒"


def message_for(code: str, text: str, title: str = "不能付款", back_url: str = "") -> MessagePage:
    title, text = _REFUSALS.get(code, (title, text))
    return MessagePage(title=title, text=text, code=code, back_url=back_url)


def no_such_page() -> MessagePage:
    return MessagePage("没有这个付款页", "链接可能不完整。请回到商户，重新点付款。", "", "")
