"""A fund's statement of a time, read from the postings in one query. What is over stays as it is: entries are only added.

Days go by when something was booked, so a period that is over never changes; `fund_month` keeps such months for pages
that many people read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cishan.clock import beijing_midnight
from cishan.database import JsonRow, rows
from cishan.ledger.states import AccountType, EntryKind

DAY = timedelta(days=1)

STATEMENT = """
SELECT CASE WHEN e.booked_at >= $2 THEN date_trunc('month', e.booked_at AT TIME ZONE 'Asia/Shanghai')::date END AS month,
       a.type, e.kind, sum(p.amount_fen)::bigint AS fen, count(*) AS postings
  FROM ledger_account a
  JOIN ledger_posting p ON p.account_id = a.id
  JOIN ledger_entry e ON e.id = p.entry_id
 WHERE a.fund_id = $1 AND a.type IN ('fund', 'spending', 'fees') AND e.booked_at < $3
 GROUP BY 1, 2, 3 ORDER BY 1 NULLS FIRST
"""
RETURNS = frozenset({EntryKind.REFUND_DUE, EntryKind.REFUND_KEPT})


@dataclass(frozen=True)
class Flow:
    """What came in and went out, in fen. `returned_fen` went back to donors."""

    received_fen: int = 0
    returned_fen: int = 0
    spent_fen: int = 0
    fees_fen: int = 0
    gifts: int = 0

    @property
    def change_fen(self) -> int:
        return self.received_fen - self.returned_fen - self.spent_fen - self.fees_fen


@dataclass(frozen=True)
class MonthFlow:
    month: date
    flow: Flow


@dataclass(frozen=True)
class Statement:
    """A fund from a day to a day, both included: what it had before, each month, and what it had after."""

    period_from: date
    period_until: date
    opening_fen: int
    months: tuple[MonthFlow, ...]

    @property
    def total(self) -> Flow:
        return sum_of([one.flow for one in self.months])

    @property
    def closing_fen(self) -> int:
        return self.opening_fen + self.total.change_fen

    def as_figures(self) -> dict[str, Any]:
        """The statement as plain data, as a published report keeps it."""
        return {
            "from": self.period_from.isoformat(),
            "until": self.period_until.isoformat(),
            "opening_fen": self.opening_fen,
            "months": [{"month": one.month.isoformat(), **vars(one.flow)} for one in self.months],
        }


def statement_of(figures: Mapping[str, Any]) -> Statement:
    """The statement that a published report keeps."""
    return Statement(
        period_from=date.fromisoformat(figures["from"]),
        period_until=date.fromisoformat(figures["until"]),
        opening_fen=figures["opening_fen"],
        months=tuple(
            MonthFlow(
                date.fromisoformat(one["month"]), Flow(**{name: fen for name, fen in one.items() if name != "month"})
            )
            for one in figures["months"]
        ),
    )


def add_up(statements: Sequence[Statement]) -> Statement:
    """Several funds of one time as one statement, month by month."""
    months: dict[date, list[Flow]] = {}
    for statement in statements:
        for one in statement.months:
            months.setdefault(one.month, []).append(one.flow)
    return Statement(
        period_from=statements[0].period_from,
        period_until=statements[0].period_until,
        opening_fen=sum(statement.opening_fen for statement in statements),
        months=tuple(MonthFlow(month, sum_of(flows)) for month, flows in sorted(months.items())),
    )


def sum_of(flows: Sequence[Flow]) -> Flow:
    return Flow(**{name: sum(getattr(flow, name) for flow in flows) for name in Flow.__dataclass_fields__})


async def statement_for(fund_id: int, period_from: date, period_until: date) -> Statement:
    """What the books say of a fund from a day to a day, both included, by days in China."""
    start, end = beijing_midnight(period_from), beijing_midnight(period_until + DAY)
    return read_statement(await rows(STATEMENT, fund_id, start, end), period_from, period_until)


def read_statement(found: Sequence[JsonRow], period_from: date, period_until: date) -> Statement:
    """Builds the statement out of sums by month, account and kind. Pure."""
    by_month: dict[date | None, list[JsonRow]] = {}
    for row in found:
        by_month.setdefault(row["month"], []).append(row)
    return Statement(
        period_from=period_from,
        period_until=period_until,
        opening_fen=_flow(by_month.pop(None, [])).change_fen,
        months=tuple(MonthFlow(month, _flow(sums)) for month, sums in sorted(by_month.items()) if month),
    )


def _flow(sums: Sequence[JsonRow]) -> Flow:
    """What the postings of a time come to: a fund's account is credited with what it gets."""
    fund = {EntryKind(row["kind"]): row["fen"] for row in sums if row["type"] == AccountType.FUND}
    gifts = [row for row in sums if row["type"] == AccountType.FUND and row["kind"] == EntryKind.GIFT]
    return Flow(
        received_fen=-sum(fen for kind, fen in fund.items() if kind not in RETURNS),
        returned_fen=sum(fen for kind, fen in fund.items() if kind in RETURNS),
        spent_fen=sum(row["fen"] for row in sums if row["type"] == AccountType.SPENDING),
        fees_fen=sum(row["fen"] for row in sums if row["type"] == AccountType.FEES),
        gifts=sum(row["postings"] for row in gifts),
    )
