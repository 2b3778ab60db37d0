"""What verify's small database hears of projects: one that took gifts, was changed as the law wants, and closed."""

from datetime import timedelta

import makers
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.projects.actions import close_due_projects
from cishan.projects.amending import Change, decide_amendment, file_amendment, propose_amendment
from cishan.sealing import Sealer
from cishan.surplus.actions import decide_surplus, propose_surplus
from donations.donation_makers import pay, pledge
from projects import project_makers as pm


async def tell_of_projects(sealer: Sealer, clock: SteppedClock) -> None:
    """Takes no time: what it tells began half an hour ago, on the same day, and was filed twelve days before."""
    now = clock.now()
    began = now - timedelta(minutes=30)
    people = await pm.make_project_people(sealer=sealer, now=now)
    project = await pm.make_open_project(sealer=sealer, now=began, people=people, ends_at=now)
    change = Change("office", "新湖路 2 号", "搬到了新楼", beijing_day(began))
    amendment_id = await propose_amendment(project.id, change, actor=people.editor, now=began)
    await decide_amendment(amendment_id, actor=people.director, now=began)
    await file_amendment(amendment_id, beijing_day(began), actor=people.editor, now=began)
    donor = await makers.make_donor(sealer=sealer, now=now)
    fund_id = (await rows("SELECT fund_id FROM project WHERE id = $1", project.id))[0]["fund_id"]
    for amount_fen in (5_000, 8_800):
        await pay(await pledge(fund_id, amount_fen, donor=donor, now=began), sealer=sealer, now=began)
    await close_due_projects(limit=10, sealer=sealer, now=now)
    wish_fund = (await rows("SELECT id FROM fund WHERE kind = 'wish'"))[0]["id"]
    await propose_surplus(project.id, wish_fund, "都是帮助困难家庭过冬", actor=people.editor, now=now)
    await decide_surplus(project.id, actor=people.director, now=now)
