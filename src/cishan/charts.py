"""Charts as plain geometry in whole numbers; templates/_macros/charts.html only draws what stands here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MARKS_LIMIT = 60
WIDTH = 360
LINE_HEIGHT = 200
LINE_LEFT = 48
LINE_TOP = 12
LINE_BOTTOM = 28
LINE_SIDE = 8
BAR_STEP = 46
BAR_FIRST = 26
BAR_FOOT = 16
LABELS_SHOWN = 5


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
    show_label: bool = True
    anchor: Literal["start", "middle", "end"] = "middle"


@dataclass(frozen=True)
class Rule:
    y: int
    words: str


@dataclass(frozen=True)
class Chart:
    name: str
    title: str
    description: str
    unit: str
    label_head: str
    width: int
    height: int
    left: int
    marks: tuple[Mark, ...]
    rules: tuple[Rule, ...] = ()


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
    return Chart(name, title, description, unit, label_head, WIDTH, height, 0, marks)


def line_chart(
    *, name: str, title: str, description: str, unit: str, points: Sequence[Point], label_head: str = "时间"
) -> Chart:
    """A line over time from zero up to a round number; at most five labels stand under it."""
    _check(points)
    top = round_up(max((point.value for point in points), default=0))
    floor, room = LINE_HEIGHT - LINE_BOTTOM, LINE_HEIGHT - LINE_BOTTOM - LINE_TOP
    last = len(points) - 1
    start, span = LINE_LEFT + LINE_SIDE, WIDTH - LINE_LEFT - 2 * LINE_SIDE
    shown = {_share(step, LABELS_SHOWN - 1, last) for step in range(LABELS_SHOWN)}
    marks = tuple(
        Mark(
            point.label,
            point.words,
            start + (_share(index, last, span) if last else span // 2),
            floor - _share(point.value, top, room),
            index in shown,
            _anchor(index, last),
        )
        for index, point in enumerate(points)
    )
    rules = tuple(Rule(floor - _share(part, 2, room), axis_words(top * part // 2)) for part in range(3))
    return Chart(name, title, description, unit, label_head, WIDTH, LINE_HEIGHT, LINE_LEFT, marks, rules)


def round_up(value: int) -> int:
    """The next 2, 4 or 10 times a power of ten, so that the middle of the axis is whole too."""
    step = 1
    while True:
        for factor in (2, 4, 10):
            if value <= factor * step:
                return factor * step
        step *= 10


def axis_words(value: int) -> str:
    """A round number, short enough for the left edge: 5,000, 2 万, 1 亿."""
    for size, name in ((100_000_000, "亿"), (10_000, "万")):
        if value >= size and value % size == 0:
            return f"{value // size:,} {name}"
    return f"{value:,}"


def _check(points: Sequence[Point]) -> None:
    if len(points) > MARKS_LIMIT:
        raise ValueError(f"a chart shows at most {MARKS_LIMIT} numbers, not {len(points)}")
    for point in points:
        if point.value < 0:
            raise ValueError(f"a chart starts at zero, {point.label} is {point.value}")


def _share(part: int, whole: int, length: int) -> int:
    return (part * length * 2 + whole) // (2 * whole) if whole else 0


def _anchor(index: int, last: int) -> Literal["start", "middle", "end"]:
    if last and index == 0:
        return "start"
    return "end" if last and index == last else "middle"
