"""What is late stops new projects, and a project ends only when its money is used and everything of it is told."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock, beijing_day
from cishan.disclosures.actions import publish, save_draft
from cishan.disclosures.duties import plan_duties
from cishan.disclosures.keeping import PublishedFirst
from cishan.disclosures.queries import duty_of, open_duties
from cishan.errors import Conflict
from cishan.ledger.actions import Source, book_gift, book_purchase
from cishan.projects.actions import file_project, settle_project
from cishan.projects.filing_rules import Filing
from cishan.projects.models import Project
from cishan.projects.states import ProjectStatus
from cishan.sealing import Sealer
from payments.order_makers import make_site
from projects import project_makers as pm

WORDS = "钱已经全部用完，棉被都送到了三十户人家，没有余款。"


@dataclass
class Ended:
    """A project that closed ten days ago, whose charity has an editor and finance."""

    charity_id: int
    project: Project
    people: pm.ProjectPeople
    finance: Viewer
    clock: SteppedClock

    @property
    def fund_id(self) -> int:
        found: int = self.project.fund_id  # type: ignore[attr-defined]
        return found

    async def publish_all(self) -> None:
        now = self.clock.now()
        for duty in await open_duties(self.charity_id):
            if duty.period_until < beijing_day(now):
                who = {"charity_id": self.charity_id, "now": now}
                await save_draft(duty.id, WORDS, "", actor=self.finance, **who)  # type: ignore[arg-type]
                read = await duty_of(self.charity_id, duty.id)
                assert read.draft is not None
                await publish(duty.id, read.draft.written_at, actor=self.people.editor, **who)  # type: ignore[arg-type]

    async def settle(self) -> None:
        duties, director = PublishedFirst(), self.people.director
        await settle_project(self.project.id, duties=duties, actor=director, now=self.clock.now())


@pytest.fixture
async def ended(transaction: object, sealer: Sealer, clock: SteppedClock) -> Ended:
    site = await make_site(clock.now())
    people = await pm.make_project_people(sealer=sealer, now=clock.now())
    now = clock.advance(timedelta(days=60))
    finance = await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=now)
    project = await pm.make_closed_project(sealer=sealer, now=now, people=people, use_ends_on=beijing_day(now))
    ended = Ended(site.charity_id, project, people, finance, clock)
    await book_gift(ended.fund_id, 50_000, Source("order_line", 1), paid_at=now, now=now)
    clock.advance(timedelta(days=10))
    await plan_duties(now=clock.now())
    return ended


async def test_money_that_is_left_comes_before_the_end_of_a_project(ended: Ended) -> None:
    await ended.publish_all()
    with pytest.raises(Conflict, match=r"还有 500\.00 元没有用完"):
        await ended.settle()


async def test_everything_is_published_before_the_end_of_a_project(ended: Ended) -> None:
    now = ended.clock.now()
    await book_purchase(ended.fund_id, makers.TOWN, 50_000, Source("purchase", 1), now=now)
    with pytest.raises(Conflict, match="还没有公开"):
        await ended.settle()
    await ended.publish_all()
    await ended.settle()
    assert (await Project.get(id=ended.project.id)).status is ProjectStatus.SETTLED


async def test_no_project_is_filed_while_something_is_late(ended: Ended, sealer: Sealer) -> None:
    now = ended.clock.advance(timedelta(days=100))
    decided = await pm.make_decided_project(sealer=sealer, now=now, people=ended.people, name="开春书桌")
    filing = Filing(pm.new_filing_number(decided.id), beijing_day(now))
    with pytest.raises(Conflict, match="已经超期"):
        await file_project(decided.id, filing, duties=PublishedFirst(), actor=ended.people.editor, now=now)
    await ended.publish_all()
    await file_project(decided.id, filing, duties=PublishedFirst(), actor=ended.people.editor, now=now)
