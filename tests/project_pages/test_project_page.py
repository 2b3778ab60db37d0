"""The public pages of projects: who reads them in each legal mode, what has to stand in a prominent place, true sums."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.viewer import Viewer
from cishan.charities.states import LegalMode
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.donations.totals import total_of
from cishan.ledger.actions import Source, book_advance, book_purchase
from cishan.plans.plan import BudgetItem
from cishan.plans.states import AtTarget, Reach
from cishan.project_pages.queries import Flow, flow_of
from cishan.projects.actions import close_due_projects, settle_project
from cishan.projects.models import Project
from cishan.sealing import Sealer
from conftest import browser_for
from donations.donation_makers import pay, pledge
from projects import project_makers as pm


@pytest.fixture
async def people(app: Starlette, sealer: Sealer, clock: SteppedClock) -> pm.ProjectPeople:
    await pm.charity_id_of_site(now=clock.now())
    return await pm.make_project_people(sealer=sealer, now=clock.now())


@pytest.fixture
async def donor(people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_donor(sealer=sealer, now=clock.now())


@pytest.fixture
async def reader(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody with a cookie of ours, so that no page is a second old."""
    async with browser_for(app) as browser:
        browser.cookies.set("cishan_mode", "normal")
        yield browser


async def fund_of(project: Project) -> int:
    return int((await rows("SELECT fund_id FROM project WHERE id = $1", project.id))[0]["fund_id"])


async def give(project: Project, amount_fen: int, donor: Viewer, sealer: Sealer, clock: SteppedClock) -> None:
    pledged = await pledge(await fund_of(project), amount_fen, donor=donor, now=clock.now())
    await pay(pledged, sealer=sealer, now=clock.now())


async def test_everybody_sees_the_project_its_sums_and_who_is_asking(
    reader: httpx2.AsyncClient, people: pm.ProjectPeople, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    for fen in (1_000_000, 250_050):
        await give(project, fen, donor, sealer, clock)
    page = (await reader.get(f"/projects/{project.id}")).text
    facts = makers.charity_facts()
    for words in (
        facts.name,
        facts.uscc,
        facts.certificate_number,
        str(project.filing_number),
        facts.contact_phone,
        facts.report_phone,
        "陈主任",
        project.beneficiaries,
        project.choosing,
        project.surplus_words,
        "已筹 12,500.50 元，目标 100,000 元",
        "2 笔捐款",
        f"/report?page=/projects/{project.id}",
        "https://cszg.mca.gov.cn",
        f'href="/projects/{project.id}/give"',
        f'property="og:url" content="http://testserver/projects/{project.id}"',
        "棉被 1,000 床",
    ):
        assert words in page, words


async def test_the_money_is_shown_where_it_is(
    reader: httpx2.AsyncClient, people: pm.ProjectPeople, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    fund_id = await fund_of(project)
    await give(project, 100_000, donor, sealer, clock)
    await book_advance(fund_id, makers.TOWN, 60_000, Source("test_advance", 1), now=clock.now())
    await book_purchase(fund_id, makers.TOWN, 45_000, Source("test_purchase", 1), now=clock.now())
    flow = await flow_of(fund_id, await total_of(fund_id))
    assert (flow, flow.left_fen) == (Flow(100_000, 15_000, 45_000), 40_000)
    page = (await reader.get(f"/projects/{project.id}")).text
    assert "收到 1,000 元，已经支出 450 元，已安排 150 元，还剩 400 元。" in page


async def test_a_target_that_stops_offers_nothing_more_and_says_so(
    reader: httpx2.AsyncClient, people: pm.ProjectPeople, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_project(
        sealer=sealer,
        now=clock.now(),
        people=people,
        at_target=AtTarget.STOP,
        target_fen=100_000,
        cost_fen=0,
        budget=(BudgetItem("棉被", 100_000),),
    )
    assert "筹够就不再收款" in (await reader.get(f"/projects/{project.id}")).text
    await give(project, 100_000, donor, sealer, clock)
    page = (await reader.get(f"/projects/{project.id}")).text
    assert "按备案的方案不再收款" in page
    assert f"/projects/{project.id}/give" not in page


async def test_old_pages_of_settled_projects_stay_readable(
    reader: httpx2.AsyncClient, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people, days=5)
    clock.advance(timedelta(days=5))
    await close_due_projects(limit=10, sealer=sealer, now=clock.now())
    assert "募捐已经结束" in (await reader.get(f"/projects/{project.id}")).text
    await settle_project(project.id, duties=pm.NothingLate(), actor=people.director, now=clock.now())
    page = await reader.get(f"/projects/{project.id}")
    assert (page.status_code, "已经结项" in page.text) == (200, True)
    assert f"/projects/{project.id}/give" not in page.text


async def test_drafts_and_what_is_only_filed_are_nobody_elses(
    reader: httpx2.AsyncClient, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    draft = await pm.make_draft_project(sealer=sealer, now=clock.now(), people=people)
    filed = await pm.make_filed_project(sealer=sealer, now=clock.now(), people=people)
    for project in (draft, filed):
        assert (await reader.get(f"/projects/{project.id}")).status_code == 404
        assert (await reader.get(f"/projects/{project.id}/poster.pdf")).status_code == 404
    assert "现在没有募捐的项目" in (await reader.get("/projects")).text


async def test_an_unfiled_emergency_says_that_its_filing_is_on_its_way(
    reader: httpx2.AsyncClient, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_emergency(sealer=sealer, now=clock.now(), people=people)
    page = (await reader.get(f"/projects/{project.id}")).text
    assert "补办备案" in page
    assert "每 5 天公布一次" in page


async def test_the_list_is_filtered_by_its_address(
    reader: httpx2.AsyncClient, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    await pm.make_open_project(sealer=sealer, now=clock.now(), people=people, name="寒冬送暖", days=5)
    await pm.make_open_project(
        sealer=sealer, now=clock.now(), people=people, name="书桌前的灯", area_code=makers.COUNTY
    )
    clock.advance(timedelta(days=5))
    await close_due_projects(limit=10, sealer=sealer, now=clock.now())
    for query, found in {
        "": {"寒冬送暖", "书桌前的灯"},
        "?status=open": {"书桌前的灯"},
        "?status=closed": {"寒冬送暖"},
        f"?county={makers.COUNTY}": {"书桌前的灯"},
        "?kind=emergency": set(),
        "?status=draft&county=x&kind=y&page=z": {"寒冬送暖", "书桌前的灯"},
    }.items():
        page = (await reader.get(f"/projects{query}")).text
        assert {name for name in ("寒冬送暖", "书桌前的灯") if name in page} == found, query
    assert "没有这样的项目" in (await reader.get("/projects?kind=emergency")).text
    assert "只面向" not in (await reader.get("/projects")).text


async def test_the_anonymous_page_may_be_kept_for_under_a_second(
    app: Starlette, people: pm.ProjectPeople, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    async with browser_for(app) as anybody:
        first = (await anybody.get(f"/projects/{project.id}")).text
        await give(project, 100_000, donor, sealer, clock)
        assert (await anybody.get(f"/projects/{project.id}")).text == first
        anybody.cookies.set("cishan_mode", "normal")
        assert "已筹 1,000 元" in (await anybody.get(f"/projects/{project.id}")).text


async def test_a_members_circle_shows_its_projects_to_members_and_shares_nothing(
    app: Starlette, sealer: Sealer, clock: SteppedClock
) -> None:
    await makers.make_charity(now=clock.now(), legal_mode=LegalMode.PRIVATE)
    people = await pm.make_project_people(sealer=sealer, now=clock.now())
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people, reach=Reach.MEMBERS)
    here = f"/projects/{project.id}"
    async with browser_for(app) as stranger:
        for path in ("/projects", here, f"{here}/poster.pdf"):
            answer = await stranger.get(path)
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")
    async with browser_for(app) as member:
        await makers.signed_in(
            member, await makers.make_donor(sealer=sealer, now=clock.now(), name="李会员"), now=clock.now()
        )
        page = await member.get(here)
        assert "og:" not in page.text
        assert "noindex" in page.text
        assert "poster.pdf" not in page.text
        assert "X-Public-For" not in page.headers
        assert "慈善中国" not in page.text
        assert (await member.get(f"{here}/poster.pdf")).status_code == 404
        assert "会员慈善筹" in (await member.get("/projects")).text


async def test_a_community_speaks_of_mutual_help(app: Starlette, sealer: Sealer, clock: SteppedClock) -> None:
    await makers.make_charity(now=clock.now(), legal_mode=LegalMode.COMMUNITY)
    people = await pm.make_project_people(sealer=sealer, now=clock.now())
    project = await pm.make_open_project(
        sealer=sealer, now=clock.now(), people=people, reach=Reach.COMMUNITY, platform_url=""
    )
    async with browser_for(app) as reader:
        assert "互助筹" in (await reader.get("/projects")).text
        page = (await reader.get(f"/projects/{project.id}")).text
    legal = page.partition("谁在募捐")[2].partition("</section>")[0]
    assert "项目编号" in legal
    assert "公开募捐资格" not in legal


async def test_the_poster_is_one_page_of_paper_and_is_set_once(
    app: Starlette, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    project = await pm.make_open_project(sealer=sealer, now=clock.now(), people=people)
    async with browser_for(app) as reader:
        first = await reader.get(f"/projects/{project.id}/poster.pdf")
        again = await reader.get(f"/projects/{project.id}/poster.pdf")
    assert first.headers["content-type"] == "application/pdf"
    assert first.content.startswith(b"%PDF")
    assert first.content == again.content
    assert len(app.state.posters._kept) == 1


async def test_what_is_written_in_a_plan_stays_text(
    reader: httpx2.AsyncClient, people: pm.ProjectPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    bad = '"><script>alert(1)</script>'
    project = await pm.make_open_project(
        sealer=sealer, now=clock.now(), people=people, name=f"冬{bad}", purpose=f"送{bad}", choosing=f"看{bad}"
    )
    for path in ("/projects", f"/projects/{project.id}"):
        assert "<script>alert" not in (await reader.get(path)).text
