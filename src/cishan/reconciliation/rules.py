"""Pure decisions: what differs between a bill and our books, when to ask again, who must agree, when a month may close."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from cishan.clock import beijing_midnight
from cishan.errors import Conflict, IllegalMove, InvalidInput
from cishan.labels import label
from cishan.money import yuan_text
from cishan.reconciliation.states import (
    MOVES,
    BillRowKind,
    DayStatus,
    DifferenceKind,
    DifferenceStatus,
    Resolution,
)

DAY = timedelta(days=1)
BILL_READY = timedelta(days=1, hours=9, minutes=30)
"""After a day's midnight; Alipay promises its bill for 09:00."""
RECHECKS = (timedelta(days=1), timedelta(days=7))
"""How long after it was due a bill that agreed is looked at again: Alipay adds late rows."""
NO_BILL_IS_EMPTY = timedelta(days=3)
"""A day without payments has no bill. So long after it was due, none means none."""
ASK_SOON, ASK_AGAIN = timedelta(minutes=10), timedelta(hours=1)
OPEN_IS_ASKED_FOR = timedelta(days=7)
DAYS_TO_RESOLVE = 3
"""Working days."""
SHORTEST_REASON, LONGEST_REASON = 5, 300

VERBS = {
    "propose": "提出处理办法",
    "decline": "退回",
    "resolve": "处理",
    "agree": "同意",
    "vanish": "自动核销",
}


@dataclass(frozen=True)
class Movement:
    """Money that came in (positive) or went back (negative), as one side tells it."""

    kind: BillRowKind
    trade_no: str
    out_trade_no: str
    request_no: str
    amount_fen: int

    @property
    def key(self) -> "Key":
        return (self.kind, self.trade_no, self.out_trade_no, self.request_no)


Key = tuple[BillRowKind, str, str, str]


@dataclass(frozen=True)
class Found:
    """One thing the two sides say differently; 0 for a side that says nothing."""

    key: Key
    kind: DifferenceKind
    ours_fen: int
    theirs_fen: int


def find_differences(
    theirs: Sequence[Movement],
    ours_of_day: Sequence[Movement],
    ours_elsewhere: Sequence[Movement],
    listed: Collection[Key],
) -> tuple[Found, ...]:
    """Compares a day's bill with our books, each movement once.

    Midnight is not the same second on both sides. So what the bill lists is sought among all of ours (`ours_elsewhere` holds
    those of other days), and what we have of this day may be `listed` in the bill of the day before or after.
    """
    ours = {movement.key: movement for movement in (*ours_elsewhere, *ours_of_day)}
    found: list[Found] = []
    for movement in theirs:
        own = ours.get(movement.key)
        own_fen = own.amount_fen if own else 0
        if own_fen != movement.amount_fen:
            kind = DifferenceKind.AMOUNT if own else DifferenceKind.MISSING_HERE
            found.append(Found(movement.key, kind, own_fen, movement.amount_fen))
    in_bill = {movement.key for movement in theirs} | set(listed)
    found += [
        Found(movement.key, DifferenceKind.MISSING_THERE, movement.amount_fen, 0)
        for movement in ours_of_day
        if movement.key not in in_bill and movement.amount_fen
    ]
    return tuple(found)


def with_adjustments(ours: Sequence[Movement], booked_fen: Mapping[Key, int]) -> list[Movement]:
    """Our movements with what was booked because of earlier differences, so that nothing is booked a second time."""
    return [replace(movement, amount_fen=movement.amount_fen + booked_fen.get(movement.key, 0)) for movement in ours]


def bill_due(day: date) -> datetime:
    """From when on the bill of a day can be had."""
    return beijing_midnight(day) + BILL_READY


def next_try_without_bill(*, known: bool, now: datetime) -> datetime:
    """When to ask again for a bill that is not there; sooner where Alipay could not be asked at all."""
    return now + (ASK_AGAIN if known else ASK_SOON)


def next_try_after(day: date, *, open_differences: int, now: datetime) -> datetime | None:
    """When to look again at a day that has been compared; None when it is final."""
    due = bill_due(day)
    if open_differences and now < due + OPEN_IS_ASKED_FOR:
        return now + ASK_AGAIN
    return next((due + step for step in RECHECKS if due + step > now), None)


def none_is_empty(day: date, now: datetime) -> bool:
    return now >= bill_due(day) + NO_BILL_IS_EMPTY


def status_of_day(open_differences: int, resolved_by_people: int) -> DayStatus:
    if open_differences:
        return DayStatus.DIFFERENT
    return DayStatus.CLEARED if resolved_by_people else DayStatus.AGREED


def next_status(status: DifferenceStatus, verb: str) -> DifferenceStatus:
    """Where a move leads; raises IllegalMove naming the status and the step."""
    allowed, target = MOVES[verb]
    if status not in allowed:
        raise IllegalMove("这处差异", label(status), VERBS[verb])
    return target


def needs_second_person(ours_fen: int, theirs_fen: int) -> bool:
    """Whether money would be missing afterwards: the bill has less than our books."""
    return theirs_fen < ours_fen


def check_reason(reason: str) -> str:
    """Why nothing, or something, is booked; raises InvalidInput for a reason that says nothing."""
    if len(reason) < SHORTEST_REASON:
        raise InvalidInput({"note": f"请写明原因，至少 {SHORTEST_REASON} 个字。"})
    if len(reason) > LONGEST_REASON:
        raise InvalidInput({"note": f"太长了，最多 {LONGEST_REASON} 个字。"})
    return reason


def check_choice(resolution: Resolution) -> None:
    if resolution is Resolution.AGREES_NOW:
        raise InvalidInput({"resolution": "请从列出的选项中选择。"})


def check_alipay_holds(amount_fen: int, balance_fen: int) -> None:
    """Nothing leaves Alipay that the books don't have there."""
    if amount_fen > balance_fen:
        raise Conflict(
            f"账上支付宝只有 {yuan_text(balance_fen)} 元，不够这 {yuan_text(amount_fen)} 元。请先核对这笔是不是别的项目的钱。"
        )


@dataclass(frozen=True)
class MonthFacts:
    """What stands in the way of closing a month, as counted. `days_missing` are days that no bill was compared with."""

    month: date
    days_missing: int
    differences_open: int
    bank_lines_open: int
    entries_unchained: int
    trial_balance_fen: int
    earlier_open: bool
    closed: bool


def first_of_next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def obstacles(facts: MonthFacts, now: datetime) -> tuple[str, ...]:
    """Why a month can't be closed yet, a sentence each; empty when it can."""
    found: list[str] = []
    if now < beijing_midnight(first_of_next(facts.month)):
        found.append("这个月还没有过完。")
    if facts.earlier_open:
        found.append("前面还有没结账的月份，要从最早的月份开始结。")
    if facts.days_missing:
        found.append(f"有 {facts.days_missing} 天还没有和支付宝账单核对。")
    if facts.differences_open:
        found.append(f"有 {facts.differences_open} 处差异没有处理完。")
    if facts.bank_lines_open:
        found.append(f"有 {facts.bank_lines_open} 笔银行流水没有认定。")
    if facts.entries_unchained:
        found.append(f"有 {facts.entries_unchained} 笔账还没有编号、连上账链，请过一分钟再看。")
    if facts.trial_balance_fen:
        found.append("借贷不平，请马上联系管理员。")
    return tuple(found)
