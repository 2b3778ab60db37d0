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


class NoticeVerdict(StrEnum):
    SETTLED = "settled"
    NOTHING_NEW = "nothing_new"
    DENIED = "denied"
    REJECTED = "rejected"
    WAITING = "waiting"


class SettleSource(StrEnum):
    NOTICE = "notice"
    RETURN = "return"
    POLL = "poll"
