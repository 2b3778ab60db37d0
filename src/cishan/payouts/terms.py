"""The charity's limits of help, by day."""

from datetime import datetime

from cishan.clock import beijing_day
from cishan.database import rows
from cishan.payouts.rules import DEFAULT_TERMS, Terms

TERMS = """
SELECT third_person_over_fen, large_donor_fen FROM payout_terms
 WHERE charity_id = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1
"""


async def terms_on(charity_id: int, now: datetime) -> Terms:
    """The limits of a day in Beijing."""
    found = await rows(TERMS, charity_id, beijing_day(now))
    return Terms(**found[0]) if found else DEFAULT_TERMS
