"""The life of a day's bill, of a difference, of a line of a bank statement. Pure."""

from enum import StrEnum


class DayStatus(StrEnum):
    WAITING = "waiting"
    """Alipay has no bill yet, or could not be asked."""
    AGREED = "agreed"
    DIFFERENT = "different"
    """At least one difference is open."""
    CLEARED = "cleared"
    """There were differences; each has been booked or explained."""


class BillRowKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"


class DifferenceKind(StrEnum):
    MISSING_HERE = "missing_here"
    """Alipay lists it, our books don't."""
    MISSING_THERE = "missing_there"
    """Our books have it, Alipay's bill doesn't."""
    AMOUNT = "amount"


class DifferenceStatus(StrEnum):
    OPEN = "open"
    PROPOSED = "proposed"
    """Somebody has said what to do; a second person must agree, for money would be written off."""
    RESOLVED = "resolved"


class Resolution(StrEnum):
    AGREES_NOW = "agrees_now"
    """A later comparison found both sides equal: the money came in through the one door, or the bill was late."""
    BOOKED = "booked"
    """The books follow the bill by an entry of its own."""
    EXPLAINED = "explained"
    """Nothing is booked; the reason stands in the note."""


MOVES: dict[str, tuple[frozenset[DifferenceStatus], DifferenceStatus]] = {
    "propose": (frozenset({DifferenceStatus.OPEN}), DifferenceStatus.PROPOSED),
    "decline": (frozenset({DifferenceStatus.PROPOSED}), DifferenceStatus.OPEN),
    "resolve": (frozenset({DifferenceStatus.OPEN}), DifferenceStatus.RESOLVED),
    "agree": (frozenset({DifferenceStatus.PROPOSED}), DifferenceStatus.RESOLVED),
    "vanish": (frozenset({DifferenceStatus.OPEN, DifferenceStatus.PROPOSED}), DifferenceStatus.RESOLVED),
}
"""verb -> (statuses it may start from, status it leads to)."""
