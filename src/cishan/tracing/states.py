"""Where money is, and what a fund's money was used for. Pure."""

from enum import StrEnum


class Whereabouts(StrEnum):
    """Where a part of a gift is now; the parts of a gift always add up to what was paid."""

    WAITING = "waiting"
    """Received, and its use is not settled."""
    RETURN_OWED = "return_owed"
    """Promised back to its donor and not gone yet."""
    RETURNED = "returned"
    HELD = "held"
    """At Alipay, for one claim that nobody has begun to buy for."""
    IN_TOWN = "in_town"
    """In the hands of the town that buys."""
    SPENT = "spent"
    """Spent with a voucher, for what stands on one household's list."""
    IN_FUND = "in_fund"
    """The fund's for its filed use, and for no claim any more, or for none yet."""


class FundUse(StrEnum):
    """What became of a fund's money; the uses and what is left always add up to what the fund has received."""

    BOUGHT = "bought"
    """Spent by towns on things that families wished for."""
    PAID_OUT = "paid_out"
    """Help that has left for families, villages and suppliers."""
    OWED = "owed"
    """Help that two people have approved and that has not left yet."""
    PASSED_ON = "passed_on"
    """Went to another fund when the project was over."""
    FEES = "fees"
    """Kept by Alipay and the bank."""
    IN_TOWNS = "in_towns"
    """In the hands of towns to buy with."""
    LEFT = "left"
