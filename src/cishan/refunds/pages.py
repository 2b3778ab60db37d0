"""What finance's pages of refunds show: one frozen object each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cishan.labels import label
from cishan.page_parts import Column, Pagination
from cishan.refunds.actions import STAFF_REASONS, part_key
from cishan.refunds.queries import OrderPart, PaidOrder, RefundRow
from cishan.refunds.rules import BY_BANK, Terms
from cishan.refunds.states import RefundReason, RefundStatus

SUM = Column("金额", number=True)
TONES: dict[RefundStatus, str] = {
    RefundStatus.PROPOSED: "warn",
    RefundStatus.REFUSED: "bad",
    RefundStatus.SUCCEEDED: "good",
    RefundStatus.CANCELLED: "plain",
}
"""How a status is coloured; what is not named is under way."""
REFUSALS = {
    BY_BANK: "这笔捐款是银行转账来的。请从银行退回原来的账户，导入流水后，会计把那笔支出认定成“退还捐款”，就算退成了。",
    "SELLER_BALANCE_NOT_ENOUGH": "商户的支付宝余额不够。请先充值，再退一次。",
    "TRADE_HAS_FINISHED": "付款超过一年，支付宝不能再退。请和爱心人士商量。",
    "TRADE_HAS_CLOSE": "支付宝说这笔交易已经关闭，可能在别处全退过。请到支付宝商户后台核对。",
    "REASON_TRADE_REFUND_FEE_ERR": "超过了支付宝上还能退的钱，可能在别处退过。请到支付宝商户后台核对。",
    "BUYER_ENABLE_STATUS_FORBID": "爱心人士的支付宝账号现在不能收款。请联系本人。",
    "REASON_TRADE_BEEN_FREEZEN": "这笔交易被支付宝冻结了。请联系支付宝。",
}
"""What a person can do about a refusal of Alipay's, by the last part of its code."""


@dataclass(frozen=True)
class RefundLine:
    """A refund in a list; `clock` is the time by which a person must have looked, None when nobody must."""

    href: str
    donor: str
    amount_fen: int
    status_label: str
    tone: str
    reason_label: str
    created_at: datetime
    clock: datetime | None
    is_late: bool
    handler: str


@dataclass(frozen=True)
class RefundsPage:
    """What needs a person first, then every refund, newest first."""

    waiting: tuple[RefundLine, ...]
    lines: tuple[RefundLine, ...]
    pagination: Pagination
    now: datetime
    sum_column: Column = SUM


@dataclass(frozen=True)
class RefundPage:
    """One refund, what Alipay said of it, and what this person may do about it."""

    refund: RefundRow
    tone: str
    advice: str
    can_agree: bool
    can_decline: bool
    can_retry: bool
    can_keep: bool
    can_take: bool
    can_explain: bool
    order_href: str
    entries_href: str
    values: Mapping[str, str]
    errors: Mapping[str, str]
    now: datetime


@dataclass(frozen=True)
class PartField:
    """A part of an order with the field for what goes back of it."""

    key: str
    words: str
    amount_fen: int
    open_fen: int
    typed: str
    error: str


@dataclass(frozen=True)
class StartPage:
    """Find an order, then say what goes back of it and why."""

    out_trade_no: str
    order: PaidOrder | None
    parts: tuple[PartField, ...]
    before: tuple[RefundLine, ...]
    reasons: tuple[tuple[str, str], ...]
    second_person_over_fen: int
    values: Mapping[str, str]
    errors: Mapping[str, str]
    now: datetime
    sum_column: Column = SUM

    @property
    def has_open(self) -> bool:
        return any(part.open_fen for part in self.parts)


@dataclass(frozen=True)
class TermsPage:
    """The charity's figures in force today, and those to set."""

    terms: Terms
    values: Mapping[str, str]
    errors: Mapping[str, str]


REASONS = tuple((reason.value, label(reason)) for reason in STAFF_REASONS)


def refund_line(refund: RefundRow, now: datetime) -> RefundLine:
    needs_person = refund.status in {RefundStatus.PROPOSED, RefundStatus.REFUSED} or refund.due_at is not None
    clock = refund.due_at if needs_person else None
    return RefundLine(
        href=f"/desk/finance/refunds/{refund.id}",
        donor=refund.donor,
        amount_fen=refund.amount_fen,
        status_label=refund.status_label,
        tone=TONES.get(refund.status, "busy"),
        reason_label=refund.reason_label,
        created_at=refund.created_at,
        clock=clock,
        is_late=clock is not None and clock <= now,
        handler=refund.handler or "还没有人",
    )


def refund_page(
    refund: RefundRow, viewer_id: int, now: datetime, values: Mapping[str, str], errors: Mapping[str, str]
) -> RefundPage:
    status = refund.status
    return RefundPage(
        refund=refund,
        tone=TONES.get(status, "busy"),
        advice=advice_of(refund.refusal),
        can_agree=status is RefundStatus.PROPOSED and refund.requested_by_id != viewer_id,
        can_decline=status is RefundStatus.PROPOSED,
        can_retry=status is RefundStatus.REFUSED and refund.refusal != BY_BANK,
        can_keep=status is RefundStatus.REFUSED,
        can_take=status not in {RefundStatus.CANCELLED, RefundStatus.SUCCEEDED} and refund.handler_id != viewer_id,
        can_explain=refund.reason is RefundReason.ELSEWHERE and refund.due_at is not None,
        order_href=f"/desk/finance/refunds/new?order={refund.out_trade_no}",
        entries_href=f"/desk/finance/entries?order={refund.out_trade_no}",
        values=values,
        errors=errors,
        now=now,
    )


def advice_of(refusal: str) -> str:
    """What to do about a refusal; a code that nobody has named yet is shown as it is."""
    if not refusal:
        return ""
    return REFUSALS.get(refusal.rpartition(".")[2], f"支付宝没有退，代码 {refusal}。请到支付宝商户后台查原因。")


def part_field(part: OrderPart, values: Mapping[str, str], errors: Mapping[str, str]) -> PartField:
    key = f"amount-{part_key(part)}"
    if part.order_line_id is not None:
        words = f"认领 {part.owner_id} 的捐款"
    else:
        words = "待处理的钱" if part.waits else "迟到、重复或多付的钱"
    return PartField(key, words, part.amount_fen, part.open_fen, values.get(key, ""), errors.get(key, ""))
