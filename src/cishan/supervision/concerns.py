"""Reports of a page by anyone, and their answers: due within five working days (R-45)."""

import re
from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer
from cishan.supervision.models import Concern, ConcernKind
from cishan.wishes.actions import take_off_reported
from cishan.wishes.states import WishStatus, can
from cishan.working_days import end_of_working_days

ANSWER_WORKING_DAYS = 5
TEXT_LABEL = "concern.text"
CONTACT_LABEL = "concern.contact"
LONGEST_PAGE = 120
LONGEST_ANSWER = 300
MOST_LISTED = 200

PAGE_NAMES = {
    "/": "首页",
    "/wishes": "心愿墙",
    "/projects": "慈善筹",
    "/about": "关于我们",
    "/list": "幸福清单",
    "/sign-in": "登录",
    "/register": "登记",
}
WISH_PAGE = re.compile(r"/wishes/([1-9][0-9]{0,17})(?:/.*)?")
PROJECT_PAGE = re.compile(r"/projects/([1-9][0-9]{0,17})(?:/.*)?")
PLACE_OF_WISH = "SELECT division_code FROM wish WHERE id = $1 AND published_at IS NOT NULL"
OPEN = """
SELECT c.id, c.about, c.subject_id, c.text_sealed, c.contact_sealed, c.raised_at, c.due_at, w.status, w.public_title
  FROM concern c LEFT JOIN wish w ON w.id = c.subject_id
 WHERE c.kind = $1 AND c.closed_at IS NULL AND c.division_code BETWEEN $2 AND $3
 ORDER BY c.due_at, c.id LIMIT $4
"""
CLOSED = """
SELECT about, raised_at, closed_at, answer FROM concern
 WHERE kind = $1 AND closed_at IS NOT NULL AND division_code BETWEEN $2 AND $3
 ORDER BY closed_at DESC, id DESC LIMIT $4
"""


@dataclass(frozen=True)
class PageReport:
    """A report that waits for an answer. `can_take_off`: it is about a wish that stands on the wall."""

    id: int
    about: str
    title: str
    text: str
    contact: str
    raised_at: datetime
    due_at: datetime
    can_take_off: bool


@dataclass(frozen=True)
class ClosedReport:
    about: str
    raised_at: datetime
    closed_at: datetime
    answer: str

    @property
    def name(self) -> str:
        return page_name(self.about)


async def report_page(page: str, text: str, *, contact: str, city: str, sealer: Sealer, now: datetime) -> Concern:
    """Takes down what someone says is wrong with a page. A report of a wish goes to its county, others to `city`."""
    wish_id, place = await _subject_of(page)
    return await Concern.create(
        kind=ConcernKind.PAGE_REPORT,
        about=page[:LONGEST_PAGE],
        subject_id=wish_id,
        division_code=place or city,
        text_sealed=sealer.seal(text, TEXT_LABEL),
        contact_sealed=sealer.seal(contact, CONTACT_LABEL) if contact else None,
        raised_at=now,
        due_at=end_of_working_days(now, ANSWER_WORKING_DAYS),
    )


async def answer_report(concern_id: int, answer: str, *, take_off: bool, actor: Viewer, now: datetime) -> None:
    """Answers and closes a report; with `take_off` its wish leaves the wall in the same step."""
    if not holds(actor.role, Permission.PUBLISH):
        raise Forbidden
    if not answer.strip():
        raise InvalidInput({"answer": "请写上查到了什么、怎么处理的。"})
    async with in_transaction():
        concern = await Concern.filter(id=concern_id, kind=ConcernKind.PAGE_REPORT).select_for_update().get_or_none()
        if concern is None or not actor.covers(concern.division_code):
            raise NotFound
        if concern.closed_at is not None:
            raise Conflict("这条举报已经有人答复了。")
        if take_off and concern.subject_id:
            await take_off_reported(concern.subject_id, actor=actor, now=now)
        concern.update_from_dict(
            {"closed_by_id": actor.account_id, "closed_at": now, "answer": answer.strip()[:LONGEST_ANSWER]}
        )
        await concern.save(update_fields=["closed_by_id", "closed_at", "answer"])


async def open_reports(viewer: Viewer, *, sealer: Sealer) -> tuple[PageReport, ...]:
    """The reports in the viewer's place that wait for an answer, the most pressing first."""
    low, high = viewer.scope
    found = await rows(OPEN, ConcernKind.PAGE_REPORT.value, low, high, MOST_LISTED)
    return tuple(_report(row, sealer) for row in found)


async def closed_reports(viewer: Viewer, limit: int) -> tuple[ClosedReport, ...]:
    """The last reports answered in the viewer's place."""
    low, high = viewer.scope
    found = await rows(CLOSED, ConcernKind.PAGE_REPORT.value, low, high, min(limit, MOST_LISTED))
    return tuple(ClosedReport(**row) for row in found)


def page_name(page: str) -> str:
    """What an editor calls the page with this address; the address itself stands in the link."""
    if wish := WISH_PAGE.fullmatch(page):
        return f"心愿 {wish.group(1)}"
    if project := PROJECT_PAGE.fullmatch(page):
        return f"慈善筹项目 {project.group(1)}"
    return PAGE_NAMES.get(page, "网站上的一页")


async def _subject_of(page: str) -> tuple[int | None, str]:
    match = WISH_PAGE.fullmatch(page)
    if match is None:
        return None, ""
    wish_id = int(match.group(1))
    found = await rows(PLACE_OF_WISH, wish_id)
    return (wish_id, found[0]["division_code"]) if found else (None, "")


def _report(row: JsonRow, sealer: Sealer) -> PageReport:
    return PageReport(
        id=row["id"],
        about=row["about"],
        title=row["public_title"] or page_name(row["about"]),
        text=sealer.open(row["text_sealed"], TEXT_LABEL),
        contact=sealer.open(row["contact_sealed"], CONTACT_LABEL) if row["contact_sealed"] else "",
        raised_at=row["raised_at"],
        due_at=row["due_at"],
        can_take_off=row["status"] is not None and can("take_off", WishStatus(row["status"])),
    )
