"""The life of a refund, and why there is one. Pure."""

from enum import StrEnum


class RefundStatus(StrEnum):
    PROPOSED = "proposed"
    """A sum that a second person must agree to. Nothing is booked yet."""
    REQUESTED = "requested"
    """Promised and booked; Alipay has not been asked yet."""
    UNKNOWN = "unknown"
    """Alipay was asked, or is about to be; until it says so the refund has neither been made nor failed."""
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    """Alipay said no. The money is still owed; a person decides."""
    CANCELLED = "cancelled"
    """Not agreed to, or kept for the fund after a refusal."""


MOVES: dict[str, tuple[frozenset[RefundStatus], RefundStatus]] = {
    "agree": (frozenset({RefundStatus.PROPOSED}), RefundStatus.REQUESTED),
    "decline": (frozenset({RefundStatus.PROPOSED}), RefundStatus.CANCELLED),
    "send": (frozenset({RefundStatus.REQUESTED, RefundStatus.UNKNOWN}), RefundStatus.UNKNOWN),
    "succeed": (frozenset({RefundStatus.UNKNOWN, RefundStatus.REFUSED}), RefundStatus.SUCCEEDED),
    "refuse": (frozenset({RefundStatus.UNKNOWN}), RefundStatus.REFUSED),
    "retry": (frozenset({RefundStatus.REFUSED}), RefundStatus.REQUESTED),
    "keep": (frozenset({RefundStatus.REFUSED}), RefundStatus.CANCELLED),
}
"""verb -> (statuses it may start from, status it leads to)."""

OWED = frozenset({RefundStatus.REQUESTED, RefundStatus.UNKNOWN, RefundStatus.REFUSED})
"""Promised and not yet gone: the sum stands on the account of refunds due."""
COUNTED_SQL = "status <> 'cancelled'"
"""Refunds whose sum can't be promised a second time."""


class RefundReason(StrEnum):
    LATE_MONEY = "late_money"
    CHANGED_MIND = "changed_mind"
    MISTAKE = "mistake"
    HOUSEHOLD = "household"
    OTHER = "other"
    ELSEWHERE = "elsewhere"
    """Made at Alipay and not by us, as from the merchant's console; it is booked and a person looks into it."""
