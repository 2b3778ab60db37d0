"""What finance sees of bills and months: one frozen object each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cishan.labels import label
from cishan.page_parts import Column, Pagination
from cishan.reconciliation.queries import DayRow, DifferenceRow, MonthRow
from cishan.reconciliation.rules import needs_second_person
from cishan.reconciliation.states import DayStatus, DifferenceStatus, Resolution
from cishan.templating import day as day_text
from cishan.templating import yuan

Errors = Mapping[str, str]
NOTHING: Errors = {}

TONES = {
    DayStatus.WAITING: "busy",
    DayStatus.AGREED: "good",
    DayStatus.DIFFERENT: "bad",
    DayStatus.CLEARED: "good",
}
PROBLEMS = {
    "": "",
    "not_there": "支付宝还没有出这天的账单，一小时后再取。",
    "gateway_away": "刚才连不上支付宝，十分钟后再取。",
}
UNREADABLE = "取到的文件不是这天的账单，没有采用，一小时后再取。"
RECEIVED = Column("账单收款", number=True)
RETURNED = Column("账单退款", number=True)
FEE = Column("手续费", number=True)
SUM = Column("金额", number=True)
ENTRIES = Column("凭证", number=True)
RESOLUTIONS = (
    (Resolution.BOOKED.value, label(Resolution.BOOKED), "账跟着支付宝走：多的记进基金，少的核销"),
    (Resolution.EXPLAINED.value, label(Resolution.EXPLAINED), "查明了原因，账不用动"),
)


@dataclass(frozen=True)
class DayLine:
    href: str
    name: str
    state: str
    tone: str
    detail: str
    received_fen: int
    returned_fen: int
    fee_fen: int
    is_late: bool


@dataclass(frozen=True)
class DaysPage:
    """Days, those with open differences first."""

    days: tuple[DayLine, ...]
    open: int
    pagination: Pagination
    received: Column = RECEIVED
    returned: Column = RETURNED
    fee: Column = FEE


@dataclass(frozen=True)
class DifferenceCard:
    """A difference with what the one who looks may do about it.

    One form a page, for each field has one name: the others have `handle_href`, which leads to theirs.
    """

    id: int
    title: str
    state: str
    tone: str
    answers: tuple[tuple[str, str], ...]
    order_href: str
    wants_two: bool
    handle_href: str
    can_take: bool
    can_resolve: bool
    can_agree: bool
    values: Mapping[str, str]
    errors: Errors
    resolutions: tuple[tuple[str, str, str], ...] = RESOLUTIONS


@dataclass(frozen=True)
class DayPage:
    line: DayLine
    key: str
    payments: int
    refunds: int
    problem: str
    compared_at: datetime | None
    can_ask: bool
    cards: tuple[DifferenceCard, ...]


@dataclass(frozen=True)
class MonthLine:
    """A month; `obstacles` say why it can't be closed yet, for the earliest that is open only."""

    key: str
    name: str
    state: str
    tone: str
    detail: str
    entries: int | None
    obstacles: tuple[str, ...]
    can_propose: bool
    can_close: bool


@dataclass(frozen=True)
class MonthsPage:
    months: tuple[MonthLine, ...]
    error: str


def day_line(row: DayRow, now: datetime) -> DayLine:
    unfinished = row.status in {DayStatus.WAITING, DayStatus.DIFFERENT}
    return DayLine(
        href=f"/desk/finance/reconciliation/{row.day}",
        name=day_text(row.day),
        state=label(row.status),
        tone=TONES[row.status],
        detail=f"{row.open} 处差异" if row.open else "",
        received_fen=row.paid_fen,
        returned_fen=row.returned_fen,
        fee_fen=row.fee_fen,
        is_late=unfinished and row.due_at <= now,
    )


def problem_sentence(problem: str) -> str:
    return PROBLEMS.get(problem, UNREADABLE)


def difference_card(
    row: DifferenceRow,
    names: Mapping[int, str],
    *,
    keeps_books: bool,
    approves: bool,
    chosen: bool,
    now: datetime,
    values: Mapping[str, str] = NOTHING,
    errors: Errors = NOTHING,
) -> DifferenceCard:
    is_open, is_proposed = row.status is DifferenceStatus.OPEN, row.status is DifferenceStatus.PROPOSED
    late = row.status is not DifferenceStatus.RESOLVED and row.due_at <= now
    mine = (keeps_books and is_open) or (approves and is_proposed)
    return DifferenceCard(
        id=row.id,
        title=f"{label(row.row_kind)}：{label(row.kind)}",
        state=label(row.status) + ("，过期了" if late else ""),
        tone="good" if row.status is DifferenceStatus.RESOLVED else "bad" if late else "warn",
        answers=(
            ("支付宝账单", yuan(row.theirs_fen) if row.theirs_fen else "没有"),
            ("我们账上", yuan(row.ours_fen) if row.ours_fen else "没有"),
            ("支付宝交易号", row.trade_no),
            ("商户订单号", row.out_trade_no or "没有"),
            *((("退款请求号", row.request_no),) if row.request_no else ()),
            *_people(row, names),
        ),
        order_href=f"/desk/finance/entries?order={row.out_trade_no}" if row.ours_fen and row.out_trade_no else "",
        wants_two=needs_second_person(row.ours_fen, row.theirs_fen),
        handle_href=f"/desk/finance/reconciliation/{row.day}?handle={row.id}#difference-{row.id}"
        if mine and not chosen
        else "",
        can_take=keeps_books and is_open,
        can_resolve=keeps_books and is_open and chosen,
        can_agree=approves and is_proposed and chosen,
        values=values,
        errors=errors,
    )


def _people(row: DifferenceRow, names: Mapping[int, str]) -> tuple[tuple[str, str], ...]:
    def name(account_id: int | None) -> str:
        return names.get(account_id, "某人") if account_id else ""

    if row.status is DifferenceStatus.OPEN:
        return (("谁在处理", name(row.owner_id) or "会计，还没有人接手"), ("最晚", day_text(row.due_at)))
    decision = ("处理办法", f"{label(row.resolution)}。{row.note}" if row.resolution else "")
    if row.status is DifferenceStatus.PROPOSED:
        return (decision, ("谁提出的", name(row.proposed_by_id)), ("谁来同意", "财务"), ("最晚", day_text(row.due_at)))
    people = "、".join(one for one in (name(row.proposed_by_id), name(row.resolved_by_id)) if one)
    return (decision, ("谁处理的", people or "系统再次核对"))


def month_line(
    row: MonthRow, names: Mapping[int, str], obstacles: tuple[str, ...], *, keeps_books: bool, approves: bool
) -> MonthLine:
    """`obstacles` is empty for a month that can be closed now; a month that is not its turn has one."""
    closed = row.closed_at is not None
    proposed = row.proposed_by_id is not None and not closed
    who = names.get(row.closed_by_id or row.proposed_by_id or 0, "")
    when = row.closed_at or row.proposed_at
    return MonthLine(
        key=f"{row.month:%Y-%m}",
        name=f"{row.month.year} 年 {row.month.month} 月",
        state="已结账" if closed else "等财务结账" if proposed else "没有结账",
        tone="good" if closed else "warn" if proposed else "plain",
        detail=f"{who}，{day_text(when)}" if when else "",
        entries=row.entries,
        obstacles=() if closed else obstacles,
        can_propose=keeps_books and not closed and not proposed and not obstacles,
        can_close=approves and proposed and not obstacles,
    )


def month_start(text: str) -> date | None:
    """The first day of a month written as 2025-03; None for anything else."""
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        return None
