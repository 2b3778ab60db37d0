"""The life of a donation. Pure."""

from enum import StrEnum


class DonationStatus(StrEnum):
    PLEDGED = "pledged"
    """Written down; nothing has been received."""
    RECEIVED = "received"
    RETURNED = "returned"
    """All of it went back, or is on its way back."""
    LAPSED = "lapsed"
    """Nothing came in time. Money that comes later is received all the same, while the fund takes money."""


MOVES: dict[str, tuple[frozenset[DonationStatus], DonationStatus]] = {
    "receive": (frozenset({DonationStatus.PLEDGED, DonationStatus.LAPSED}), DonationStatus.RECEIVED),
    "return": (frozenset({DonationStatus.RECEIVED}), DonationStatus.RETURNED),
    "keep": (frozenset({DonationStatus.RETURNED}), DonationStatus.RECEIVED),
    "lapse": (frozenset({DonationStatus.PLEDGED}), DonationStatus.LAPSED),
}
"""verb -> (statuses it may start from, status it leads to)."""
