"""The yearly statement: the same sums on the page, on paper and in the workbook, and no cell that could be a formula."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import httpx2
import pytest

import makers
from cishan.charities.queries import Site
from cishan.clock import SteppedClock
from cishan.receipts.queries import MoneyGift, gifts_of_year
from cishan.receipts.statements import make_statement, workbook_of
from cishan.receipts.states import ReceiptState
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.spreadsheets import plain_cell
from papers import text_of
from receipts.gift_makers import Office, ask, issue, make_gift, make_office

NOW = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)
"""Half past midnight on New Year's Day in China."""
HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠SUM")


@pytest.fixture
async def office(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Office:
    return await make_office(sealer=sealer, now=clock.now())


def gift(**changes: object) -> MoneyGift:
    plain = MoneyGift(
        id=1,
        out_trade_no="C20250303aaaaaaaaaaaaaaaaaaaa",
        paid_at=datetime(2025, 3, 3, 1, 0, tzinfo=UTC),
        paid_fen=30_000,
        refunded_fen=0,
        left_fen=30_000,
        project="微心愿",
        wishes="想要一张书桌",
        claim_id=7,
        donation_id=None,
        state=ReceiptState.NOT_ASKED,
        due_at=None,
        refusal="",
        receipt=None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def parts_of(workbook: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}


async def test_sums_are_those_of_the_gifts(office: Office, clock: SteppedClock) -> None:
    now = clock.now()
    first = await make_gift(office, now=now, paid_fen=30_500)
    await make_gift(office, now=now, price_fen=1)
    await issue(office, await ask(office, first, now=now), now=now)
    gifts = await gifts_of_year(office.donor, 2025)
    made = make_statement(gifts, (), year=2025, name="王芳", site=office.site, now=now)
    assert (made.paid_fen, made.left_fen, made.unsettled_fen, made.receipted_fen) == (30_501, 30_001, 500, 30_000)
    assert made.left_words == "叁佰元零壹分"


async def test_a_year_begins_and_ends_in_china(office: Office, clock: SteppedClock) -> None:
    clock.move_to(NOW)
    await make_gift(office, now=NOW)
    assert len(await gifts_of_year(office.donor, 2026)) == 1
    assert await gifts_of_year(office.donor, 2025) == ()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_can_become_a_formula(office_site: Site, text: str) -> None:
    made = make_statement([gift(wishes=text)], (), year=2025, name=text, site=office_site, now=NOW)
    parts = parts_of(workbook_of(made))
    sheets = "".join(content for name, content in parts.items() if name.startswith("xl/worksheets/"))
    assert "<f>" not in sheets
    assert "<f " not in sheets
    strings = re.findall(r"<t[^>]*>([^<]*)</t>", parts["xl/sharedStrings.xml"])
    assert not [one for one in strings if one.startswith(HOSTILE_SIGNS)]
    assert text.strip() in "".join(strings)


HOSTILE_SIGNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@pytest.fixture
def office_site() -> Site:
    return Site(
        charity_id=1,
        name="德州市慈善总会",
        uscc="53371400MJE0000011",
        division_code=makers.CITY,
        legal_mode=makers.LegalMode.OWN_SITE,
        contact_phone="",
        report_phone="",
        address="",
        platform_url="",
        certificate_no="",
        fund_id=1,
        fund_name="微心愿",
        filing_number="",
        purpose="",
        bank_name="",
        bank_number="",
    )


def test_plain_text_stays_as_it_is() -> None:
    assert plain_cell("想要一张书桌") == "想要一张书桌"
    assert plain_cell("") == ""


def test_sums_are_numbers_in_the_workbook(office_site: Site) -> None:
    made = make_statement([gift(left_fen=20_005)], (), year=2025, name="王芳", site=office_site, now=NOW)
    sheet = parts_of(workbook_of(made))["xl/worksheets/sheet1.xml"]
    assert sheet.count("<v>200.05</v>") == 2


async def test_page_paper_and_workbook_are_the_donors_own(
    office: Office, client: httpx2.AsyncClient, clock: SteppedClock
) -> None:
    await make_gift(office, now=clock.now())
    donor = await makers.signed_in(client, office.donor, now=clock.now())
    page = await donor.get("/me/statements/2025")
    assert "叁佰元整" in page.text
    workbook = await donor.get("/me/statements/2025/xlsx")
    assert workbook.content[:2] == b"PK"
    assert workbook.headers["cache-control"] == "private, no-store"
    assert (await donor.get("/me/statements/1999")).status_code == 404


async def test_the_paper_carries_the_sums(office: Office, client: httpx2.AsyncClient, clock: SteppedClock) -> None:
    for _ in range(60):
        await make_gift(office, now=clock.now())
    donor = await makers.signed_in(client, office.donor, now=clock.now())
    answer = await donor.get("/me/statements/2025/pdf")
    assert answer.status_code == 200
    shown = text_of(answer.content, "-layout")
    assert "18,000 元" in shown
    assert "壹万捌仟元整" in shown
    assert shown.count("300.00") == 120
    assert f"共 {shown.count(chr(12))} 页" in shown
