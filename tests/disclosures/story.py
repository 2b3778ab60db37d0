"""A short project that is over and whose reports two people have published, for the checks to look at."""

from datetime import timedelta

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.clock import SteppedClock, beijing_day
from cishan.disclosures.actions import publish, save_draft
from cishan.disclosures.duties import plan_project
from cishan.disclosures.months import count_months
from cishan.disclosures.queries import duty_of, open_duties
from cishan.projects.actions import close_due_projects
from cishan.sealing import Sealer
from projects.project_makers import make_open_project, make_project_people

DAY = timedelta(days=1)
WORDS = "活动提前办完：棉被和煤已经全部送到，没有余款。"


async def tell_of_disclosures(site: Site, finance: Viewer, sealer: Sealer, clock: SteppedClock) -> None:
    """Everything that has to be said of the project is published; the months of every fund are counted."""
    now = clock.now()
    editor = await makers.make_staff(Role.EDITOR, makers.CITY, sealer=sealer, now=now)
    began = now - 20 * DAY
    people = await make_project_people(sealer=sealer, now=now)
    project = await make_open_project(
        sealer=sealer, now=began, people=people, days=10, use_ends_on=beijing_day(began + 10 * DAY), name="开春暖屋"
    )
    await close_due_projects(limit=10, sealer=sealer, now=now)
    await plan_project(project.id, now=now)
    for duty in await open_duties(site.charity_id):
        await save_draft(duty.id, WORDS, "", charity_id=site.charity_id, actor=finance, now=now)
        read = await duty_of(site.charity_id, duty.id)
        assert read.draft is not None
        await publish(duty.id, read.draft.written_at, charity_id=site.charity_id, actor=editor, now=now)
    await count_months(now=now)
