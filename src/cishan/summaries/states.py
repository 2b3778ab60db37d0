"""Words of the yearly list."""

from enum import StrEnum


class LineKind(StrEnum):
    """Where a line comes from. CHARITY is for payouts of charity projects; none are paid yet."""

    BENEFIT = "benefit"
    CHARITY = "charity"
    WISH = "wish"
