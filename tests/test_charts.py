"""Charts keep their proportions and stay inside their frame."""

import pytest

from cishan.charts import MARKS_LIMIT, WIDTH, Chart, Point, bar_chart


def bars(*values: int) -> Chart:
    points = [Point(str(value), value, str(value)) for value in values]
    return bar_chart(name="a", title="a", description="a", unit="个", points=points)


def test_the_longest_bar_is_full_and_the_others_are_in_proportion() -> None:
    assert [mark.x for mark in bars(100, 50, 25, 0).marks] == [WIDTH, WIDTH // 2, WIDTH // 4, 0]


def test_bars_of_nothing_are_empty_and_do_not_fail() -> None:
    assert [mark.x for mark in bars(0, 0).marks] == [0, 0]
    assert bars().marks == ()


@pytest.mark.parametrize("count", [1, 2, 5, 12, MARKS_LIMIT])
def test_every_mark_stays_inside_the_frame(count: int) -> None:
    chart = bars(*range(1, count + 1))
    assert len(chart.marks) == count
    assert all(0 <= mark.x <= chart.width and 0 <= mark.y <= chart.height for mark in chart.marks)


def test_too_many_or_negative_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        bars(*range(MARKS_LIMIT + 1))
    with pytest.raises(ValueError, match="zero"):
        bars(3, -1)
