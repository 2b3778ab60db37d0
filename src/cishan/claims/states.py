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


class DeliveryProof(StrEnum):
    CODE = "code"
    SLIP = "slip"


class CheckChannel(StrEnum):
    PHONE = "phone"
    VISIT = "visit"


class CheckAnswer(StrEnum):
    YES = "yes"
    NO = "no"
