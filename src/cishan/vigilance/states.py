"""Where a large gift comes from, and what a look at it came to. Pure."""

from enum import StrEnum


class GiftSource(StrEnum):
    """What a donor says of where a large sum comes from."""

    INCOME = "income"
    SAVINGS = "savings"
    BUSINESS = "business"
    COMPANY = "company"
    RAISED = "raised"
    """Gathered from members or colleagues."""


class CaseOutcome(StrEnum):
    CLEARED = "cleared"
    """Nothing is odd about it; the money is used like any other."""
    REPORTED = "reported"
    """Reported to the authority; what it decides is carried out by a correction of its own."""


class ListedKind(StrEnum):
    """Whom an official list names."""

    PERSON = "person"
    ORGANISATION = "organisation"
