"""Orders sheets from the child process that sets them: bounded, timed, never in the web process."""

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cishan.errors import CishanError
from cishan.summaries.sheets import Sheet

MOST_SHEETS = 500
SECONDS_FOR_ALL = 30
SHEETS_A_SECOND = 20
CHILDREN_AT_ONCE = 1

_children = asyncio.Semaphore(CHILDREN_AT_ONCE)

log = logging.getLogger(__name__)


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
    async with _children:
        answer = await _run_child(
            json.dumps(order, ensure_ascii=False).encode(), SECONDS_FOR_ALL + len(sheets) // SHEETS_A_SECOND
        )
    head, _, pdf = answer.partition(b"\n")
    missing = json.loads(head)["missing"]
    return Printed(pdf, tuple(tuple(points) for points in missing))


async def _run_child(order: bytes, seconds: float) -> bytes:
    """What the child wrote; it is ended and awaited whatever happens to this task."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cishan.summaries.print_child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, complaint = await asyncio.wait_for(child.communicate(order), seconds)
    except TimeoutError as late:
        log.error("sheets: the child was ended after %d s", seconds)
        raise PrintingFailed from late
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0 or b"\n" not in output:
        log.error("sheets: the child ended with %s at %s", child.returncode, _place(complaint))
        raise PrintingFailed
    return output


def _place(complaint: bytes) -> str:
    """Where the child failed: files and lines of its traceback, not its words, which may hold what was to be printed."""
    lines = complaint.decode(errors="replace").splitlines()
    return "; ".join(line.strip() for line in lines if line.startswith("  File "))[-400:]
