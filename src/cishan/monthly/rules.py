"""Pure decisions about monthly plans: when a turn falls, and when a plan has been let go."""

import calendar
from datetime import date, timedelta

from cishan.errors import IllegalMove, InvalidInput
from cishan.labels import label
from cishan.monthly.states import MOVES, PlanStatus

PAY_FOR = timedelta(days=7)
"""How long a turn may be paid; Alipay keeps a cashier open for fifteen days at the most."""
MOST_UNPAID = 3
"""After so many unpaid turns in a row a plan ends by itself."""
VERBS = {"change": "修改", "pause": "暂停", "resume": "恢复", "end": "结束"}


def next_status(status: PlanStatus, verb: str) -> PlanStatus:
    """Where a move leads; raises IllegalMove naming the status and the step."""
    allowed, target = MOVES[verb]
    if status not in allowed:
        raise IllegalMove("月捐", label(status), VERBS[verb])
    return target


def read_day(text: str) -> int:
    """The day of the month that was typed; raises InvalidInput for none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= 31):
        raise InvalidInput({"day": "请填写每月几号，1 到 31。"})
    return int(text)


def day_in(month: date, day: int) -> date:
    """The turn of a month: its `day`, or its last day where it is shorter."""
    return month.replace(day=min(day, calendar.monthrange(month.year, month.month)[1]))


def first_turn(today: date, day: int) -> date:
    """The first turn of a plan made today: this month's if its day is not over, else the next month's."""
    this_month = day_in(today.replace(day=1), day)
    return this_month if this_month >= today else turn_after(today.replace(day=1), day)


def turn_after(month: date, day: int) -> date:
    """The turn of the month after this one."""
    return day_in((month.replace(day=1) + timedelta(days=32)).replace(day=1), day)


def next_turn(due_on: date, today: date, day: int) -> date:
    """The turn after the one that fell due; months that were slept through are let go, never piled up."""
    return turn_after(max(due_on, today), day)


def is_let_go(unpaid: int) -> bool:
    """Whether nobody pays this plan any more."""
    return unpaid >= MOST_UNPAID
