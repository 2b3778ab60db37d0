"""The life of a bank statement, and what a movement on the account is. Pure."""

from enum import StrEnum


class StatementStatus(StrEnum):
    PREVIEWED = "previewed"
    APPLIED = "applied"


class BankLineStatus(StrEnum):
    UNRECOGNISED = "unrecognised"
    GIFT = "gift"
    """A donor's transfer; the order says whose and for what."""
    HELD = "held"
    """A gift whose giver is not known yet: on the books, and nobody's."""
    WITHDRAWAL = "withdrawal"
    """Money of ours that came from Alipay."""
    FEE = "fee"
    REFUND = "refund"
    """A gift that came by transfer goes back, to the account it came from."""
    SENT_BACK = "sent_back"
    """What was held goes back to whoever sent it."""
    NOISE = "noise"
    """Known, and no business of this fund: another project's money on the same bank account."""


MOVES: dict[BankLineStatus, frozenset[BankLineStatus]] = {
    BankLineStatus.UNRECOGNISED: frozenset(set(BankLineStatus) - {BankLineStatus.UNRECOGNISED}),
    BankLineStatus.HELD: frozenset({BankLineStatus.GIFT}),
}
"""What a movement may be called after what it was called before; everything else is said once."""
INCOMING = (BankLineStatus.GIFT, BankLineStatus.HELD, BankLineStatus.WITHDRAWAL, BankLineStatus.NOISE)
OUTGOING = (BankLineStatus.FEE, BankLineStatus.REFUND, BankLineStatus.SENT_BACK, BankLineStatus.NOISE)
