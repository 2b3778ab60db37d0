"""What the demo's charity has published: its yearly reports, written by finance and read over by the editor."""

from datetime import datetime, timedelta

from cishan.charities.queries import Site
from cishan.clock import beijing_day, beijing_midnight
from cishan.demo.staff import Crew
from cishan.disclosures.actions import publish, save_draft
from cishan.disclosures.duties import plan_duties
from cishan.disclosures.months import count_months
from cishan.disclosures.queries import duty_of, open_duties

WORDS = (
    "这一年，微心愿的钱用在了困难家庭最需要的小事上：取暖、学习用品、助行器。每一件都由村里的协理员上门核实，"
    "买到以后送到家里，再由另一位同事回访确认。"
)

BEFORE = timedelta(days=20)
"""So long before its last day each report was published."""


async def publish_reports(crew: Crew, site: Site, *, now: datetime) -> None:
    """Everything whose day is over is published; the funds' months are counted for the public page."""
    await plan_duties(now=now)
    charity_id = site.charity_id
    for duty in await open_duties(charity_id):
        if duty.due_on >= beijing_day(now):
            continue
        in_time = beijing_midnight(duty.due_on - BEFORE)
        await save_draft(duty.id, WORDS, "", charity_id=charity_id, actor=crew.finance, now=in_time)
        read = await duty_of(charity_id, duty.id)
        assert read.draft is not None
        await publish(duty.id, read.draft.written_at, charity_id=charity_id, actor=crew.editor, now=in_time)
    await count_months(now=now)
