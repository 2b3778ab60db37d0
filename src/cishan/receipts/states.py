"""The life of a request for a receipt, and the words around it. Pure."""

from enum import StrEnum


class RequestStatus(StrEnum):
    WAITING = "waiting"
    ISSUED = "issued"
    REFUSED = "refused"
    DROPPED = "dropped"
    """Nothing is left of the gift: all of it was given back before the receipt was issued."""


class PayerKind(StrEnum):
    """Whose name the receipt carries: 交款人."""

    PERSON = "person"
    ORGANISATION = "organisation"


class BillColour(StrEnum):
    """A receipt is never deleted: a red one with a number of its own takes the blue one back."""

    BLUE = "blue"
    RED = "red"


class ReversalReason(StrEnum):
    REFUND = "refund"
    MISTAKE = "mistake"


class ReceiptState(StrEnum):
    """Where a gift stands with its receipt; it follows from the rows and is stored nowhere."""

    NOT_ASKED = "not_asked"
    WAITING = "waiting"
    ISSUED = "issued"
    REFUSED = "refused"
    REVERSED = "reversed"
    NOTHING_LEFT = "nothing_left"


class CertificateStanding(StrEnum):
    VALID = "valid"
    REVERSED = "reversed"
