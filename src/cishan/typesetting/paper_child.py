"""A short-lived process that sets one paper: JSON comes in, a line of JSON and a PDF go out.

Run as `python -m cishan.typesetting.paper_child`.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from cishan.typesetting.compiling import compile_pdf
from cishan.typesetting.fonts import covered_by, load_fonts
from cishan.typesetting.spelling import spelled


def main() -> None:
    order = json.load(sys.stdin.buffer)
    fonts = load_fonts(Path(order["fonts_directory"]))
    missing: list[str] = []
    data = spelled(order["data"], covered_by(fonts), missing)
    stamp = datetime.fromtimestamp(order["stamp"], UTC)
    pdf = compile_pdf(order["template"], data, fonts, tagged=True, stamp=stamp)
    sys.stdout.buffer.write(json.dumps({"missing": sorted(set(missing))}).encode() + b"\n" + pdf)


if __name__ == "__main__":
    main()
