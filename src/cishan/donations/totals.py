"""The one writer of a fund's running totals. A total is a sum of slots, each changed under its own row's lock."""

from dataclasses import dataclass

from cishan.database import rows
from cishan.donations.models import TOTAL_SLOTS

ADD = """
INSERT INTO fund_total (fund_id, slot, given_fen, gifts) VALUES ($1, $2, $3, $4)
ON CONFLICT (fund_id, slot) DO UPDATE SET given_fen = fund_total.given_fen + $3, gifts = fund_total.gifts + $4
"""
TOTAL = """
SELECT coalesce(sum(given_fen), 0)::bigint AS given_fen, coalesce(sum(gifts), 0)::bigint AS gifts
  FROM fund_total WHERE fund_id = $1
"""


@dataclass(frozen=True)
class Total:
    """What a fund was given by donations, less what went back, and how many donations that are."""

    given_fen: int
    gifts: int


async def count_gift(fund_id: int, donation_id: int, *, given_fen: int, gifts: int) -> None:
    """Adds to a fund's total, or takes from it, inside the transaction that moves the donation."""
    await rows(ADD, fund_id, donation_id % TOTAL_SLOTS, given_fen, gifts)


async def total_of(fund_id: int) -> Total:
    row = (await rows(TOTAL, fund_id))[0]
    return Total(row["given_fen"], row["gifts"])
