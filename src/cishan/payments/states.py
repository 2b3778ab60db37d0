"""The life of an order, why money is unassigned, and what became of a notice. Pure."""

from enum import StrEnum


class OrderStatus(StrEnum):
    PENDING = "pending"
    PAID = "paid"
    CLOSED = "closed"


class UnassignedReason(StrEnum):
    LATE = "late"
    DUPLICATE = "duplicate"
    SURPLUS = "surplus"
    SHORT = "short"


class PayChannel(StrEnum):
    """The way on which an order's money comes, and on which it goes back."""

    ALIPAY = "alipay"
    BANK = "bank"
    """A transfer to the charity's bank account, known by the order's code."""


class LateChoice(StrEnum):
    """What a donor wants when their money comes too late, twice or is too much; stored before they pay."""

    SIMILAR = "similar"
    FUND = "fund"
    REFUND = "refund"


class NoticeVerdict(StrEnum):
    """What we made of a notice. WAITING: the gateway could not be asked; it will send again."""

    SETTLED = "settled"
    NOTHING_NEW = "nothing_new"
    DENIED = "denied"
    REJECTED = "rejected"
    WAITING = "waiting"


class SettleSource(StrEnum):
    NOTICE = "notice"
    RETURN = "return"
    POLL = "poll"
    BILL = "bill"
    STAFF = "staff"
    BANK = "bank"
    """A movement on the bank account that names the order's code, or that somebody has recognised."""
