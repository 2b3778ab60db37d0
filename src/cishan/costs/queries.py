"""A year's sums: income and spending as the books have them by month, cost as the bookkeeper entered it."""

from dataclasses import dataclass
from datetime import date, datetime

from cishan.costs.rules import Limits, YearSums
from cishan.database import rows

MOST_VERSIONS = 20

LIMITS = """
SELECT least_spent_permille, most_cost_permille FROM cost_terms
 WHERE charity_id = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1
"""
MOVED = """
(SELECT coalesce(sum(s.amount_fen), 0) FROM surplus_move s JOIN project p ON p.id = s.project_id
  WHERE p.charity_id = $1 AND (s.decided_at AT TIME ZONE 'Asia/Shanghai')::date >= {0}
    AND (s.decided_at AT TIME ZONE 'Asia/Shanghai')::date < {1})
"""
"""What went from one of the charity's funds to another is neither its income nor its spending."""
SUMS = f"""
SELECT (coalesce(sum(m.received_fen - m.returned_fen) FILTER (WHERE m.month < $2), 0) - {MOVED.format("$3", "$2")})::bigint
         AS income_before_fen,
       (coalesce(sum(m.spent_fen + m.fees_fen) FILTER (WHERE m.month >= $2), 0) - {MOVED.format("$2", "$4")})::bigint AS spent_fen
  FROM fund_month m JOIN fund f ON f.id = m.fund_id
 WHERE f.charity_id = $1 AND m.month >= $3 AND m.month < $4
"""  # noqa: S608 - constants
VERSIONS = """
SELECT cost_fen, until, note, entered_at FROM management_cost WHERE charity_id = $1 AND year = $2 ORDER BY id DESC LIMIT $3
"""


@dataclass(frozen=True)
class CostVersion:
    """What was entered of a year, when, and where the figure comes from."""

    cost_fen: int
    until: date
    note: str
    entered_at: datetime


async def limits_on(charity_id: int, on: date) -> Limits:
    """The charity's limits of a day; the law's for a public foundation until it has set its own."""
    found = await rows(LIMITS, charity_id, on)
    return Limits(found[0]["least_spent_permille"], found[0]["most_cost_permille"]) if found else Limits()


async def versions_of(charity_id: int, year: int) -> tuple[CostVersion, ...]:
    """All that was entered of a year, the newest first."""
    return tuple(CostVersion(**row) for row in await rows(VERSIONS, charity_id, year, MOST_VERSIONS))


async def sums_of(charity_id: int, year: int) -> YearSums:
    """The year's money as it is known now: the books' months are counted every ten minutes."""
    first, before, after = date(year, 1, 1), date(year - 1, 1, 1), date(year + 1, 1, 1)
    found = (await rows(SUMS, charity_id, first, before, after))[0]
    versions = await versions_of(charity_id, year)
    return YearSums(found["income_before_fen"], found["spent_fen"], versions[0].cost_fen if versions else 0)
