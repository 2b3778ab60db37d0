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
