"""A short-lived process that sets sheets: JSON comes in, a line of JSON and a PDF go out.

It lives for one order, because the typesetter keeps what it has seen; and it is not the web process, because a large
village takes seconds and hundreds of megabytes. Run as `python -m cishan.summaries.print_child`.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cishan.typesetting.compiling import compile_pdf
from cishan.typesetting.fonts import covered_by, load_fonts
from cishan.typesetting.spelling import spelled

TEMPLATE = "templates/print/list.typ"


def main() -> None:
    order = json.load(sys.stdin.buffer)
    fonts = load_fonts(Path(order["fonts_directory"]))
    covered = covered_by(fonts)
    missing: list[list[str]] = []
    sheets: list[dict[str, Any]] = []
    for sheet in order["sheets"]:
        unprintable: list[str] = []
        sheets.append(spelled(sheet, covered, unprintable))
        missing.append(sorted(set(unprintable)))
    data = {"title": order["title"], "sheets": sheets, "both_sides": any(sheet["back"] for sheet in sheets)}
    stamp = datetime.fromtimestamp(order["stamp"], UTC)
    pdf = compile_pdf(TEMPLATE, data, fonts, tagged=order["tagged"], stamp=stamp)
    sys.stdout.buffer.write(json.dumps({"missing": missing}).encode() + b"\n" + pdf)


if __name__ == "__main__":
    main()
