"""Orders sheets from the child process that sets them: bounded, timed, never in the web process."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cishan.errors import CishanError
from cishan.summaries.sheets import Sheet
from cishan.typesetting.children import ChildFailed, run_child

MOST_SHEETS = 500
SECONDS_FOR_ALL = 30
SHEETS_A_SECOND = 20
CHILD = "cishan.summaries.print_child"


class PrintingFailed(CishanError):
    """The sheets could not be set; the log names why."""

    status_code = 503

    def __init__(self) -> None:
        super().__init__("单子没有排好版，请过一会儿再点一次“出单”。已经定稿的清单还在。")


@dataclass(frozen=True)
class Printed:
    """The PDF, and for each sheet the code points that no font has, printed there as 〔U+2EBF0〕."""

    pdf: bytes = field(repr=False)
    missing: tuple[tuple[str, ...], ...]


async def print_sheets(
    sheets: Sequence[Sheet], *, title: str, tagged: bool, fonts_directory: Path, now: datetime
) -> Printed:
    """Sets sheets as one PDF: tagged as PDF/UA-1 for a single download, untagged for a batch; raises PrintingFailed."""
    if not 0 < len(sheets) <= MOST_SHEETS:
        raise ValueError(f"an order holds 1 to {MOST_SHEETS} sheets, not {len(sheets)}")
    order = {
        "title": title,
        "sheets": [sheet.data() for sheet in sheets],
        "tagged": tagged,
        "fonts_directory": str(fonts_directory),
        "stamp": int(now.timestamp()),
    }
    seconds = SECONDS_FOR_ALL + len(sheets) // SHEETS_A_SECOND
    try:
        answer = await run_child(CHILD, json.dumps(order, ensure_ascii=False).encode(), seconds)
    except ChildFailed as failed:
        raise PrintingFailed from failed
    head, _, pdf = answer.partition(b"\n")
    missing = json.loads(head)["missing"]
    return Printed(pdf, tuple(tuple(points) for points in missing))
