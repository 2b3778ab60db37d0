"""What is left of a project goes where its plan said, whole, by two people, and only when nobody has a promise on it."""

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.states import Role
from cishan.clock import SteppedClock, beijing_day
from cishan.costs.queries import sums_of
from cishan.database import rows
from cishan.disclosures.months import count_months
from cishan.disclosures.queries import fund_flows, total_of
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.ledger.actions import Source, book_purchase, book_withdrawal
from cishan.ledger.queries import balances_of
from cishan.plans.states import SurplusRule
from cishan.project_pages.queries import public_project
from cishan.projects.models import Project
from cishan.sealing import Sealer
from cishan.surplus.actions import decide_surplus, drop_surplus, propose_surplus
from cishan.verify.checks import run_checks
from cishan.verify.projects import SURPLUS_MOVED_WHOLE
from conftest import browser_for
from donations.donation_makers import pay, pledge
from projects import project_makers as pm

GIVEN_FEN, BANK_FEN = 50_000, 20_000
WHY = "都是帮助困难家庭过冬，目的相近。"


@pytest.fixture
async def people(app: Starlette, sealer: Sealer, clock: SteppedClock) -> pm.ProjectPeople:
    await pm.charity_id_of_site(now=clock.now())
    return await pm.make_project_people(sealer=sealer, now=clock.now())


@pytest.fixture
async def project(people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock) -> Project:
    """Closed, with 500 yuan left of which 200 are at the bank."""
    now = clock.now()
    project = await pm.make_open_project(sealer=sealer, now=now, people=people, days=30)
    donor = await makers.make_donor(sealer=sealer, now=now)
    await pay(await pledge(fund_of(project), GIVEN_FEN, donor=donor, now=now), sealer=sealer, now=now)
    await book_withdrawal(fund_of(project), BANK_FEN, Source("test", 1), arrived_at=now, now=now)
    assert await pm.close_due_projects(limit=10, sealer=sealer, now=clock.advance(timedelta(days=31))) == 1
    return project


def fund_of(project: Project) -> int:
    found: int = project.fund_id  # type: ignore[attr-defined]
    return found


async def wish_fund() -> int:
    return int((await rows("SELECT id FROM fund WHERE kind = 'wish'"))[0]["id"])


async def balances(fund_id: int) -> dict[str, int]:
    return {item.type.value: item.balance_fen for item in await balances_of(fund_id) if item.balance_fen}


async def test_all_that_is_left_becomes_the_other_funds_to_the_fen(
    project: Project, people: pm.ProjectPeople, clock: SteppedClock
) -> None:
    await propose_surplus(project.id, await wish_fund(), WHY, actor=people.editor, now=clock.now())
    await decide_surplus(project.id, actor=people.director, now=clock.now())
    gone, taken = await balances(fund_of(project)), await balances(await wish_fund())
    assert gone == {"fund": -GIVEN_FEN, "spending": GIVEN_FEN}
    assert taken == {"alipay": GIVEN_FEN - BANK_FEN, "bank": BANK_FEN, "fund": -GIVEN_FEN}
    assert all(result.ok for result in await run_checks([SURPLUS_MOVED_WHOLE], require_rows=True, now=clock.now()))
    with pytest.raises(Conflict, match="没有等着决定"):
        await decide_surplus(project.id, actor=people.director, now=clock.now())
    with pytest.raises(Conflict, match="没有剩余财产"):
        await propose_surplus(project.id, await wish_fund(), WHY, actor=people.editor, now=clock.now())


async def test_the_project_that_gets_it_shows_it_as_received(
    project: Project, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    other = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people, name="开春书桌")
    await propose_surplus(project.id, fund_of(other), WHY, actor=people.editor, now=clock.now())
    await decide_surplus(project.id, actor=people.director, now=clock.now())
    flow = (await public_project(other.id, sealer=sealer)).flow
    assert (flow.received_fen, flow.left_fen) == (GIVEN_FEN, GIVEN_FEN)
    assert (await public_project(project.id, sealer=sealer)).flow.left_fen == 0


async def test_who_proposes_does_not_decide_and_nobody_else_does_either(
    project: Project, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    finance = await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=clock.now())
    with pytest.raises(Forbidden):
        await propose_surplus(project.id, await wish_fund(), WHY, actor=people.director, now=clock.now())
    await propose_surplus(project.id, await wish_fund(), WHY, actor=people.editor, now=clock.now())
    for person in (people.editor, finance):
        with pytest.raises(Forbidden):
            await decide_surplus(project.id, actor=person, now=clock.now())


async def test_a_plan_for_the_same_purpose_lets_it_go_to_projects_alone(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    now = clock.now()
    project = await pm.make_open_project(
        sealer=sealer, now=now, people=people, days=30, surplus_rule=SurplusRule.SAME_PURPOSE
    )
    donor = await makers.make_donor(sealer=sealer, now=now)
    await pay(await pledge(fund_of(project), GIVEN_FEN, donor=donor, now=now), sealer=sealer, now=now)
    await pm.close_due_projects(limit=10, sealer=sealer, now=clock.advance(timedelta(days=31)))
    with pytest.raises(InvalidInput, match="列出的项目"):
        await propose_surplus(project.id, await wish_fund(), WHY, actor=people.editor, now=clock.now())


async def test_an_open_project_has_no_surplus_yet(
    people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    with pytest.raises(Conflict, match="募捐结束以后"):
        await propose_surplus(project.id, await wish_fund(), WHY, actor=people.editor, now=clock.now())


async def test_money_that_is_promised_stays_until_the_promise_is_kept(
    project: Project, people: pm.ProjectPeople, clock: SteppedClock
) -> None:
    await rows("UPDATE fund SET held_fen = 100 WHERE id = $1", fund_of(project))
    with pytest.raises(Conflict, match="请先办完"):
        await propose_surplus(project.id, await wish_fund(), WHY, actor=people.editor, now=clock.now())


async def test_what_was_spent_since_the_proposal_is_seen_before_anything_moves(
    project: Project, people: pm.ProjectPeople, clock: SteppedClock
) -> None:
    await propose_surplus(project.id, await wish_fund(), WHY, actor=people.editor, now=clock.now())
    with pytest.raises(Conflict, match="已经有一个方案"):
        await propose_surplus(project.id, await wish_fund(), WHY, actor=people.editor, now=clock.now())
    await book_withdrawal(fund_of(project), 1_000, Source("test", 2), arrived_at=clock.now(), now=clock.now())
    town = makers.TOWN
    await book_purchase(fund_of(project), town, 1_000, Source("test", 3), now=clock.now())
    with pytest.raises(Conflict, match="请先办完"):
        await decide_surplus(project.id, actor=people.director, now=clock.now())
    await drop_surplus(project.id, actor=people.editor, now=clock.now())
    with pytest.raises(Conflict, match="没有等着决定"):
        await drop_surplus(project.id, actor=people.editor, now=clock.now())
    assert await balances(await wish_fund()) == {}


async def test_elsewhere_it_is_not_there(project: Project, sealer: Sealer, clock: SteppedClock) -> None:
    far = await makers.make_staff(Role.EDITOR, "371403000000", sealer=sealer, now=clock.now())
    with pytest.raises(NotFound):
        await propose_surplus(project.id, await wish_fund(), WHY, actor=far, now=clock.now())


@pytest.fixture
async def desks(
    app: Starlette, project: Project, people: pm.ProjectPeople, clock: SteppedClock
) -> AsyncIterator[tuple[httpx2.AsyncClient, httpx2.AsyncClient]]:
    async with browser_for(app) as editor, browser_for(app) as director:
        await makers.signed_in(editor, people.editor, now=clock.now())
        await makers.signed_in(director, people.director, now=clock.now())
        yield editor, director


async def test_the_desk_leads_through_the_step_and_says_what_is_wrong(
    project: Project, desks: tuple[httpx2.AsyncClient, httpx2.AsyncClient]
) -> None:
    editor, director = desks
    here = f"/desk/projects/{project.id}/surplus"
    assert here in (await editor.get(f"/desk/projects/{project.id}")).text
    assert "500 元" in (await editor.get(here)).text
    short = {"form_key": secrets.token_urlsafe(24), "to_fund": str(await wish_fund()), "reason": "相近"}
    refused = await editor.post(here, data=short)
    assert refused.status_code == 400
    assert "10 到 300 个字" in refused.text
    sent = {**short, "reason": WHY}
    assert (await editor.post(here, data=sent)).status_code == 303
    assert "同意转出" in (await director.get(here)).text
    assert (await director.post(f"{here}/decide", data={"form_key": secrets.token_urlsafe(24)})).status_code == 303
    assert "没有剩余财产" in (await editor.get(here)).text


async def test_the_desk_asks_nothing_while_the_campaign_is_on(
    people: pm.ProjectPeople, app: Starlette, sealer: Sealer, clock: SteppedClock
) -> None:
    open_one = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    async with browser_for(app) as editor:
        await makers.signed_in(editor, people.editor, now=clock.now())
        page = (await editor.get(f"/desk/projects/{open_one.id}/surplus")).text
    assert "募捐还没有结束" in page
    assert "提交负责人决定" not in page


async def test_an_emergency_that_is_not_filed_and_a_project_that_is_over_take_nothing(
    project: Project, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    emergency = await pm.make_open_emergency(sealer=sealer, now=clock.now(), people=people, name="抗洪救灾")
    with pytest.raises(InvalidInput, match="请从列出的项目里选"):
        await propose_surplus(project.id, fund_of(emergency), WHY, actor=people.editor, now=clock.now())
    other = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people, name="开春书桌")
    await propose_surplus(project.id, fund_of(other), WHY, actor=people.editor, now=clock.now())
    await rows("UPDATE project SET status = 'closed', closed_at = ends_at WHERE id = $1", other.id)
    await rows("UPDATE project SET status = 'settled', settled_at = closed_at WHERE id = $1", other.id)
    with pytest.raises(Conflict, match="不能再收"):
        await decide_surplus(project.id, actor=people.director, now=clock.now())


async def test_what_goes_from_fund_to_fund_is_neither_income_nor_spending(
    project: Project, people: pm.ProjectPeople, clock: SteppedClock
) -> None:
    now, charity_id = clock.now(), project.charity_id  # type: ignore[attr-defined]
    year = beijing_day(now).year
    await count_months(now=now)
    before, shown = await sums_of(charity_id, year), await fund_flows(charity_id, year, "")
    total = await total_of(shown, year)
    assert total.received_fen == GIVEN_FEN
    await propose_surplus(project.id, await wish_fund(), WHY, actor=people.editor, now=now)
    await decide_surplus(project.id, actor=people.director, now=now)
    await count_months(now=clock.advance(timedelta(minutes=1)))
    assert await sums_of(charity_id, year) == before
    assert (await sums_of(charity_id, year + 1)).income_before_fen == GIVEN_FEN
    for asked in (year, None):
        assert await total_of(await fund_flows(charity_id, asked, ""), asked) == total
