"""Reads what households received, for one or for many at once, straight from the records of the other rooms.

Nothing is kept here twice: benefits are the bureau's records, wishes are confirmed claims,
help of charity funds is what the bank has paid.
"""

from collections.abc import Sequence
from datetime import date

from cishan.claims.states import ClaimStatus
from cishan.clock import beijing_day, beijing_midnight
from cishan.database import rows
from cishan.payouts.states import PayoutStatus
from cishan.summaries.rules import Line, benefit_line, charity_line, wish_line, year_range

# A month's benefit belongs to the household that the person had last joined by the end of that month; to the first one
# they ever joined when the registry does not reach that far back. So every record stands on exactly one list.
BENEFITS = """
WITH home AS (
    SELECT person_id, household_id,
           CASE WHEN row_number() OVER joined > 1 THEN date_trunc('month', from_on)::date ELSE $2 END AS from_month,
           coalesce(lead(date_trunc('month', from_on)::date) OVER joined, 'infinity') AS until_month
      FROM membership
     WHERE person_id IN (SELECT person_id FROM membership WHERE household_id = ANY($1))
    WINDOW joined AS (PARTITION BY person_id ORDER BY from_on, id))
SELECT home.household_id, b.person_id, p.code, p.name,
       array_agg(extract(month FROM b.month)::int ORDER BY b.month) AS months, array_agg(b.amount_fen ORDER BY b.month) AS sums
  FROM home
  JOIN benefit_record b ON b.person_id = home.person_id AND b.month BETWEEN $2 AND $3
                       AND b.month >= home.from_month AND b.month < home.until_month
  JOIN programme p ON p.id = b.programme_id
 WHERE home.household_id = ANY($1)
 GROUP BY home.household_id, b.person_id, p.code, p.name
"""
# At hand-over the claim keeps what was spent, the fair value of goods or the hours of a service.
WISHES = """
SELECT w.household_id, w.person_id, c.id AS claim_id, w.item, f.delivered_at, f.value_fen, f.hours
  FROM wish w
  JOIN claim c ON c.wish_id = w.id AND c.status = $4
  JOIN fulfilment f ON f.claim_id = c.id
 WHERE w.household_id = ANY($1) AND f.delivered_at >= $2 AND f.delivered_at < $3
"""
# Help that the bank has paid; what came back stands on no list.
PAYOUTS = """
SELECT household_id, person_id, id AS payout_id, what, amount_fen, paid_at FROM payout
 WHERE household_id = ANY($1) AND status = $4 AND paid_at >= $2 AND paid_at < $3
"""


async def lines_of(household_id: int, year: int) -> tuple[Line, ...]:
    """All that one household received in a Beijing year."""
    return tuple((await lines_of_many([household_id], year)).get(household_id, ()))


async def lines_of_many(household_ids: Sequence[int], year: int) -> dict[int, list[Line]]:
    """The lines of many households by household, in three queries; one without lines is left out."""
    found: dict[int, list[Line]] = {}
    ids = list(household_ids)
    first, last = year_range(year)
    for row in await rows(BENEFITS, ids, first, last):
        paid = zip(row["months"], row["sums"], strict=True)
        line = benefit_line(row["person_id"], row["code"], row["name"], paid)
        found.setdefault(row["household_id"], []).append(line)
    begins, ends = beijing_midnight(first), beijing_midnight(date(year + 1, 1, 1))
    for row in await rows(WISHES, ids, begins, ends, ClaimStatus.CONFIRMED.value):
        line = wish_line(
            row["claim_id"],
            row["person_id"],
            row["item"],
            spent_fen=row["value_fen"],
            hours=row["hours"],
            on=beijing_day(row["delivered_at"]),
        )
        found.setdefault(row["household_id"], []).append(line)
    for row in await rows(PAYOUTS, ids, begins, ends, PayoutStatus.PAID.value):
        day = beijing_day(row["paid_at"])
        line = charity_line(row["payout_id"], row["person_id"], row["what"], amount_fen=row["amount_fen"], on=day)
        found.setdefault(row["household_id"], []).append(line)
    return found
