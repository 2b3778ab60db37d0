"""A chart as plain geometry in whole numbers; templates/_macros/charts.html only draws what stands here."""

from collections.abc import Sequence
from dataclasses import dataclass

MARKS_LIMIT = 60
WIDTH = 360
BAR_STEP = 46
BAR_FIRST = 26
BAR_FOOT = 16


@dataclass(frozen=True)
class Point:
    """One number: `value` is whole, at least 0 and in the chart's unit; `words` is how a person reads it ("1,200")."""

    label: str
    value: int
    words: str


@dataclass(frozen=True)
class Mark:
    label: str
    words: str
    x: int
    y: int


@dataclass(frozen=True)
class Chart:
    name: str
    title: str
    description: str
    unit: str
    label_head: str
    width: int
    height: int
    marks: tuple[Mark, ...]


def bar_chart(
    *, name: str, title: str, description: str, unit: str, points: Sequence[Point], label_head: str = "项目"
) -> Chart:
    """Bars that lie, longest = full width; Mark.x is the length of a bar and Mark.y its upper edge."""
    _check(points)
    top = max((point.value for point in points), default=0)
    marks = tuple(
        Mark(point.label, point.words, _share(point.value, top, WIDTH), BAR_FIRST + index * BAR_STEP)
        for index, point in enumerate(points)
    )
    height = len(points) * BAR_STEP + BAR_FOOT - BAR_FIRST + 10 if points else BAR_STEP
    return Chart(name, title, description, unit, label_head, WIDTH, height, marks)


def _check(points: Sequence[Point]) -> None:
    if len(points) > MARKS_LIMIT:
        raise ValueError(f"a chart shows at most {MARKS_LIMIT} numbers, not {len(points)}")
    for point in points:
        if point.value < 0:
            raise ValueError(f"a chart starts at zero, {point.label} is {point.value}")


def _share(part: int, whole: int, length: int) -> int:
    return (part * length * 2 + whole) // (2 * whole) if whole else 0
