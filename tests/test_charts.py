"""Charts keep their proportions and stay inside their frame."""

import pytest

from cishan.charts import MARKS_LIMIT, WIDTH, Chart, Point, axis_words, bar_chart, line_chart, round_up


def bars(*values: int) -> Chart:
    points = [Point(str(value), value, str(value)) for value in values]
    return bar_chart(name="a", title="a", description="a", unit="个", points=points)


def line(*values: int) -> Chart:
    points = [Point(str(value), value, str(value)) for value in values]
    return line_chart(name="a", title="a", description="a", unit="个", points=points)


def test_the_longest_bar_is_full_and_the_others_are_in_proportion() -> None:
    assert [mark.x for mark in bars(100, 50, 25, 0).marks] == [WIDTH, WIDTH // 2, WIDTH // 4, 0]


def test_bars_of_nothing_are_empty_and_do_not_fail() -> None:
    assert [mark.x for mark in bars(0, 0).marks] == [0, 0]
    assert bars().marks == ()
    assert line().marks == ()


@pytest.mark.parametrize("count", [1, 2, 5, 12, MARKS_LIMIT])
def test_every_mark_stays_inside_the_frame(count: int) -> None:
    for chart in (bars(*range(1, count + 1)), line(*range(1, count + 1))):
        assert len(chart.marks) == count
        assert all(0 <= mark.x <= chart.width and 0 <= mark.y <= chart.height for mark in chart.marks)


def test_a_line_labels_at_most_five_points_with_the_first_and_the_last() -> None:
    shown = [mark.label for mark in line(*range(31)).marks if mark.show_label]
    assert (shown[0], shown[-1], len(shown)) == ("0", "30", 5)


@pytest.mark.parametrize(("value", "top"), [(0, 2), (2, 2), (3, 4), (4, 4), (5, 10), (10, 10), (11, 20), (93, 100)])
def test_an_axis_ends_at_a_round_number(value: int, top: int) -> None:
    assert round_up(value) == top


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (9_999, "9,999"), (10_000, "1 万"), (10_001, "10,001"), (20_000_000, "2,000 万"), (100_000_000, "1 亿")],
)
def test_an_axis_reads_in_chinese(value: int, words: str) -> None:
    assert axis_words(value) == words


def test_too_many_or_negative_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        bars(*range(MARKS_LIMIT + 1))
    with pytest.raises(ValueError, match="zero"):
        line(3, -1)
