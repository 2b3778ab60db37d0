"""What has to be published by when, and when somebody is reminded: pure, with each threshold's neighbours."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from cishan.disclosures.rules import (
    ProjectDates,
    add_months,
    annual_duty,
    check_period_over,
    check_text,
    duties_of,
    reminder_due,
    urgency_of,
)
from cishan.disclosures.states import DutyKind, Urgency
from cishan.errors import Conflict, InvalidInput
from cishan.plans.states import ProjectKind

START = date(2025, 1, 31)


def dates(
    *,
    ends: date = date(2025, 12, 31),
    use_ends: date | None = None,
    kind: ProjectKind = ProjectKind.ORDINARY,
    has_partner: bool = False,
) -> ProjectDates:
    return ProjectDates(kind, START, ends, use_ends or ends, has_partner)


def due_days(project: ProjectDates, kind: DutyKind) -> list[date]:
    return [duty.due_on for duty in duties_of(project) if duty.kind is kind]


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2025, 12, 1), 1, date(2026, 1, 1)),
        (date(2025, 5, 15), 12, date(2026, 5, 15)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_a_shorter_month(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (date(2025, 7, 30), []),
        (date(2025, 7, 31), []),
        (date(2025, 8, 1), [date(2025, 4, 30), date(2025, 7, 31)]),
    ],
)
def test_only_what_lasts_longer_than_six_months_is_told_of_every_three(ends: date, told: list[date]) -> None:
    assert due_days(dates(ends=ends), DutyKind.CAMPAIGN_PROGRESS) == told


def test_periods_of_three_months_follow_each_other_without_a_gap() -> None:
    duties = [duty for duty in duties_of(dates()) if duty.kind is DutyKind.USE_PROGRESS]
    assert duties[0].period_from == START
    for before, after in pairwise(duties):
        assert after.period_from == before.period_until + timedelta(days=1)
    assert all(duty.due_on == duty.period_until + timedelta(days=1) for duty in duties)


def test_what_is_final_falls_due_three_months_after_its_own_end() -> None:
    project = dates(ends=date(2025, 6, 30), use_ends=date(2025, 11, 30), has_partner=True)
    assert due_days(project, DutyKind.CAMPAIGN_FINAL) == [date(2025, 9, 30)]
    assert due_days(project, DutyKind.PARTNER) == [date(2025, 9, 30)]
    assert due_days(project, DutyKind.USE_FINAL) == [date(2026, 2, 28)]
    assert due_days(project, DutyKind.SURPLUS) == [date(2026, 2, 28)]


def test_a_project_without_a_partner_publishes_nothing_of_one() -> None:
    assert due_days(dates(), DutyKind.PARTNER) == []


def test_an_emergency_is_told_of_every_five_days_until_its_end() -> None:
    project = dates(ends=START + timedelta(days=11), kind=ProjectKind.EMERGENCY)
    duties = [duty for duty in duties_of(project) if duty.kind is DutyKind.EMERGENCY]
    assert [(duty.due_on - START).days for duty in duties] == [5, 10, 15]
    assert duties[-1].period_until == START + timedelta(days=11)
    assert due_days(dates(), DutyKind.EMERGENCY) == []


def test_the_yearly_report_is_due_by_the_end_of_may() -> None:
    assert annual_duty(2025).due_on == date(2026, 5, 31)


@pytest.mark.parametrize(
    ("left", "urgency"),
    [(31, Urgency.LATER), (30, Urgency.SOON), (29, Urgency.SOON), (0, Urgency.SOON), (-1, Urgency.LATE)],
)
def test_a_duty_is_late_from_the_day_after_its_day_on(left: int, urgency: Urgency) -> None:
    due_on = date(2025, 6, 30)
    assert urgency_of(due_on, due_on - timedelta(days=left), published=False) is urgency
    assert urgency_of(due_on, due_on - timedelta(days=left), published=True) is Urgency.DONE


@pytest.mark.parametrize(
    ("left", "reminded", "step"),
    [
        (31, None, None),
        (30, None, 30),
        (29, 30, None),
        (8, 30, None),
        (7, 30, 7),
        (7, None, 7),
        (6, 7, None),
        (1, 7, 1),
        (0, 1, None),
        (0, None, 1),
        (-1, 1, -1),
        (-9, -1, None),
    ],
)
def test_each_reminder_is_sent_once_and_one_slept_through_is_passed_over(
    left: int, reminded: int | None, step: int | None
) -> None:
    due_on = date(2025, 6, 30)
    assert reminder_due(due_on, due_on - timedelta(days=left), reminded_days=reminded) == step


@pytest.mark.parametrize(("after", "refused"), [(-1, True), (0, True), (1, False)])
def test_a_report_is_made_of_days_that_are_over(after: int, refused: bool) -> None:
    until = date(2025, 6, 30)
    if refused:
        with pytest.raises(Conflict):
            check_period_over(until, until + timedelta(days=after))
    else:
        check_period_over(until, until + timedelta(days=after))


def test_a_correction_needs_its_reason_and_a_report_its_words() -> None:
    words = "这一期给三十户送去了棉被和煤，钱用在采购和运输上。"
    check_text(words, "", is_correction=False)
    check_text(words, "上一版漏了一笔支出", is_correction=True)
    with pytest.raises(InvalidInput) as refused:
        check_text("太短", "错", is_correction=True)
    assert set(refused.value.fields) == {"body", "reason"}
