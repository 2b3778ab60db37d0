"""What the public and the staff see of disclosure: one frozen object a page. Sums are texts by the time they stand here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cishan.charts import Chart, Point, bar_chart
from cishan.disclosures.queries import Draft, DutyRow, FundFlow, Report, ReportSearch
from cishan.disclosures.rules import urgency_of
from cishan.disclosures.statements import Flow, MonthFlow, Statement
from cishan.disclosures.states import DutyKind, Urgency
from cishan.labels import LABELS, label
from cishan.page_parts import Column, Pagination
from cishan.templating import day, remaining, yuan

TONES = {Urgency.DONE: "good", Urgency.LATER: "plain", Urgency.SOON: "warn", Urgency.LATE: "bad"}
SUM_COLUMNS = tuple(Column(name, number=True) for name in ("收到", "退回", "支出", "手续费", "当期结余变动"))
MOST_BARS = 12
Link = tuple[str, str, bool]


@dataclass(frozen=True)
class FlowLine:
    """One line of a table of sums."""

    name: str
    href: str
    received: str
    returned: str
    spent: str
    fees: str
    change: str
    detail: str = ""


@dataclass(frozen=True)
class StatementView:
    """A statement as it is drawn: a page, a PDF and a workbook show the same."""

    opening: str
    closing: str
    lines: tuple[FlowLine, ...]
    total: FlowLine
    gifts: int
    columns: tuple[Column, ...] = SUM_COLUMNS


@dataclass(frozen=True)
class DutyLine:
    """Something to publish, as the desk lists it."""

    href: str
    name: str
    kind: str
    period: str
    due: str
    left: str
    state: str
    tone: str
    has_draft: bool


@dataclass(frozen=True)
class CalendarPage:
    """What is to be published, the most urgent first."""

    lines: tuple[DutyLine, ...]
    late: int
    published: tuple[tuple[str, str, str], ...]
    """What was published last, as title, day, and the desk's page on which a correction is written."""


@dataclass(frozen=True)
class DutyPage:
    """One duty: the figures, the draft that waits, and what was published before."""

    id: int
    title: str
    period: str
    due: str
    state: str
    tone: str
    is_over: bool
    is_published: bool
    statement: StatementView | None
    draft: Draft | None
    can_publish: bool
    versions: tuple[Report, ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    error: str


@dataclass(frozen=True)
class ReportLine:
    id: int
    title: str
    on: str
    tag: str


@dataclass(frozen=True)
class ReportsPage:
    """All that was published, searched and filtered by the address."""

    lines: tuple[ReportLine, ...]
    pagination: Pagination
    kinds: tuple[Link, ...]
    text: str
    project: str
    project_id: int | None
    kind: str


@dataclass(frozen=True)
class ReportPage:
    """One published report with its figures; a corrected one leads to the newest."""

    id: int
    title: str
    on: str
    body: tuple[str, ...]
    reason: str
    version: int
    statement: StatementView
    chart: Chart | None
    others: tuple[ReportLine, ...]
    is_newest: bool
    project_id: int | None


@dataclass(frozen=True)
class TransparencyPage:
    """What every fund was given and what it spent, of a year or of all time."""

    lines: tuple[FlowLine, ...]
    total: FlowLine
    years: tuple[Link, ...]
    year: int | None
    text: str
    counted: str
    chart: Chart | None
    columns: tuple[Column, ...] = SUM_COLUMNS


@dataclass(frozen=True)
class FundPage:
    """One fund, month by month."""

    id: int
    name: str
    filing_number: str
    purpose: str
    lines: tuple[FlowLine, ...]
    total: FlowLine
    counted: str
    chart: Chart | None
    columns: tuple[Column, ...] = SUM_COLUMNS


def flow_line(name: str, flow: Flow, *, href: str = "", detail: str = "") -> FlowLine:
    return FlowLine(
        name=name,
        href=href,
        received=yuan(flow.received_fen),
        returned=yuan(flow.returned_fen),
        spent=yuan(flow.spent_fen),
        fees=yuan(flow.fees_fen),
        change=yuan(flow.change_fen),
        detail=detail,
    )


def month_name(month: date) -> str:
    return f"{month.year} 年 {month.month} 月"


def statement_view(statement: Statement) -> StatementView:
    return StatementView(
        opening=yuan(statement.opening_fen),
        closing=yuan(statement.closing_fen),
        lines=tuple(flow_line(month_name(one.month), one.flow) for one in statement.months),
        total=flow_line("合计", statement.total),
        gifts=statement.total.gifts,
    )


def spending_chart(name: str, months: Sequence[MonthFlow]) -> Chart | None:
    """What went out in each of the last months; None when nothing did."""
    last = [one for one in months if one.flow.spent_fen > 0][-MOST_BARS:]
    if not last:
        return None
    most = max(last, key=lambda one: one.flow.spent_fen)
    points = tuple(
        Point(month_name(one.month), one.flow.spent_fen // 100, f"{one.flow.spent_fen // 100:,}") for one in last
    )
    sentence = f"{month_name(most.month)}支出最多，{yuan(most.flow.spent_fen)}。"
    return bar_chart(name=name, title="每月支出", description=sentence, unit="元", points=points, label_head="月份")


def fund_chart(funds: Sequence[FundFlow]) -> Chart | None:
    """What the largest funds have spent; None when nothing was."""
    largest = sorted((fund for fund in funds if fund.flow.spent_fen > 0), key=lambda fund: -fund.flow.spent_fen)
    if not largest:
        return None
    points = tuple(
        Point(fund.name, fund.flow.spent_fen // 100, f"{fund.flow.spent_fen // 100:,}") for fund in largest[:MOST_BARS]
    )
    sentence = f"“{largest[0].name}”支出最多，{yuan(largest[0].flow.spent_fen)}。"
    return bar_chart(name="funds", title="各项目支出", description=sentence, unit="元", points=points)


def duty_line(duty: DutyRow, *, today: date, now: datetime) -> DutyLine:
    urgency = urgency_of(duty.due_on, today, published=duty.published_at is not None)
    return DutyLine(
        href=f"/desk/disclosures/{duty.id}",
        name=duty.name,
        kind=label(duty.kind),
        period=f"{day(duty.period_from)}至{day(duty.period_until)}",
        due=day(duty.due_on),
        left=remaining(duty.due_on, now),
        state="更正待公开" if duty.published_at else label(urgency),
        tone="warn" if duty.published_at else TONES[urgency],
        has_draft=duty.draft is not None,
    )


def report_line(report: Report) -> ReportLine:
    tags = {True: "更正", False: ""}[report.version > 1]
    return ReportLine(report.id, report.title, day(report.published_at), tags or ("迟公开" if report.was_late else ""))


def kind_links(search: ReportSearch, base: str) -> tuple[Link, ...]:
    """The filter by kind, as links that keep what else was searched for."""
    kinds = [("全部", "", search.kind is None)]
    kinds += [(words, kind.value, search.kind is kind) for kind, words in LABELS[DutyKind].items()]
    return tuple((words, f"{base}kind={value}", current) for words, value, current in kinds)
