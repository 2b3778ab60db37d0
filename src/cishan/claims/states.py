"""The life of a claim: statuses and moves. Pure."""

from enum import StrEnum


class ClaimWay(StrEnum):
    PAY = "pay"
    BRING = "bring"
    GIVE_TIME = "give_time"


class ClaimStatus(StrEnum):
    RESERVED = "reserved"
    PROMISED = "promised"
    PAID = "paid"
    ADVANCED = "advanced"
    BOUGHT = "bought"
    DELIVERED = "delivered"
    QUESTIONED = "questioned"
    CONFIRMED = "confirmed"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    HANDED_BACK = "handed_back"
    ENDED = "ended"


OVER = frozenset({ClaimStatus.LAPSED, ClaimStatus.CANCELLED, ClaimStatus.HANDED_BACK, ClaimStatus.ENDED})
"""Statuses in which the claim holds its wish no longer."""

LIVE_SQL = "status NOT IN ('lapsed', 'cancelled', 'handed_back', 'ended')"

MOVES: dict[str, tuple[frozenset[ClaimStatus], ClaimStatus]] = {
    "pay": (frozenset({ClaimStatus.RESERVED}), ClaimStatus.PAID),
    "pay_late": (frozenset({ClaimStatus.LAPSED}), ClaimStatus.PAID),
    "refund": (frozenset({ClaimStatus.PAID, ClaimStatus.ADVANCED}), ClaimStatus.ENDED),
    "lapse": (frozenset({ClaimStatus.RESERVED, ClaimStatus.PROMISED}), ClaimStatus.LAPSED),
    "cancel": (frozenset({ClaimStatus.RESERVED}), ClaimStatus.CANCELLED),
    "hand_back": (frozenset({ClaimStatus.PROMISED}), ClaimStatus.HANDED_BACK),
    "advance": (frozenset({ClaimStatus.PAID}), ClaimStatus.ADVANCED),
    "buy": (frozenset({ClaimStatus.ADVANCED}), ClaimStatus.BOUGHT),
    "deliver": (
        frozenset({ClaimStatus.BOUGHT, ClaimStatus.PROMISED, ClaimStatus.QUESTIONED}),
        ClaimStatus.DELIVERED,
    ),
    "confirm": (frozenset({ClaimStatus.DELIVERED}), ClaimStatus.CONFIRMED),
    "question": (frozenset({ClaimStatus.DELIVERED}), ClaimStatus.QUESTIONED),
    "end": (
        frozenset(
            {
                ClaimStatus.RESERVED,
                ClaimStatus.PROMISED,
                ClaimStatus.PAID,
                ClaimStatus.ADVANCED,
                ClaimStatus.BOUGHT,
                ClaimStatus.QUESTIONED,
            }
        ),
        ClaimStatus.ENDED,
    ),
}
"""verb -> (statuses it may start from, status it leads to)."""


class EndReason(StrEnum):
    """Why staff end a claim. Who supports the family hears only that things have changed there."""

    REFUSES = "refuses"
    MOVED = "moved"
    DIED = "died"


class Whereabouts(StrEnum):
    """Where a part of a gift is now; the parts of a gift always add up to what was paid."""

    WAITING = "waiting"
    """Received, and its use is not settled."""
    RETURN_OWED = "return_owed"
    """Promised back to its donor and not gone yet."""
    RETURNED = "returned"
    HELD = "held"
    """At Alipay, for one claim that nobody has begun to buy for."""
    IN_TOWN = "in_town"
    """In the hands of the town that buys."""
    SPENT = "spent"
    """Spent with a voucher, for what stands on one household's list."""
    IN_FUND = "in_fund"
    """The fund's for its filed use, and for no claim any more, or for none yet."""


class DeliveryProof(StrEnum):
    CODE = "code"
    SLIP = "slip"


class CheckChannel(StrEnum):
    PHONE = "phone"
    VISIT = "visit"


class CheckAnswer(StrEnum):
    YES = "yes"
    NO = "no"
