"""Why a family needs help at once, and where its case stands. Pure."""

from enum import StrEnum


class UrgentCause(StrEnum):
    ILLNESS = "illness"
    ACCIDENT = "accident"
    FIRE = "fire"
    DISASTER = "disaster"
    BREADWINNER = "breadwinner"
    """Whoever earned the family's living died or can work no more."""
    OTHER = "other"


class CaseStage(StrEnum):
    """What a case waits for."""

    DECISION = "decision"
    PAYMENT = "payment"
    FINDING = "finding"
    """Paid; two people have to visit and one of them to write what they found."""
    SECOND = "second"
    """Written; the second visitor has to confirm it."""
    COMPLETED = "completed"
    UNDUE = "undue"
    """Completed with the finding that the help was not due; the money is to be asked back."""
    REFUSED = "refused"
    RETURNED = "returned"


WAITING = (CaseStage.DECISION, CaseStage.PAYMENT, CaseStage.FINDING, CaseStage.SECOND)
"""Stages in which somebody still has to do something."""
