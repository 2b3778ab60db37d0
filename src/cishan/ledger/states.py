"""Kinds of ledger accounts and entries."""

from enum import StrEnum


class AccountType(StrEnum):
    ALIPAY = "alipay"
    """Asset: money received at the charity's merchant account."""
    TOWN_ADVANCE = "town_advance"
    """Asset: money in a town's hands to buy with."""
    FUND = "fund"
    """Restricted net assets: what the fund has received."""
    UNASSIGNED = "unassigned"
    """Liability: money of this fund whose use is not settled."""
    REFUND_DUE = "refund_due"
    """Liability: money that has been promised back to donors and has not left yet."""
    BANK = "bank"
    """Asset: money on the charity's bank account."""
    FEES = "fees"
    """Expense: what Alipay and the bank have kept for their service."""
    SPENDING = "spending"
    """Expense: what the fund has spent on its use."""


class EntryKind(StrEnum):
    GIFT = "gift"
    ADVANCE = "advance"
    PURCHASE = "purchase"
    RETURN_OF_ADVANCE = "return_of_advance"
    ASSIGNMENT = "assignment"
    """Unassigned money becomes the fund's."""
    REFUND_DUE = "refund_due"
    """A refund is owed from this moment on: the fund has the money no longer."""
    REFUND = "refund"
    """A refund has left."""
    REFUND_KEPT = "refund_kept"
    """A refund could not be made and its money stays in the fund."""
    WITHDRAWAL = "withdrawal"
    """Money moves from Alipay to the bank."""
    FEE = "fee"
    ADJUSTMENT = "adjustment"
    """The books follow Alipay's bill, after somebody has looked into a difference."""
    REVERSAL = "reversal"
