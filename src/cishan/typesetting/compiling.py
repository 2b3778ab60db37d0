"""One template and its data, set once. For the child processes alone: the typesetter keeps all that it has seen."""

import json
from datetime import datetime

import typst

from cishan.shipped import shipped


def compile_pdf(template: str, data: dict[str, object], fonts: typst.Fonts, *, tagged: bool, stamp: datetime) -> bytes:
    """One PDF; tagged as PDF/UA-1 for reading aloud, or untagged and small for paper."""
    given = json.dumps({**data, "fonts": fonts.families()}, ensure_ascii=False)
    compiler = typst.Compiler(str(shipped(template)), font_paths=fonts, sys_inputs={"data": given})
    if tagged:
        pdf = compiler.compile(format="pdf", timestamp=stamp, pdf_standards=["ua-1"])
    else:
        pdf = compiler.compile(format="pdf", timestamp=stamp, pdf_tags=False)
    if not isinstance(pdf, bytes):
        raise TypeError("one PDF was asked for")
    return pdf
