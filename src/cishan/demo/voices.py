"""What people of the demo say is wrong: families doubt their lists, visitors report pages; some wait for an answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.demo.people import CITY
from cishan.demo.staff import Crew
from cishan.divisions.rules import town_of
from cishan.sealing import Sealer
from cishan.summaries.doubts import close_doubt, raise_doubt
from cishan.supervision.concerns import answer_report, report_page

DAY = timedelta(days=1)

LISTS = """
SELECT DISTINCT ON (h.division_code) e.id, e.household_id, h.division_code
  FROM edition e JOIN household h ON h.id = e.household_id
 WHERE e.year = $1 AND jsonb_array_length(e.lines) > 1 ORDER BY h.division_code, e.id
"""
ON_THE_WALL = "SELECT id FROM wish WHERE status = 'published' ORDER BY published_at DESC, id DESC LIMIT $1"


@dataclass(frozen=True)
class Voice:
    """What somebody says, how to reach them, how many days ago, what they were answered; of a list, which line."""

    text: str
    contact: str
    days_ago: int
    answer: str = ""
    line: int = 0


DOUBTS = (
    Voice("这一项我们少领了一个月，清单上写的是全领到了。", "13700000001", 10, line=1),
    Voice("孙子去年九月就转到县里上学了，是不是还该算在我们家？", "", 1),
    Voice("钱数对，就是不知道打到哪张卡上了，我们没有看见。", "13700000002", 0, line=2),
    Voice(
        "取暖的补贴怎么没有写上？", "13700000003", 11, "取暖补贴由供热公司直接减免，不在这张清单里，已经打电话说明。"
    ),
)
"""One each for a list of the first villages."""

WISH_REPORTS = (
    Voice("这家人的情况和我们村一户很像，写得太细了，怕被人认出来。", "13700000004", 9),
    Voice("价格好像高了，集上同样的只要一半。", "", 2),
)
PAGE_REPORTS = (
    Voice("“关于我们”里的电话打过去没有人接。", "13700000005", 1),
    Voice("大字版里图上的字还是小。", "", 11, "已经把图里的字改大了，请您刷新再看。"),
)


async def raise_doubts(crew: Crew, sealer: Sealer, year: int, *, now: datetime) -> None:
    """Families of different villages doubt a line of their list of `year`; its town reviewer has answered one."""
    for voice, edition in zip(DOUBTS, await rows(LISTS, year), strict=False):
        raised_at = now - voice.days_ago * DAY
        doubt_id = await raise_doubt(
            edition["household_id"],
            edition["id"],
            voice.line,
            voice.text,
            contact=voice.contact,
            sealer=sealer,
            now=raised_at,
        )
        if voice.answer:
            reviewer: Viewer = crew.reviewers[town_of(edition["division_code"])]
            await close_doubt(doubt_id, voice.answer, actor=reviewer, now=raised_at + 2 * DAY)


async def report_pages(crew: Crew, sealer: Sealer, *, now: datetime) -> None:
    """Visitors report wishes on the wall and other pages; an editor has answered one."""
    wishes = await rows(ON_THE_WALL, len(WISH_REPORTS))
    told = [(f"/wishes/{wish['id']}", voice) for wish, voice in zip(wishes, WISH_REPORTS, strict=False)]
    for page, voice in [*told, *(("/about", voice) for voice in PAGE_REPORTS)]:
        reported_at = now - voice.days_ago * DAY
        report = await report_page(page, voice.text, contact=voice.contact, city=CITY, sealer=sealer, now=reported_at)
        if voice.answer:
            await answer_report(report.id, voice.answer, take_off=False, actor=crew.editor, now=reported_at + 2 * DAY)
