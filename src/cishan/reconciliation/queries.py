"""Reads of bills, differences and months. Every list is of one charity and has its limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cishan.clock import beijing_day, beijing_midnight
from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.reconciliation.rules import MonthFacts, first_of_next
from cishan.reconciliation.states import (
    BillRowKind,
    DayStatus,
    DifferenceKind,
    DifferenceStatus,
    Resolution,
)

DAYS_A_PAGE = 31
MOST_DIFFERENCES = 200
MOST_MONTHS = 36
DAY = timedelta(days=1)

_DAY = """
SELECT d.id, d.day, d.status, d.problem, d.due_at, d.next_try_at, d.compared_at,
       (SELECT count(*) FROM bill_difference x WHERE x.day_id = d.id AND x.status <> 'resolved') AS open,
       coalesce(s.payments, 0) AS payments, coalesce(s.paid_fen, 0)::bigint AS paid_fen,
       coalesce(s.refunds, 0) AS refunds, coalesce(s.returned_fen, 0)::bigint AS returned_fen,
       coalesce(f.fee_fen, 0) AS fee_fen
  FROM bill_day d
  LEFT JOIN LATERAL (SELECT id, fee_fen FROM bill_file WHERE day_id = d.id ORDER BY number DESC LIMIT 1) f ON true
  LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE kind = 'payment') AS payments,
                            sum(received_fen) FILTER (WHERE kind = 'payment') AS paid_fen,
                            count(*) FILTER (WHERE kind = 'refund') AS refunds,
                            sum(received_fen) FILTER (WHERE kind = 'refund') AS returned_fen
                       FROM bill_row WHERE file_id = f.id) s ON true
"""
DAYS = f"{_DAY} WHERE d.charity_id = $1 ORDER BY (d.status = 'different') DESC, d.day DESC LIMIT $2 OFFSET $3"
ONE_DAY = f"{_DAY} WHERE d.charity_id = $1 AND d.day = $2"
DIFFERENCES = """
SELECT x.id, x.kind, x.row_kind, x.trade_no, x.out_trade_no, x.request_no, x.ours_fen, x.theirs_fen, x.status, x.resolution,
       x.note, x.found_at, x.due_at, x.owner_id, x.proposed_by_id, x.resolved_by_id, x.resolved_at, d.day
  FROM bill_difference x JOIN bill_day d ON d.id = x.day_id
"""
OF_DAY = f"{DIFFERENCES} WHERE d.id = $1 ORDER BY (x.status = 'resolved'), x.id LIMIT $2"
OPEN = "SELECT count(*) AS n FROM bill_difference x JOIN bill_day d ON d.id = x.day_id WHERE d.charity_id = $1 AND x.status <> 'resolved'"
FIRST_ENTRY = "SELECT min(booked_at) AS first FROM ledger_entry WHERE charity_id = $1"
CLOSINGS = "SELECT month, proposed_by_id, proposed_at, closed_by_id, closed_at, entries FROM month_closing WHERE charity_id = $1"
MONTH_FACTS = """
SELECT (SELECT count(*) FROM bill_day WHERE charity_id = $1 AND day >= $2 AND day < $3 AND status = 'waiting')
       + (SELECT count(*) FROM (SELECT DISTINCT (paid_at AT TIME ZONE 'Asia/Shanghai')::date AS day FROM payment_order
                                 WHERE charity_id = $1 AND channel = 'alipay' AND status = 'paid' AND paid_at >= $4
                                   AND paid_at < $5) paid
           WHERE NOT EXISTS (SELECT FROM bill_day d WHERE d.charity_id = $1 AND d.day = paid.day)) AS days_missing,
       (SELECT count(*) FROM bill_difference x JOIN bill_day d ON d.id = x.day_id
         WHERE d.charity_id = $1 AND d.day >= $2 AND d.day < $3 AND x.status <> 'resolved') AS differences_open,
       (SELECT count(*) FROM bank_line WHERE charity_id = $1 AND at >= $4 AND at < $5 AND status = 'unrecognised')
         AS bank_lines_open,
       (SELECT count(*) FROM ledger_entry e WHERE e.charity_id = $1 AND e.booked_at >= $4 AND e.booked_at < $5
           AND NOT EXISTS (SELECT FROM ledger_entry_number n JOIN ledger_link l
                             ON l.charity_id = n.charity_id AND l.number = n.number WHERE n.entry_id = e.id))
         AS entries_unchained,
       (SELECT coalesce(sum(abs(fen)), 0)::bigint
          FROM (SELECT sum(p.amount_fen) AS fen
                  FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id JOIN ledger_entry e ON e.id = p.entry_id
                 WHERE a.charity_id = $1 AND e.booked_at < $5 GROUP BY a.fund_id) funds) AS trial_balance_fen,
       EXISTS (SELECT FROM ledger_entry WHERE charity_id = $1 AND booked_at < $4
                  AND booked_at >= coalesce((SELECT (max(month) + interval '1 month')::timestamp AT TIME ZONE 'Asia/Shanghai'
                                               FROM month_closing WHERE charity_id = $1 AND closed_at IS NOT NULL),
                                            '-infinity')) AS earlier_open,
       EXISTS (SELECT FROM month_closing WHERE charity_id = $1 AND month >= $2 AND closed_at IS NOT NULL) AS closed
"""


@dataclass(frozen=True)
class DayRow:
    """A day as the calendar shows it; sums in fen as the bill has them."""

    id: int
    day: date
    status: DayStatus
    problem: str
    due_at: datetime
    next_try_at: datetime | None
    compared_at: datetime | None
    open: int
    payments: int
    paid_fen: int
    refunds: int
    returned_fen: int
    fee_fen: int


@dataclass(frozen=True)
class DifferenceRow:
    id: int
    kind: DifferenceKind
    row_kind: BillRowKind
    trade_no: str
    out_trade_no: str
    request_no: str
    ours_fen: int
    theirs_fen: int
    status: DifferenceStatus
    resolution: Resolution | None
    note: str
    found_at: datetime
    due_at: datetime
    owner_id: int | None
    proposed_by_id: int | None
    resolved_by_id: int | None
    resolved_at: datetime | None
    day: date


@dataclass(frozen=True)
class MonthRow:
    """A month from the first entry on; `proposed_by_id` None for one that nobody has proposed to close."""

    month: date
    proposed_by_id: int | None
    proposed_at: datetime | None
    closed_by_id: int | None
    closed_at: datetime | None
    entries: int | None


async def days_of(charity_id: int, *, page: int) -> tuple[DayRow, ...]:
    """Days with open differences first, then the newest."""
    return tuple(_day(row) for row in await rows(DAYS, charity_id, DAYS_A_PAGE, (page - 1) * DAYS_A_PAGE))


async def count_days(charity_id: int) -> int:
    return int((await rows("SELECT count(*) AS n FROM bill_day WHERE charity_id = $1", charity_id))[0]["n"])


async def day_of(charity_id: int, day: date) -> DayRow:
    found = await rows(ONE_DAY, charity_id, day)
    if not found:
        raise NotFound
    return _day(found[0])


async def differences_of(day_id: int) -> tuple[DifferenceRow, ...]:
    return tuple(_difference(row) for row in await rows(OF_DAY, day_id, MOST_DIFFERENCES))


async def difference_in(charity_id: int, difference_id: int) -> DifferenceRow:
    """A difference of this charity; another's is not there."""
    found = await rows(f"{DIFFERENCES} WHERE d.charity_id = $1 AND x.id = $2", charity_id, difference_id)
    if not found:
        raise NotFound
    return _difference(found[0])


async def count_open(charity_id: int) -> int:
    return int((await rows(OPEN, charity_id))[0]["n"])


async def months_of(charity_id: int, now: datetime) -> tuple[MonthRow, ...]:
    """The months from the first entry to this one, newest first."""
    first = (await rows(FIRST_ENTRY, charity_id))[0]["first"]
    if first is None:
        return ()
    known = {row["month"]: row for row in await rows(CLOSINGS, charity_id)}
    months: list[date] = []
    month = beijing_day(first).replace(day=1)
    while month <= beijing_day(now):
        months.append(month)
        month = first_of_next(month)
    nothing = dict.fromkeys(("proposed_by_id", "proposed_at", "closed_by_id", "closed_at", "entries"))
    return tuple(MonthRow(**{**nothing, "month": one, **known.get(one, {})}) for one in reversed(months[-MOST_MONTHS:]))


async def month_facts(charity_id: int, month: date) -> MonthFacts:
    """What stands in the way of closing a month, counted now."""
    end = first_of_next(month)
    found = (await rows(MONTH_FACTS, charity_id, month, end, beijing_midnight(month), beijing_midnight(end)))[0]
    return MonthFacts(month=month, **found)


def people_in(differences: Sequence[DifferenceRow]) -> list[int]:
    """The accounts that differences name."""
    found = {one for row in differences for one in (row.owner_id, row.proposed_by_id, row.resolved_by_id)}
    return sorted(one for one in found if one is not None)


def _day(row: JsonRow) -> DayRow:
    return DayRow(**{**row, "status": DayStatus(row["status"])})


def _difference(row: JsonRow) -> DifferenceRow:
    return DifferenceRow(
        **{
            **row,
            "kind": DifferenceKind(row["kind"]),
            "row_kind": BillRowKind(row["row_kind"]),
            "status": DifferenceStatus(row["status"]),
            "resolution": Resolution(row["resolution"]) if row["resolution"] else None,
        }
    )
