"""The life of a bank statement, and what a movement on the account is. Pure."""

from enum import StrEnum


class StatementStatus(StrEnum):
    PREVIEWED = "previewed"
    APPLIED = "applied"


class BankLineStatus(StrEnum):
    UNRECOGNISED = "unrecognised"
    WITHDRAWAL = "withdrawal"
    """Money of ours that came from Alipay."""
    FEE = "fee"
    NOISE = "noise"
    """Known, and no business of this fund: another project's money on the same bank account."""
