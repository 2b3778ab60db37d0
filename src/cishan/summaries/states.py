"""Words of the yearly list."""

from enum import StrEnum


class LineKind(StrEnum):
    """Where a line comes from. CHARITY is help paid out of a charity's fund."""

    BENEFIT = "benefit"
    CHARITY = "charity"
    WISH = "wish"


DOUBT = "list_doubt"
"""The kind of concern that a family's doubt is; supervision, which stands above this room, counts it with the others."""
