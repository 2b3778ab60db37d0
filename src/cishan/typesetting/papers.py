"""Orders one paper of a person: a template of templates/print and the plain data that stands on it."""

import json
from datetime import datetime
from pathlib import Path

from cishan.errors import CishanError
from cishan.typesetting.children import ChildFailed, run_child

SECONDS_FOR_A_PAPER = 30
CHILD = "cishan.typesetting.paper_child"


class PaperFailed(CishanError):
    """The paper could not be set; the log names why."""

    status_code = 503

    def __init__(self) -> None:
        super().__init__("文件没有做好，请过一会儿再点一次。您的捐款和记录都在，没有影响。")


async def set_paper(template: str, data: dict[str, object], *, fonts_directory: Path, now: datetime) -> bytes:
    """A tagged PDF (PDF/UA-1) that a screen reader can read; raises PaperFailed."""
    order = {
        "template": f"templates/print/{template}",
        "data": data,
        "fonts_directory": str(fonts_directory),
        "stamp": int(now.timestamp()),
    }
    try:
        answer = await run_child(CHILD, json.dumps(order, ensure_ascii=False).encode(), SECONDS_FOR_A_PAPER)
    except ChildFailed as failed:
        raise PaperFailed from failed
    return answer.partition(b"\n")[2]
