"""Words of the yearly list."""

from enum import StrEnum


class LineKind(StrEnum):
    """Where a line comes from. CHARITY is for payouts of charity projects; none are paid yet."""

    BENEFIT = "benefit"
    CHARITY = "charity"
    WISH = "wish"


DOUBT = "list_doubt"
"""The kind of concern that a family's doubt is; supervision, which stands above this room, counts it with the others."""
