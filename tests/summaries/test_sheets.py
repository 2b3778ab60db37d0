"""The sheet of paper and the desk that prints it: rows, rare names, code, sides, rights; and no name where none belongs."""

import logging
import re
from datetime import UTC, date, datetime
from pathlib import Path

import httpx2
import justmytype_intl_cjk
import pytest
from fontTools.subset import Subsetter
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from starlette.applications import Starlette

import makers
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.summaries.editions import EditionView, Office
from cishan.summaries.keys import new_key, typed_code
from cishan.summaries.printing import Printed, PrintingFailed, print_sheets
from cishan.summaries.queries import key_of_code
from cishan.summaries.rules import benefit_line, digest_of, in_order, total_fen, wish_line
from cishan.summaries.sheets import Sheet, asks_of, make_sheet
from papers import read_qr, text_of
from summaries.families import Family, make_family

NOTO = Path(justmytype_intl_cjk.__file__).parent / "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"
NOW = datetime(2025, 12, 24, tzinfo=UTC)
RARE = "𠅤𬭁𪚥"
NOWHERE = "\U0002ebf0"
"""U+2EBF0, of Unicode extension I, made for personal names; no common font has it."""


def edition(count: int = 5) -> EditionView:
    lines = [benefit_line(1, "dibao", "最低生活保障", [(month, 60_700) for month in range(1, 13)])]
    lines += [benefit_line(2, f"p{number:02d}", "临时救助", [(number % 12 + 1, 50_000)]) for number in range(count - 2)]
    lines.append(wish_line(9, None, "修水管", spent_fen=0, hours=3, on=date(2025, 6, 1)))
    ordered = in_order(lines)
    return EditionView(1, 1, makers.VILLAGE, 2025, 1, ordered, total_fen(ordered), digest_of(1, 2025, ordered), NOW)


def sheet(count: int = 5, *, head: str = "张秀英") -> Sheet:
    shown = edition(count)
    offices = [
        Office("最低生活保障", "德城区民政局", "0534-2660001"),
        Office("临时救助", "德城区救助站", "0534-2660002"),
    ]
    return make_sheet(
        shown,
        key=new_key(1),
        site_url="https://cishan.example.cn",
        head=head,
        village="德城区新湖街道前屯村",
        members=[1, 2],
        names={1: head, 2: "张小满"},
        asks=asks_of(
            shown.lines,
            offices,
            village="前屯村",
            town="新湖街道",
            charity="德州市慈善总会",
            charity_phone="0534-12345",
        ),
        now=NOW,
    )


async def printed(*sheets: Sheet, tagged: bool = True, fonts: Path = Path("/nonexistent")) -> Printed:
    return await print_sheets(sheets, title="2025 年幸福清单", tagged=tagged, fonts_directory=fonts, now=NOW)


def pages_of(pdf: bytes) -> int:
    return text_of(pdf).count("\f")


async def test_the_sheet_carries_every_row_and_both_totals() -> None:
    paper = sheet()
    text = text_of((await printed(paper)).pdf, "-layout")
    for row in (*paper.front, *paper.back):
        when = re.escape(row.when).replace(r"\ ", r"\s*")
        assert re.search(rf"{row.who}\s+{row.what}\s+{when}\s+{row.amount}", text)
    for words in (
        "2025 年幸福清单",
        paper.total,
        paper.total_words,
        "12345 热线",
        "0534-2660001",
        paper.edition.split()[-1],
    ):
        assert words in text
    code = re.search(r"(?:[0-9A-Z]{4} ){6}[0-9A-Z]{2}", text)
    assert code
    assert typed_code(code.group()) == typed_code(paper.code)


@pytest.mark.parametrize(("count", "pages"), [(13, 1), (14, 1), (15, 2)])
async def test_fourteen_rows_fit_one_page_and_the_fifteenth_turns_it(count: int, pages: int) -> None:
    assert pages_of((await printed(sheet(count))).pdf) == pages


async def test_rare_names_are_printed_as_they_are() -> None:
    answer = await printed(sheet(head=RARE))
    missing = set(answer.missing[0])
    assert "U+20164" not in missing
    if not missing:
        assert RARE in text_of(answer.pdf)


async def test_a_character_no_font_has_is_spelled_out_and_reported() -> None:
    answer = await printed(sheet(head=f"王{NOWHERE}"), sheet())
    assert answer.missing == (("U+2EBF0",), ())
    assert "王〔U+2EBF0〕" in text_of(answer.pdf)


async def test_a_font_that_a_city_adds_is_used(tmp_path: Path) -> None:
    add_font(tmp_path, NOWHERE)
    answer = await printed(sheet(head=f"王{NOWHERE}"), fonts=tmp_path)
    assert answer.missing == ((),)
    assert NOWHERE in text_of(answer.pdf)


async def test_the_qr_code_is_the_link(tmp_path: Path) -> None:
    paper = sheet()
    assert read_qr((await printed(paper)).pdf, tmp_path) == paper.link


async def test_what_stands_on_a_sheet_is_never_read_as_commands() -> None:
    hostile = sheet(head='#read("/etc/passwd") *$"\\')
    answer = await printed(hostile)
    assert answer.pdf.startswith(b"%PDF")
    assert '#read("/etc/passwd") *$"\\' in text_of(answer.pdf)


async def test_the_single_sheet_is_tagged_and_the_batch_is_not() -> None:
    single, batch = await printed(sheet()), await printed(sheet(), sheet(), tagged=False)
    assert b"/StructTreeRoot" in single.pdf
    assert b"/StructTreeRoot" not in batch.pdf


async def test_in_a_batch_with_a_back_side_every_family_begins_on_a_new_leaf() -> None:
    plain = await printed(sheet(), sheet(), tagged=False)
    both_sides = await printed(sheet(), sheet(20), sheet(), tagged=False)
    assert (pages_of(plain.pdf), pages_of(both_sides.pdf)) == (2, 5)


async def test_an_order_the_child_cannot_set_fails_with_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    broken = sheet(head="张秀英")
    object.__setattr__(broken, "qr_svg", "<svg")
    with pytest.raises(PrintingFailed), caplog.at_level(logging.ERROR):
        await printed(broken)
    assert "print_child.py" in caplog.text
    assert "张秀英" not in caplog.text


# The desk, over HTTP.


@pytest.fixture
async def family(app: Starlette, transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Family:
    family = await make_family(transaction, sealer, clock)
    await family.benefit(family.grandmother, "DIBAO", tuple(range(1, 13)), 60_700)
    return family


def form_key(page: httpx2.Response) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', page.text)
    assert found
    return found.group(1)


async def press_print(browser: httpx2.AsyncClient, household_id: int, key: str) -> httpx2.Response:
    form = {"year": "2025", "place": "", "form_key": key}
    return await browser.post(f"/desk/lists/{household_id}/print", data=form)


async def test_the_coordinator_prints_a_sheet_whose_code_opens_the_list(
    client: httpx2.AsyncClient, family: Family
) -> None:
    await makers.signed_in(client, family.people.coordinator, now=family.clock.now())
    page = await client.get("/desk/lists")
    assert "张秀英" in page.text
    answer = await press_print(client, family.household_id, form_key(page))
    assert answer.headers["content-type"] == "application/pdf"
    assert "张" not in answer.headers["content-disposition"]
    text = text_of(answer.content)
    assert "张秀英" in text
    code = re.search(r"(?:[0-9A-Z]{4} ){6}[0-9A-Z]{2}", text)
    assert code
    assert await key_of_code(typed_code(code.group()) or "") > 0


async def test_printing_is_noted_with_who_did_it(client: httpx2.AsyncClient, family: Family) -> None:
    await makers.signed_in(client, family.people.coordinator, now=family.clock.now())
    await press_print(client, family.household_id, "k" * 20)
    events = await rows("SELECT verb, actor_id FROM event WHERE subject_kind = 'edition' ORDER BY number")
    assert [(event["verb"], event["actor_id"]) for event in events] == [
        ("freeze", family.people.coordinator.account_id),
        ("print", family.people.coordinator.account_id),
    ]


async def test_a_print_form_sent_twice_issues_one_key(client: httpx2.AsyncClient, family: Family) -> None:
    await makers.signed_in(client, family.people.coordinator, now=family.clock.now())
    first = await press_print(client, family.household_id, "k" * 20)
    again = await press_print(client, family.household_id, "k" * 20)
    assert (first.status_code, again.status_code) == (200, 303)
    assert (await rows("SELECT count(*) AS keys FROM list_key"))[0]["keys"] == 1


async def test_a_family_that_received_nothing_gets_no_sheet_and_no_key(
    client: httpx2.AsyncClient, family: Family
) -> None:
    now = family.clock.now()
    empty = await makers.make_household(family.people.coordinator, sealer=family.sealer, now=now)
    await makers.signed_in(client, family.people.coordinator, now=now)
    assert (await press_print(client, empty, "k" * 20)).status_code == 409
    assert await rows("SELECT id FROM list_key") == []


async def test_another_villages_coordinator_finds_no_such_family(client: httpx2.AsyncClient, family: Family) -> None:
    now = family.clock.now()
    stranger = await makers.make_wish_people(sealer=family.sealer, now=now, village=makers.OTHER_VILLAGE)
    await makers.signed_in(client, stranger.coordinator, now=now)
    assert (await press_print(client, family.household_id, "k" * 20)).status_code == 404
    assert "张秀英" not in (await client.get(f"/desk/lists?place={makers.VILLAGE}")).text


async def test_the_reviewer_sees_masked_names(client: httpx2.AsyncClient, family: Family) -> None:
    await makers.signed_in(client, family.people.reviewer, now=family.clock.now())
    page = await client.get("/desk/lists")
    assert "张*" in page.text
    assert "张秀英" not in page.text


async def test_a_village_is_frozen_and_printed_in_one_file(client: httpx2.AsyncClient, family: Family) -> None:
    now = family.clock.now()
    await makers.make_household(family.people.coordinator, sealer=family.sealer, now=now, names=("李没有", "李也没"))
    await makers.signed_in(client, family.people.reviewer, now=now)
    form = {"year": "2025", "place": makers.VILLAGE}
    frozen = await client.post("/desk/lists/freeze", data={**form, "form_key": "a" * 20})
    assert frozen.status_code == 303
    answer = await client.post("/desk/lists/print", data={**form, "form_key": "b" * 20})
    text = text_of(answer.content)
    assert pages_of(answer.content) == 1
    assert "张秀英" in text
    assert "李没有" not in text


async def test_a_printed_gap_is_shown_on_the_desk(client: httpx2.AsyncClient, family: Family) -> None:
    now = family.clock.now()
    rare = await makers.make_household(
        family.people.coordinator, sealer=family.sealer, now=now, names=(f"王{NOWHERE}", "王小满")
    )
    person = (await rows("SELECT person_id FROM membership WHERE household_id = $1 ORDER BY id", rare))[0]["person_id"]
    await family.benefit(person, "DIBAO", (1,), 60_700)
    await makers.signed_in(client, family.people.coordinator, now=now)
    await press_print(client, rare, "k" * 20)
    assert "缺字 U+2EBF0" in (await client.get("/desk/lists")).text


async def test_no_name_stands_in_an_address_a_header_or_a_log(
    client: httpx2.AsyncClient, family: Family, caplog: pytest.LogCaptureFixture
) -> None:
    addresses: list[str] = []
    with caplog.at_level(logging.DEBUG):
        await makers.signed_in(client, family.people.coordinator, now=family.clock.now())
        for path in ("/desk/lists", "/list", "/list/check"):
            page = await client.get(path)
            addresses += [str(page.url), *re.findall(r'(?:href|action)="([^"]+)"', page.text), str(page.headers)]
        answer = await press_print(client, family.household_id, "k" * 20)
        addresses += [str(answer.url), str(answer.headers)]
    assert not any("张" in text or "%E5%BC%A0" in text for text in addresses)
    assert "秀英" not in caplog.text


def add_font(directory: Path, character: str) -> None:
    """A font with one character, which looks like 王 and is not in any other font."""
    font = TTFont(NOTO, lazy=True)
    subsetter = Subsetter()
    subsetter.populate(text="王")
    subsetter.subset(font)
    shape = font.getBestCmap()[ord("王")]
    table = newTable("cmap")
    table.tableVersion, table.tables = 0, [wide_cmap({ord(character): shape})]
    font["cmap"] = table
    for name in font["name"].names:
        name.string = str(name).replace("Noto Sans SC", "City Names")
    font.save(directory / "city-names.ttf")


def wide_cmap(characters: dict[int, str]) -> CmapSubtable:
    table = CmapSubtable.newSubtable(12)
    table.platformID, table.platEncID, table.language, table.cmap = 3, 10, 0, characters
    table.format, table.reserved, table.length, table.nGroups = 12, 0, 0, 0
    return table
