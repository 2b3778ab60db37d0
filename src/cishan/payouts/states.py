"""The life of a payout, of its transfer, and the kinds of accounts. Pure."""

from enum import StrEnum


class PayoutStatus(StrEnum):
    APPLIED = "applied"
    ENDORSED = "endorsed"
    """One person has approved."""
    AWAITING_THIRD = "awaiting_third"
    """Two have approved; the sum asks for a third."""
    APPROVED = "approved"
    IN_FILE = "in_file"
    """On its way to the bank. Whether it was paid is not known."""
    PAID = "paid"
    RETURNED = "returned"
    """The bank did not pay it, or the money came back."""
    REFUSED = "refused"


UNDECIDED = frozenset({PayoutStatus.APPLIED, PayoutStatus.ENDORSED, PayoutStatus.AWAITING_THIRD})
"""Statuses in which an approval is still missing."""

MOVES: dict[str, tuple[frozenset[PayoutStatus], frozenset[PayoutStatus]]] = {
    "approve": (UNDECIDED, frozenset({PayoutStatus.ENDORSED, PayoutStatus.AWAITING_THIRD, PayoutStatus.APPROVED})),
    "refuse": (UNDECIDED, frozenset({PayoutStatus.REFUSED})),
    "file": (frozenset({PayoutStatus.APPROVED}), frozenset({PayoutStatus.IN_FILE})),
    "pay": (frozenset({PayoutStatus.IN_FILE}), frozenset({PayoutStatus.PAID})),
    "stop": (frozenset({PayoutStatus.APPROVED}), frozenset({PayoutStatus.REFUSED})),
    "return": (frozenset({PayoutStatus.IN_FILE, PayoutStatus.PAID}), frozenset({PayoutStatus.RETURNED})),
}
"""verb -> (statuses it may start from, statuses it may lead to)."""


class PayoutKind(StrEnum):
    HOUSEHOLD = "household"
    VILLAGE = "village"
    """A public purpose of a village; never a family's own."""
    PURCHASE = "purchase"
    """Bought from a supplier."""


class PayoutChannel(StrEnum):
    """How approved help leaves: in a file that the cashier takes to the bank, or by Alipay's own transfer."""

    BANK = "bank"
    ALIPAY = "alipay"


class TransferState(StrEnum):
    """The life of a transfer at Alipay."""

    REQUESTED = "requested"
    """Written down; Alipay has not been asked yet."""
    UNKNOWN = "unknown"
    """Alipay was asked, or is about to be; until it says so the money has neither gone nor stayed."""
    MADE = "made"
    REFUSED = "refused"
    """Alipay said no; nothing has left."""
    CAME_BACK = "came_back"
    """It was made, and the money came back."""


OPEN_TRANSFERS = frozenset({TransferState.REQUESTED, TransferState.UNKNOWN})


class PayeeKind(StrEnum):
    BANK = "bank"
    ALIPAY = "alipay"
