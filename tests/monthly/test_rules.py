"""When a turn falls: pure, with short months, year's ends and what was slept through."""

from datetime import date

import pytest

from cishan.errors import InvalidInput
from cishan.monthly.rules import first_turn, is_let_go, next_turn, read_day


@pytest.mark.parametrize(
    ("today", "day", "turn"),
    [
        (date(2025, 3, 9), 10, date(2025, 3, 10)),
        (date(2025, 3, 10), 10, date(2025, 3, 10)),
        (date(2025, 3, 11), 10, date(2025, 4, 10)),
        (date(2025, 2, 3), 31, date(2025, 2, 28)),
        (date(2024, 2, 3), 30, date(2024, 2, 29)),
        (date(2025, 12, 20), 5, date(2026, 1, 5)),
    ],
)
def test_the_first_turn_is_this_months_unless_its_day_is_over(today: date, day: int, turn: date) -> None:
    assert first_turn(today, day) == turn


@pytest.mark.parametrize(
    ("due_on", "today", "day", "turn"),
    [
        (date(2025, 1, 31), date(2025, 1, 31), 31, date(2025, 2, 28)),
        (date(2025, 2, 28), date(2025, 2, 28), 31, date(2025, 3, 31)),
        (date(2025, 12, 10), date(2025, 12, 10), 10, date(2026, 1, 10)),
        (date(2025, 3, 10), date(2025, 6, 20), 10, date(2025, 7, 10)),
        (date(2025, 3, 10), date(2025, 6, 2), 10, date(2025, 7, 10)),
    ],
)
def test_months_that_were_slept_through_are_let_go(due_on: date, today: date, day: int, turn: date) -> None:
    assert next_turn(due_on, today, day) == turn


@pytest.mark.parametrize(("unpaid", "over"), [(2, False), (3, True), (4, True)])
def test_three_unpaid_turns_in_a_row_end_a_plan(unpaid: int, over: bool) -> None:
    assert is_let_go(unpaid) is over


@pytest.mark.parametrize("text", ["0", "32", "", "十", "1.5", "-1", "999999"])
def test_a_day_that_no_month_has_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_day(text)
    assert [read_day(day) for day in ("1", "31")] == [1, 31]
