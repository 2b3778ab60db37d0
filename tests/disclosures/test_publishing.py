"""A report is drafted by one, published by another, made of the books, and only ever added to."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from tortoise.exceptions import OperationalError

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.disclosures.actions import publish, save_draft
from cishan.disclosures.duties import check_nothing_late, plan_duties, remind_of_duties
from cishan.disclosures.queries import DutyRow, duty_of, open_duties, report_of
from cishan.disclosures.states import DutyKind
from cishan.errors import Conflict, Forbidden, NotFound
from cishan.ledger.actions import Source, book_gift, book_purchase
from cishan.projects.models import Project
from cishan.sealing import Sealer
from payments.order_makers import make_site
from projects.project_makers import make_open_project, make_project_people

WORDS = "这一期给三十户困难家庭送去了棉被和煤，钱用在采购和运输上。"
GIFT_FEN, SPENT_FEN = 500_000, 120_000


@dataclass
class Office:
    site: Site
    editor: Viewer
    finance: Viewer
    project: Project
    clock: SteppedClock

    @property
    def fund_id(self) -> int:
        found: int = self.project.fund_id  # type: ignore[attr-defined]
        return found

    async def first(self, kind: DutyKind) -> DutyRow:
        return next(duty for duty in await open_duties(self.site.charity_id) if duty.kind is kind)

    async def draft(self, duty: DutyRow, *, words: str = WORDS, reason: str = "", who: Viewer | None = None) -> None:
        charity_id, now = self.site.charity_id, self.clock.now()
        await save_draft(duty.id, words, reason, charity_id=charity_id, actor=who or self.finance, now=now)

    async def publish(self, duty: DutyRow, *, who: Viewer | None = None) -> int:
        read = await duty_of(self.site.charity_id, duty.id)
        assert read.draft is not None
        return await publish(
            duty.id,
            read.draft.written_at,
            charity_id=self.site.charity_id,
            actor=who or self.editor,
            now=self.clock.now(),
        )


@pytest.fixture
async def office(transaction: object, sealer: Sealer, clock: SteppedClock) -> Office:
    now = clock.now()
    site = await make_site(now)
    editor = await makers.make_staff(Role.EDITOR, makers.CITY, sealer=sealer, now=now)
    finance = await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=now)
    project = await make_open_project(sealer=sealer, now=now, people=await make_project_people(sealer=sealer, now=now))
    office = Office(site, editor, finance, project, clock)
    await book_gift(office.fund_id, GIFT_FEN, Source("order_line", 1), paid_at=now, now=now)
    clock.advance(timedelta(days=40))
    await book_purchase(office.fund_id, makers.TOWN, SPENT_FEN, Source("purchase", 1), now=clock.now())
    clock.advance(timedelta(days=60))
    await plan_duties(now=clock.now())
    return office


async def test_the_calendar_is_made_once_and_follows_a_campaign_that_was_shortened(office: Office) -> None:
    assert await plan_duties(now=office.clock.now()) == 0
    planned = {duty.kind for duty in await open_duties(office.site.charity_id)}
    assert {DutyKind.CAMPAIGN_PROGRESS, DutyKind.CAMPAIGN_FINAL, DutyKind.USE_FINAL, DutyKind.ANNUAL} <= planned
    closed_at = office.clock.now()
    await rows("UPDATE project SET status = 'closed', closed_at = $2 WHERE id = $1", office.project.id, closed_at)
    assert await plan_duties(now=closed_at) > 0
    assert DutyKind.CAMPAIGN_PROGRESS not in {duty.kind for duty in await open_duties(office.site.charity_id)}


async def test_a_report_holds_what_the_books_say_of_its_period(office: Office) -> None:
    duty = await office.first(DutyKind.CAMPAIGN_PROGRESS)
    await office.draft(duty)
    report = await report_of(office.site.charity_id, await office.publish(duty))
    total = report.statement.total
    assert (total.received_fen, total.gifts, total.spent_fen) == (GIFT_FEN, 1, SPENT_FEN)
    assert (report.statement.opening_fen, report.statement.closing_fen) == (0, GIFT_FEN - SPENT_FEN)
    assert report.version == 1


async def test_whoever_drafted_a_report_does_not_publish_it(office: Office) -> None:
    duty = await office.first(DutyKind.CAMPAIGN_PROGRESS)
    await office.draft(duty)
    with pytest.raises(Conflict, match="不能自己公开"):
        await office.publish(duty, who=office.finance)
    assert await office.publish(duty)


async def test_a_draft_that_was_changed_is_read_again_before_it_is_published(office: Office) -> None:
    duty = await office.first(DutyKind.CAMPAIGN_PROGRESS)
    await office.draft(duty)
    read = await duty_of(office.site.charity_id, duty.id)
    office.clock.advance(timedelta(minutes=1))
    await office.draft(duty, words=WORDS + "又补了一句话。")
    assert read.draft is not None
    charity_id = office.site.charity_id
    with pytest.raises(Conflict, match="改过"):
        await publish(
            duty.id, read.draft.written_at, charity_id=charity_id, actor=office.editor, now=office.clock.now()
        )


async def test_a_period_that_is_not_over_has_no_report_yet(office: Office) -> None:
    duty = await office.first(DutyKind.CAMPAIGN_FINAL)
    with pytest.raises(Conflict, match="还没有结束"):
        await office.draft(duty)


async def test_a_period_that_was_made_longer_after_the_draft_is_not_published_yet(office: Office) -> None:
    duty = await office.first(DutyKind.CAMPAIGN_PROGRESS)
    await office.draft(duty)
    await rows(
        "UPDATE disclosure_duty SET period_until = $2, due_on = $2 WHERE id = $1",
        duty.id,
        beijing_day(office.clock.now()),
    )
    with pytest.raises(Conflict, match="还没有结束"):
        await office.publish(duty)


async def test_a_correction_is_a_further_version_with_its_reason(office: Office) -> None:
    duty = await office.first(DutyKind.CAMPAIGN_PROGRESS)
    await office.draft(duty)
    first = await office.publish(duty)
    await office.draft(duty, words=WORDS + "其中五户由志愿者送到。", reason="上一版没有写志愿者")
    second = await office.publish(duty)
    old, new = [await report_of(office.site.charity_id, one) for one in (first, second)]
    assert (old.version, old.is_newest, new.version, new.reason) == (1, False, 2, "上一版没有写志愿者")
    assert old.body == WORDS


async def test_the_database_lets_nobody_change_or_remove_a_report(office: Office) -> None:
    duty = await office.first(DutyKind.CAMPAIGN_PROGRESS)
    await office.draft(duty)
    report_id = await office.publish(duty)
    with pytest.raises(OperationalError, match="permission denied"):
        await rows("UPDATE disclosure SET body = '' WHERE id = $1", report_id)


async def test_only_editors_and_finance_disclose(office: Office, sealer: Sealer) -> None:
    reviewer = await makers.make_staff(Role.TOWN_REVIEWER, makers.TOWN, sealer=sealer, now=office.clock.now())
    duty = await office.first(DutyKind.CAMPAIGN_PROGRESS)
    with pytest.raises(Forbidden):
        await office.draft(duty, who=reviewer)
    with pytest.raises(NotFound):
        await save_draft(duty.id, WORDS, "", charity_id=999, actor=office.finance, now=office.clock.now())


async def test_what_is_late_blocks_new_projects_until_it_is_published(office: Office) -> None:
    duty = await office.first(DutyKind.CAMPAIGN_PROGRESS)
    assert beijing_day(office.clock.now()) > duty.due_on
    with pytest.raises(Conflict, match="寒冬送暖"):
        await check_nothing_late(office.site.charity_id, now=office.clock.now())
    for kind in (DutyKind.CAMPAIGN_PROGRESS, DutyKind.USE_PROGRESS):
        late = await office.first(kind)
        await office.draft(late)
        await office.publish(late)
    await check_nothing_late(office.site.charity_id, now=office.clock.now())


async def test_staff_are_told_before_the_day_and_supervisors_once_it_is_late(office: Office, sealer: Sealer) -> None:
    supervisor = await makers.make_staff(Role.SUPERVISOR, makers.CITY, sealer=sealer, now=office.clock.now())
    now = office.clock.now()
    late = [duty for duty in await open_duties(office.site.charity_id) if duty.due_on < beijing_day(now)]
    assert await remind_of_duties(limit=100, sealer=sealer, now=now) == len(late) == 2
    assert await remind_of_duties(limit=100, sealer=sealer, now=now) == 0
    told = await rows("SELECT count(*) AS n FROM outbox_message WHERE account_id = $1", supervisor.account_id)
    assert told == [{"n": 2}]


async def test_the_yearly_report_counts_all_funds_together(office: Office) -> None:
    now = office.clock.now()
    await book_gift(office.site.fund_id, 7_700, Source("order_line", 2), paid_at=now, now=now)
    office.clock.move_to(office.clock.now() + timedelta(days=300))
    await plan_duties(now=office.clock.now())
    duty = await office.first(DutyKind.ANNUAL)
    assert duty.period_until == date(2025, 12, 31)
    await office.draft(duty)
    report = await report_of(office.site.charity_id, await office.publish(duty))
    assert report.statement.total.received_fen == GIFT_FEN + 7_700
