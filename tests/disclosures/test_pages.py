"""The pages of disclosure as people reach them: the calendar, a report, its files, and the funds' books."""

import io
import secrets
from datetime import timedelta
from zipfile import ZipFile

import httpx2
import pytest
from pypdf import PdfReader
from starlette.applications import Starlette

import makers
from cishan.accounts.states import Role
from cishan.charities.queries import Site
from cishan.charities.states import LegalMode
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.disclosures.duties import plan_duties
from cishan.disclosures.months import count_months
from cishan.ledger.actions import Source, book_gift, book_purchase
from cishan.sealing import Sealer
from conftest import browser_for
from payments.order_makers import make_site
from projects.project_makers import make_open_project

WORDS = "这一期给三十户困难家庭送去了棉被和煤。\n钱用在采购和运输上，每一户都有签收。"


@pytest.fixture
async def site(app: Starlette, sealer: Sealer, clock: SteppedClock) -> Site:
    now = clock.now()
    site = await make_site(now)
    project = await make_open_project(sealer=sealer, now=now)
    await book_gift(project.fund_id, 500_000, Source("order_line", 1), paid_at=now, now=now)  # type: ignore[attr-defined]
    clock.advance(timedelta(days=40))
    await book_purchase(project.fund_id, makers.TOWN, 120_000, Source("purchase", 1), now=clock.now())  # type: ignore[attr-defined]
    clock.advance(timedelta(days=60))
    await plan_duties(now=clock.now())
    await count_months(now=clock.now())
    return site


def new_key() -> str:
    return secrets.token_urlsafe(24)


async def desk(app: Starlette, role: Role, sealer: Sealer, clock: SteppedClock) -> httpx2.AsyncClient:
    browser = browser_for(app)
    viewer = await makers.make_staff(role, makers.CITY, sealer=sealer, now=clock.now())
    await makers.signed_in(browser, viewer, now=clock.now())
    return browser


async def first_duty() -> int:
    found = await rows("SELECT id FROM disclosure_duty WHERE kind = 'campaign_progress' ORDER BY due_on LIMIT 1")
    duty_id: int = found[0]["id"]
    return duty_id


async def publish_one(app: Starlette, sealer: Sealer, clock: SteppedClock, words: str = WORDS) -> int:
    """Finance drafts, an editor reads and publishes, both through the pages."""
    duty_id = await first_duty()
    async with await desk(app, Role.FINANCE, sealer, clock) as finance:
        sent = await finance.post(f"/desk/disclosures/{duty_id}/draft", data={"body": words, "form_key": new_key()})
        assert sent.status_code == 303
    async with await desk(app, Role.EDITOR, sealer, clock) as editor:
        page = await editor.get(f"/desk/disclosures/{duty_id}")
        written_at = page.text.partition('name="written_at" value="')[2].partition('"')[0]
        sent = await editor.post(
            f"/desk/disclosures/{duty_id}/publish",
            data={"written_at": written_at, "form_key": new_key()},
        )
        assert sent.status_code == 303
    found: int = (await rows("SELECT max(id) AS id FROM disclosure"))[0]["id"]
    return found


async def test_a_report_goes_from_the_calendar_to_everybody(
    app: Starlette, client: httpx2.AsyncClient, site: Site, sealer: Sealer, clock: SteppedClock
) -> None:
    async with await desk(app, Role.EDITOR, sealer, clock) as editor:
        assert "超期没有公开" in (await editor.get("/desk/disclosures")).text
    report_id = await publish_one(app, sealer, clock)
    duty_id = (await rows("SELECT duty_id FROM disclosure WHERE id = $1", report_id))[0]["duty_id"]
    async with await desk(app, Role.EDITOR, sealer, clock) as editor:
        calendar = (await editor.get("/desk/disclosures")).text
    assert "最近公开的" in calendar
    assert f"/desk/disclosures/{duty_id}" in calendar
    listed = (await client.get("/disclosures?q=寒冬")).text
    assert "寒冬送暖" in listed
    page = (await client.get(f"/disclosures/{report_id}")).text
    assert "每一户都有签收" in page
    assert "5,000 元" in page
    assert "1,200 元" in page


async def test_a_draft_that_says_too_little_comes_back_with_what_was_typed(
    app: Starlette, site: Site, sealer: Sealer, clock: SteppedClock
) -> None:
    duty_id = await first_duty()
    async with await desk(app, Role.FINANCE, sealer, clock) as finance:
        data = {"body": "很好。", "form_key": new_key()}
        sent = await finance.post(f"/desk/disclosures/{duty_id}/draft", data=data)
    assert sent.status_code == 400
    assert "很好。" in sent.text
    assert "说清楚" in sent.text


async def test_the_files_of_a_report_say_what_its_page_says(
    app: Starlette, client: httpx2.AsyncClient, site: Site, sealer: Sealer, clock: SteppedClock
) -> None:
    report_id = await publish_one(app, sealer, clock)
    pdf = await client.get(f"/disclosures/{report_id}/pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
    assert "每一户都有签收" in text
    assert "1,200 元" in text
    book = ZipFile(io.BytesIO((await client.get(f"/disclosures/{report_id}/xlsx")).content))
    assert "<v>1200" in book.read("xl/worksheets/sheet1.xml").decode()


async def test_the_funds_books_are_open_to_everybody_and_name_nobody(
    app: Starlette, client: httpx2.AsyncClient, site: Site, sealer: Sealer, clock: SteppedClock
) -> None:
    page = (await client.get("/transparency")).text
    assert "寒冬送暖" in page
    assert "5,000 元" in page
    fund_id = (await rows("SELECT id FROM fund WHERE name = '寒冬送暖'"))[0]["id"]
    assert "1,200 元" in (await client.get(f"/transparency/{fund_id}")).text
    csv = (await client.get("/transparency/csv")).content.decode("utf-8-sig")
    assert "寒冬送暖,5000.00,0.00,1200.00" in csv
    assert (await client.get(f"/transparency/{fund_id}/xlsx")).content[:2] == b"PK"
    assert "没有找到项目" in (await client.get("/transparency?q=没有")).text


async def test_in_private_mode_the_books_are_for_members(
    app: Starlette, client: httpx2.AsyncClient, site: Site
) -> None:
    await rows("UPDATE charity SET legal_mode = $1", LegalMode.PRIVATE.value)
    app.state.site = None
    assert (await client.get("/transparency")).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "kind=none", "project=abc", "project=99999999999999999999", "year=1"]
)
async def test_an_address_that_makes_no_sense_shows_what_there_is(
    client: httpx2.AsyncClient, site: Site, query: str
) -> None:
    assert (await client.get(f"/disclosures?{query}")).status_code == 200
    assert (await client.get(f"/transparency?{query}")).status_code == 200
