"""Every illegal set-up is refused naming its article, on its field; a lawful one and the neighbours of each limit pass."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from cishan.charities.states import LegalMode
from cishan.errors import CishanError, InvalidInput
from cishan.plans.persons import person_named_in
from cishan.plans.plan import DEFAULT_TERMS, BudgetItem, Certificate, Facts, Plan
from cishan.plans.rules import Decision, decision_faults, plan_faults
from cishan.plans.states import ProjectKind, Reach
from cishan.projects import rules
from cishan.projects.rules import Filing, filing_faults
from cishan.projects.states import ProjectStatus
from plans.illegal_set_ups import (
    DAY,
    FILINGS,
    LAST,
    ONE_YEAR_ON,
    PLANS,
    STARTS_AT,
    STEPS,
    THREE_YEARS_ON,
    TODAY,
    IllegalFiling,
    IllegalPlan,
    IllegalStep,
)
from projects.project_makers import lawful_plan

FACTS = Facts(
    mode=LegalMode.OWN_SITE,
    charity_name="德州市慈善总会",
    division_code="371400000000",
    certificate=Certificate(date(2017, 1, 1)),
    designation_number="",
    leader_is_staff=True,
    today=TODAY,
)
LAWFUL = lawful_plan(STARTS_AT, leader_id=7)


def faults_of(plan: Plan, facts: Facts = FACTS) -> dict[str, str]:
    return plan_faults(plan, facts, DEFAULT_TERMS)


def test_there_are_forty_of_them_and_each_is_another() -> None:
    every = [row.what for row in (*PLANS, *FILINGS, *STEPS)]
    assert len(every) == len(set(every)) >= 40


def test_a_lawful_set_up_passes() -> None:
    assert faults_of(LAWFUL) == {}
    decided = decision_faults(Decision("德慈〔2025〕1号", TODAY), is_drafter=False, is_director=True, today=TODAY)
    filed = filing_faults(
        Filing("53371400MJE0000011A25002", TODAY),
        LAWFUL,
        DEFAULT_TERMS,
        decided_on=TODAY,
        today=TODAY,
        is_number_taken=False,
    )
    assert (decided, filed) == ({}, {})


@pytest.mark.parametrize("row", PLANS, ids=lambda row: row.what)
def test_an_illegal_plan_is_refused_on_its_field_with_its_article(row: IllegalPlan) -> None:
    found = faults_of(replace(LAWFUL, **row.plan), replace(FACTS, **row.facts))  # type: ignore[arg-type]
    assert found.get(row.field, "").startswith(f"{row.article}："), found


@pytest.mark.parametrize("row", FILINGS, ids=lambda row: row.what)
def test_an_illegal_filing_is_refused_with_its_article(row: IllegalFiling) -> None:
    found = filing_faults(
        Filing(row.number, row.filed_on),
        replace(LAWFUL, **row.plan),  # type: ignore[arg-type]
        DEFAULT_TERMS,
        decided_on=row.decided_on,
        today=row.today,
        is_number_taken=row.is_number_taken,
    )
    assert found.get(row.field, "").startswith(f"{row.article}："), found


def refuse(faults: dict[str, str]) -> None:
    if faults:
        raise InvalidInput(faults)


def decide(number: str = "德慈〔2025〕1号", *, is_drafter: bool = False, is_director: bool = True) -> None:
    refuse(decision_faults(Decision(number, TODAY), is_drafter=is_drafter, is_director=is_director, today=TODAY))


def begin(status: ProjectStatus, now: datetime, may_open_on: date | None = None) -> None:
    rules.check_may_begin(LAWFUL, status=status, may_open_on=may_open_on, platform_needed=True, now=now)


def amend(field: str, value: object, reason: str = "协商后延期", *, has_begun: bool = False) -> None:
    after = replace(LAWFUL, **{field: value})  # type: ignore[arg-type]
    refuse(rules.amendment_faults(LAWFUL, after, faults_of(after), field, reason, has_begun=has_begun, now=STARTS_AT))


TRIES: dict[str, Callable[[], None]] = {
    "decide_own": lambda: decide(is_drafter=True),
    "decide_without_post": lambda: decide(is_director=False),
    "decide_without_number": lambda: decide(""),
    "rewrite_filed": lambda: rules.check_not_filed(TODAY),
    "begin_unfiled": lambda: begin(ProjectStatus.DECIDED, STARTS_AT),
    "begin_too_soon": lambda: begin(ProjectStatus.FILED, STARTS_AT, date(2025, 3, 16)),
    "begin_too_late": lambda: begin(ProjectStatus.FILED, LAWFUL.ends_at or STARTS_AT),
    "amend_without_reason": lambda: amend("ends_at", STARTS_AT + 60 * DAY, " "),
    "amend_beyond_three_years": lambda: amend("ends_at", THREE_YEARS_ON + DAY),
    "decide_own_amendment": lambda: refuse({"": rules.amendment_decision_fault(is_proposer=True, is_director=True)}),
    "amend_start_after_start": lambda: amend("starts_at", STARTS_AT + DAY, has_begun=True),
}


@pytest.mark.parametrize("row", STEPS, ids=lambda row: row.what)
def test_an_illegal_step_is_refused_with_its_article(row: IllegalStep) -> None:
    with pytest.raises(CishanError) as refused:
        TRIES[row.step]()
    assert row.article in str(refused.value)


def test_what_the_steps_refuse_is_lawful_when_it_is_done_properly() -> None:
    decide()
    rules.check_not_filed(None)
    begin(ProjectStatus.FILED, STARTS_AT, date(2025, 3, 15))
    amend("ends_at", STARTS_AT + 60 * DAY)
    assert rules.amendment_decision_fault(is_proposer=False, is_director=True) == ""


@pytest.mark.parametrize(
    ("kind", "ends_at", "lawful"),
    [
        (ProjectKind.ORDINARY, THREE_YEARS_ON - DAY, True),
        (ProjectKind.ORDINARY, THREE_YEARS_ON, True),
        (ProjectKind.ORDINARY, THREE_YEARS_ON + timedelta(minutes=1), False),
        (ProjectKind.EMERGENCY, ONE_YEAR_ON, True),
        (ProjectKind.EMERGENCY, ONE_YEAR_ON + timedelta(minutes=1), False),
    ],
)
def test_the_longest_time_is_counted_to_the_minute(kind: ProjectKind, ends_at: datetime, lawful: bool) -> None:
    plan = replace(LAWFUL, kind=kind, ends_at=ends_at, use_ends_on=LAST)
    assert ("ends_at" not in faults_of(plan)) is lawful


@pytest.mark.parametrize(("days_before", "lawful"), [(9, False), (10, True), (11, True)])
def test_ten_days_lie_between_filing_and_start(days_before: int, lawful: bool) -> None:
    day = STARTS_AT.date() - timedelta(days=days_before)
    found = filing_faults(Filing("A", day), LAWFUL, DEFAULT_TERMS, decided_on=TODAY, today=day, is_number_taken=False)
    assert ("filed_on" not in found) is lawful


def test_a_leap_day_is_three_years_later_on_the_28th() -> None:
    start = datetime(2028, 2, 29, 1, 0, tzinfo=STARTS_AT.tzinfo)
    plan = replace(LAWFUL, starts_at=start, ends_at=start.replace(year=2031, day=28), use_ends_on=date(2031, 3, 1))
    assert "ends_at" not in faults_of(plan)
    assert plan.ends_at is not None
    assert "ends_at" in faults_of(replace(plan, ends_at=plan.ends_at + timedelta(minutes=1)))


@pytest.mark.parametrize(("cost_fen", "lawful"), [(999_999, True), (1_000_000, False), (1_000_001, False)])
def test_the_cost_stays_below_its_share(cost_fen: int, lawful: bool) -> None:
    plan = replace(LAWFUL, cost_fen=cost_fen, budget=(BudgetItem("棉被", LAWFUL.target_fen - cost_fen),))
    assert ("cost_fen" not in faults_of(plan)) is lawful


@pytest.mark.parametrize(
    ("mode", "reach"), [(LegalMode.PRIVATE, Reach.MEMBERS), (LegalMode.COMMUNITY, Reach.COMMUNITY)]
)
def test_members_and_neighbours_may_be_asked_without_certificate_and_platform(mode: LegalMode, reach: Reach) -> None:
    plan = replace(LAWFUL, reach=reach, platform_url="")
    assert faults_of(plan, replace(FACTS, mode=mode, certificate=None)) == {}


@pytest.mark.parametrize(
    "text",
    [
        "本市低保、特困家庭中六十岁以上的老人",
        "患白血病的儿童和白内障老人",
        "夏津县、武城县的困难大学新生",
        "为困难家庭送去过冬的棉被",
        "帮助高龄老人、残疾人和留守儿童",
        "资助高中阶段的困难学生上学",
        "救助因大病致贫的家庭，帮助孤儿渡过难关",
        "关爱环卫工人、快递员等户外劳动者",
    ],
)
def test_a_range_of_people_is_no_specific_person(text: str) -> None:
    assert person_named_in(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "为王桂兰治病",
        "救救张小满",
        "患者李强",
        "帮助欧阳娜娜上学",
        "赵大爷的手术费",
        "资助孙晓明同学读书",
        "联系电话 １３９０５３４０００１",
    ],
)
def test_a_named_person_is_found(text: str) -> None:
    assert person_named_in(text) != ""
