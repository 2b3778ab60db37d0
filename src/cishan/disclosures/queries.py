"""Reads of duties, published reports and the funds' months. Each is bounded; nothing here names a person to the public."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.disclosures.statements import Flow, MonthFlow, Statement, statement_of, sum_of
from cishan.disclosures.states import DutyKind
from cishan.errors import NotFound

REPORTS_A_PAGE = 20
MOST_DUTIES = 200
MOST_FUNDS = 500
MOST_VERSIONS = 50
MOST_MONTHS = 240

DUTY = """
SELECT d.id, d.charity_id, d.kind, d.period_from, d.period_until, d.due_on, d.published_at, d.project_id, p.fund_id,
       coalesce(p.name, '') AS project, coalesce(p.name, c.name) AS name,
       f.id IS NOT NULL AS has_draft, f.body, f.reason, f.written_by_id, f.written_at
  FROM disclosure_duty d
  JOIN charity c ON c.id = d.charity_id
  LEFT JOIN project p ON p.id = d.project_id
  LEFT JOIN disclosure_draft f ON f.duty_id = d.id
 WHERE d.charity_id = $1 AND d.dropped_at IS NULL
"""
OPEN = DUTY + " AND (d.published_at IS NULL OR f.id IS NOT NULL) ORDER BY d.due_on, d.id LIMIT $2"
ONE = DUTY + " AND d.id = $2"
PUBLISHED = """
SELECT x.id, x.duty_id, x.version, x.title, x.body, x.figures, x.reason, x.published_at, d.kind, d.due_on, d.project_id,
       coalesce(p.name, '') AS project, count(*) OVER () AS total,
       (SELECT max(y.version) FROM disclosure y WHERE y.duty_id = x.duty_id) AS newest
  FROM disclosure x JOIN disclosure_duty d ON d.id = x.duty_id LEFT JOIN project p ON p.id = d.project_id
 WHERE d.charity_id = $1
"""
SEARCHED = (
    PUBLISHED
    + """
   AND ($2::bigint IS NULL OR d.project_id = $2) AND ($3::varchar IS NULL OR d.kind = $3)
   AND ($4 = '' OR position($4 IN x.title) > 0)
 ORDER BY x.published_at DESC, x.id DESC LIMIT $5 OFFSET $6
"""
)
ONE_PUBLISHED = PUBLISHED + " AND x.id = $2"
VERSIONS = PUBLISHED + " AND x.duty_id = $2 ORDER BY x.version LIMIT $3"
FUNDS = """
SELECT f.id, f.name, f.filing_number, f.kind, p.id AS project_id, p.status,
       m.received_fen, m.returned_fen, m.spent_fen, m.fees_fen, m.through_at
  FROM fund f
  LEFT JOIN project p ON p.fund_id = f.id
  LEFT JOIN LATERAL (
       SELECT sum(received_fen)::bigint AS received_fen, sum(returned_fen)::bigint AS returned_fen,
              sum(spent_fen)::bigint AS spent_fen, sum(fees_fen)::bigint AS fees_fen,
              max(through_at) AS through_at
         FROM fund_month WHERE fund_id = f.id AND ($2::date IS NULL OR (month >= $2 AND month < $3::date))) m ON true
 WHERE f.charity_id = $1 AND ($4 = '' OR position($4 IN f.name) > 0 OR f.filing_number = $4)
 ORDER BY f.id DESC LIMIT $5
"""
MOVED = """
SELECT coalesce(sum(s.amount_fen), 0)::bigint AS fen FROM surplus_move s JOIN project p ON p.id = s.project_id
 WHERE s.decided_at IS NOT NULL AND p.fund_id = ANY($1) AND s.to_fund_id = ANY($1)
   AND ($2::date IS NULL OR ((s.decided_at AT TIME ZONE 'Asia/Shanghai')::date >= $2
                             AND (s.decided_at AT TIME ZONE 'Asia/Shanghai')::date < $3::date))
"""
MONTHS = """
SELECT month, received_fen, returned_fen, spent_fen, fees_fen, through_at FROM fund_month
 WHERE fund_id = $1 ORDER BY month DESC LIMIT $2
"""
FUND = "SELECT id, name, filing_number, purpose FROM fund WHERE id = $1 AND charity_id = $2"
THROUGH = "SELECT max(through_at) AS through_at FROM fund_month"


@dataclass(frozen=True)
class DutyRow:
    """Something to publish, with the draft that waits, if there is one."""

    id: int
    kind: DutyKind
    name: str
    project_id: int | None
    fund_id: int | None
    charity_id: int
    period_from: date
    period_until: date
    due_on: date
    published_at: datetime | None
    draft: "Draft | None"


@dataclass(frozen=True)
class Draft:
    body: str
    reason: str
    written_by_id: int
    written_at: datetime


@dataclass(frozen=True)
class Report:
    """A published report. `is_newest` is False for one that was corrected later."""

    id: int
    duty_id: int
    kind: DutyKind
    project: str
    project_id: int | None
    version: int
    title: str
    body: str
    statement: Statement
    reason: str
    published_at: datetime
    due_on: date
    is_newest: bool

    @property
    def was_late(self) -> bool:
        return self.version == 1 and beijing_day(self.published_at) > self.due_on


@dataclass(frozen=True)
class ReportSearch:
    """What to look for among the published reports; None and an empty text leave a condition out."""

    project_id: int | None = None
    kind: DutyKind | None = None
    text: str = ""


@dataclass(frozen=True)
class FundFlow:
    """A fund with what came in and went out, of a year or of all time."""

    id: int
    name: str
    filing_number: str
    project_id: int | None
    flow: Flow


async def open_duties(charity_id: int) -> tuple[DutyRow, ...]:
    """What is to be published, or waits as a draft, the most urgent first."""
    return tuple(_duty(row) for row in await rows(OPEN, charity_id, MOST_DUTIES))


async def duty_of(charity_id: int, duty_id: int) -> DutyRow:
    found = await rows(ONE, charity_id, duty_id)
    if not found:
        raise NotFound
    return _duty(found[0])


async def reports(charity_id: int, search: ReportSearch, page: int) -> tuple[tuple[Report, ...], int]:
    """Published reports, newest first, and how many there are."""
    kind = search.kind.value if search.kind else None
    values = (search.project_id, kind, search.text, REPORTS_A_PAGE, (page - 1) * REPORTS_A_PAGE)
    found = await rows(SEARCHED, charity_id, *values)
    return tuple(_report(row) for row in found), found[0]["total"] if found else 0


async def report_of(charity_id: int, report_id: int) -> Report:
    found = await rows(ONE_PUBLISHED, charity_id, report_id)
    if not found:
        raise NotFound
    return _report(found[0])


async def versions_of(charity_id: int, duty_id: int) -> tuple[Report, ...]:
    """All that was published for a duty, oldest first."""
    return tuple(_report(row) for row in await rows(VERSIONS, charity_id, duty_id, MOST_VERSIONS))


async def fund_flows(charity_id: int, year: int | None, text: str) -> tuple[FundFlow, ...]:
    """Every fund with its flow of a year in China, or of all time; `text` looks in names and filing numbers."""
    return tuple(_fund(row) for row in await rows(FUNDS, charity_id, *_bounds(year), text, MOST_FUNDS))


async def fund_named(charity_id: int, fund_id: int) -> Mapping[str, str]:
    """A fund's name, filing number and purpose."""
    found = await rows(FUND, fund_id, charity_id)
    if not found:
        raise NotFound
    return found[0]


async def months_of_fund(fund_id: int) -> tuple[MonthFlow, ...]:
    """A fund's months with something in them, oldest first."""
    found = await rows(MONTHS, fund_id, MOST_MONTHS)
    return tuple(MonthFlow(row["month"], _flow(row)) for row in reversed(found))


async def counted_through() -> datetime | None:
    """The instant up to which the months are counted; None before the first count."""
    found: datetime | None = (await rows(THROUGH))[0]["through_at"]
    return found


async def total_of(funds: Sequence[FundFlow], year: int | None) -> Flow:
    """All of these funds together; what went from one of them to another is counted for neither."""
    total = sum_of([fund.flow for fund in funds])
    moved_fen: int = (await rows(MOVED, [fund.id for fund in funds], *_bounds(year)))[0]["fen"]
    return replace(total, received_fen=total.received_fen - moved_fen, spent_fen=total.spent_fen - moved_fen)


def _bounds(year: int | None) -> tuple[date | None, date | None]:
    return (date(year, 1, 1), date(year + 1, 1, 1)) if year else (None, None)


def _duty(row: JsonRow) -> DutyRow:
    draft = Draft(row["body"], row["reason"], row["written_by_id"], row["written_at"]) if row["has_draft"] else None
    return DutyRow(
        id=row["id"],
        kind=DutyKind(row["kind"]),
        name=row["name"],
        project_id=row["project_id"],
        fund_id=row["fund_id"],
        charity_id=row["charity_id"],
        period_from=row["period_from"],
        period_until=row["period_until"],
        due_on=row["due_on"],
        published_at=row["published_at"],
        draft=draft,
    )


def _report(row: JsonRow) -> Report:
    return Report(
        id=row["id"],
        duty_id=row["duty_id"],
        kind=DutyKind(row["kind"]),
        project=row["project"],
        project_id=row["project_id"],
        version=row["version"],
        title=row["title"],
        body=row["body"],
        statement=statement_of(json.loads(row["figures"])),
        reason=row["reason"],
        published_at=row["published_at"],
        due_on=row["due_on"],
        is_newest=row["version"] == row["newest"],
    )


def _fund(row: JsonRow) -> FundFlow:
    return FundFlow(row["id"], row["name"], row["filing_number"], row["project_id"], _flow(row))


def _flow(row: JsonRow) -> Flow:
    names = ("received_fen", "returned_fen", "spent_fen", "fees_fen")
    return Flow(**{name: row[name] or 0 for name in names})
