"""Pure decisions about disclosure: which duties follow from a project's dates, and how urgent one is on a day.

Periods and due days are days in China. A month later than the 31st is the last day of a shorter month (民法典 art. 202).
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from cishan.disclosures.states import DutyKind, Urgency
from cishan.errors import Conflict, InvalidInput
from cishan.plans.persons import person_named_in
from cishan.plans.states import ProjectKind

DAY = timedelta(days=1)
LONG_AFTER_MONTHS = 6
EVERY_MONTHS = 3
FINAL_WITHIN_MONTHS = 3
EMERGENCY_EVERY_DAYS = 5
ANNUAL_BY = (5, 31)
REMIND_DAYS = (30, 7, 1)
"""So many days before a duty's day its staff are reminded, and once more when it is late."""
LONGEST_BODY = 4_000
SHORTEST_BODY = 20
LONGEST_REASON = 300
SHORTEST_REASON = 4


@dataclass(frozen=True)
class ProjectDates:
    """What the calendar of a project follows from. `campaign_ends_on` is its filed end, or the day it closed."""

    kind: ProjectKind
    starts_on: date
    campaign_ends_on: date
    use_ends_on: date
    has_partner: bool


@dataclass(frozen=True)
class PlannedDuty:
    """Something to publish by the end of `due_on`, about the days from `period_from` to `period_until`, both included."""

    kind: DutyKind
    period_from: date
    period_until: date
    due_on: date


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months later; the last day of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def duties_of(project: ProjectDates) -> tuple[PlannedDuty, ...]:
    """Everything that has to be published of a project, in the order in which it falls due."""
    start, campaign_end, use_end = project.starts_on, project.campaign_ends_on, project.use_ends_on
    found = [
        *_every_three_months(DutyKind.CAMPAIGN_PROGRESS, start, campaign_end),
        _final(DutyKind.CAMPAIGN_FINAL, start, campaign_end),
        *_every_three_months(DutyKind.USE_PROGRESS, start, use_end),
        _final(DutyKind.USE_FINAL, start, use_end),
        _final(DutyKind.SURPLUS, start, use_end),
    ]
    if project.has_partner:
        found.append(_final(DutyKind.PARTNER, start, campaign_end))
    if project.kind is ProjectKind.EMERGENCY:
        found.extend(_every_five_days(start, campaign_end))
    return tuple(sorted(found, key=lambda duty: (duty.due_on, duty.kind.value, duty.period_from)))


def annual_duty(year: int) -> PlannedDuty:
    """The charity's yearly report of a calendar year."""
    return PlannedDuty(DutyKind.ANNUAL, date(year, 1, 1), date(year, 12, 31), date(year + 1, *ANNUAL_BY))


def _every_three_months(kind: DutyKind, start: date, end: date) -> list[PlannedDuty]:
    """What lasts longer than six months is told of every three; the rest of it belongs to the final report."""
    if end <= add_months(start, LONG_AFTER_MONTHS):
        return []
    found, step = [], EVERY_MONTHS
    while (due_on := add_months(start, step)) <= end:
        found.append(PlannedDuty(kind, add_months(start, step - EVERY_MONTHS), due_on - DAY, due_on))
        step += EVERY_MONTHS
    return found


def _every_five_days(start: date, end: date) -> list[PlannedDuty]:
    found, first = [], start
    while first <= end:
        due_on = first + timedelta(days=EMERGENCY_EVERY_DAYS)
        found.append(PlannedDuty(DutyKind.EMERGENCY, first, min(due_on - DAY, end), due_on))
        first = due_on
    return found


def _final(kind: DutyKind, start: date, end: date) -> PlannedDuty:
    return PlannedDuty(kind, start, end, add_months(end, FINAL_WITHIN_MONTHS))


def urgency_of(due_on: date, today: date, *, published: bool) -> Urgency:
    """How a duty stands: late from the day after its day on."""
    if published:
        return Urgency.DONE
    if today > due_on:
        return Urgency.LATE
    return Urgency.SOON if (due_on - today).days <= REMIND_DAYS[0] else Urgency.LATER


def reminder_due(due_on: date, today: date, *, reminded_days: int | None) -> int | None:
    """The step of REMIND_DAYS that is to be sent now, -1 for a duty that has become late, None when there is none.

    `reminded_days` is the last step that was sent: a step is sent once, and one that was slept through is passed over.
    """
    left = (due_on - today).days
    step = -1 if left < 0 else min((days for days in REMIND_DAYS if left <= days), default=None)
    if step is None or (reminded_days is not None and step >= reminded_days):
        return None
    return step


def check_period_over(duty_until: date, today: date) -> None:
    """A report is made of days that are over, so that its figures stay what they are. Raises Conflict."""
    if today <= duty_until:
        raise Conflict("这一期还没有结束，数字还会变。请在期末第二天以后再做报告。")


def check_text(body: str, reason: str, *, is_correction: bool) -> None:
    """Raises InvalidInput for a report without words, a correction without its reason (令第81号 art. 16), or words that point
    at a person: what is published stays readable (R-28).
    """
    wrong: dict[str, str] = {}
    if not SHORTEST_BODY <= len(body.strip()) <= LONGEST_BODY:
        wrong["body"] = f"请写 {SHORTEST_BODY} 到 {LONGEST_BODY:,} 个字，说清楚做了什么、钱用在哪里。"
    if is_correction and not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        wrong["reason"] = f"更正要写明原因，{SHORTEST_REASON} 到 {LONGEST_REASON} 个字，会和更正一起公开。"
    for field, text in (("body", body), ("reason", reason)):
        if field not in wrong and (named := person_named_in(text)):
            wrong[field] = f"“{named}”像是指到了哪个人。公开的报告不写姓名、电话、身份证号，请换个说法。"
    if wrong:
        raise InvalidInput(wrong)
