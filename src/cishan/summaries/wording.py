"""How a line of a list is said, on paper and aloud. Pure."""

from cishan.summaries.editions import EditionView
from cishan.summaries.rules import Line, in_order, months_text
from cishan.summaries.states import LineKind
from cishan.templating import day, yuan

WHOLE_HOUSEHOLD = "全家"
WHOLE_LIST = "整张清单"


def when_text(line: Line) -> str:
    if line.kind is LineKind.BENEFIT:
        return months_text(line.months)
    return f"{line.on.month} 月 {line.on.day} 日" if line.on else ""


def spoken_when(line: Line) -> str:
    """When, as it is read aloud: "1 月到 12 月，12 个月", "2025 年 5 月 20 日送到"."""
    if line.kind is LineKind.BENEFIT:
        return months_text(line.months, spoken=True)
    return f"{day(line.on)}{'做好' if line.hours else '送到'}" if line.on else ""


def amount_text(line: Line) -> str:
    """The sum, or the hours of a service that cost nothing."""
    return f"{line.hours} 小时" if line.hours and not line.amount_fen else yuan(line.amount_fen)


def each_month(line: Line) -> str:
    """What a month came to, where there were several: "每月 607 元", or from lowest to highest."""
    if len(line.months) < 2:
        return ""
    if line.lowest_fen == line.highest_fen:
        return f"每月 {yuan(line.lowest_fen)}"
    return f"每月 {yuan(line.lowest_fen)}到 {yuan(line.highest_fen)}"


def line_about(edition: EditionView, number: int) -> str:
    """Which line a doubt is about, without a name; 0 is the whole list."""
    lines = in_order(edition.lines)
    if not 1 <= number <= len(lines):
        return WHOLE_LIST
    return f"{lines[number - 1].what} {spoken_when(lines[number - 1])}".strip()
