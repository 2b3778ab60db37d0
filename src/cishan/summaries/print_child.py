"""A short-lived process that sets sheets: JSON comes in, a line of JSON and a PDF go out.

It lives for one order, because the typesetter keeps what it has seen; and it is not the web process, because a large
village takes seconds and hundreds of megabytes. Run as `python -m cishan.summaries.print_child`.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

from cishan.shipped import shipped
from cishan.summaries.fonts import covered_by, load_fonts, spell_missing

TEMPLATE = "templates/print/list.typ"


def main() -> None:
    order = json.load(sys.stdin.buffer)
    fonts = load_fonts(Path(order["fonts_directory"]))
    covered = covered_by(fonts)
    missing: list[list[str]] = []
    sheets: list[dict[str, Any]] = []
    for sheet in order["sheets"]:
        unprintable: list[str] = []
        sheets.append(_spelled(sheet, covered, unprintable))
        missing.append(sorted(set(unprintable)))
    data = {"title": order["title"], "sheets": sheets, "both_sides": any(sheet["back"] for sheet in sheets)}
    pdf = compile_sheets(data, fonts, tagged=order["tagged"], stamp=datetime.fromtimestamp(order["stamp"], UTC))
    sys.stdout.buffer.write(json.dumps({"missing": missing}).encode() + b"\n" + pdf)


def compile_sheets(data: dict[str, object], fonts: typst.Fonts, *, tagged: bool, stamp: datetime) -> bytes:
    """One PDF; tagged as PDF/UA-1 for reading aloud, or untagged and small for paper."""
    given = json.dumps({**data, "fonts": fonts.families()}, ensure_ascii=False)
    compiler = typst.Compiler(str(shipped(TEMPLATE)), font_paths=fonts, sys_inputs={"data": given})
    if tagged:
        pdf = compiler.compile(format="pdf", timestamp=stamp, pdf_standards=["ua-1"])
    else:
        pdf = compiler.compile(format="pdf", timestamp=stamp, pdf_tags=False)
    if not isinstance(pdf, bytes):
        raise TypeError("one PDF was asked for")
    return pdf


def _spelled(value: Any, covered: frozenset[int], missing: list[str]) -> Any:
    """The sheet with every text made printable; what could not be printed is added to `missing`."""
    if isinstance(value, str):
        shown, found = spell_missing(value, covered)
        missing.extend(found)
        return shown
    if isinstance(value, list):
        return [_spelled(item, covered, missing) for item in value]
    if isinstance(value, dict):
        return {name: _spelled(item, covered, missing) for name, item in value.items()}
    return value


if __name__ == "__main__":
    main()
