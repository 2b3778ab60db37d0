"""Opening a list over HTTP: code or link, then something that does not stand on the sheet; five wrong ones lock it."""

import re
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Forbidden, NotFound
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.summaries.actions import freeze_list
from cishan.summaries.keys import IssuedKey, new_key
from cishan.summaries.opening import issue_key
from conftest import browser_for
from summaries.families import Family, make_family
from summaries.givers import give_benefit

FAILED = "没有打开"
NAMES = ("张秀英", "张小满")


@pytest.fixture
async def family(app: Starlette, transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Family:
    family = await make_family(transaction, sealer, clock, names=NAMES)
    await family.benefit(family.grandmother, "DIBAO", tuple(range(1, 13)), 60_700)
    await freeze_list(family.household_id, 2025, now=clock.now())
    return family


@pytest.fixture
async def key(family: Family) -> IssuedKey:
    return await issue_key(family.household_id, actor=family.people.coordinator, now=family.clock.now())


def form_key(page: httpx2.Response) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', page.text)
    assert found
    return found.group(1)


async def answer(browser: httpx2.AsyncClient, typed: str) -> httpx2.Response:
    """Fills in the second question and follows where it leads."""
    page = await browser.get("/list/check")
    sent = await browser.post("/list/check", data={"answer": typed, "form_key": form_key(page)})
    return await browser.get(sent.headers["location"]) if sent.status_code == 303 else sent


async def enter(browser: httpx2.AsyncClient, code: str) -> httpx2.Response:
    return await browser.post("/list", data={"code": code, "form_key": form_key(await browser.get("/list"))})


async def test_a_code_that_cannot_be_one_is_given_back_to_correct(client: httpx2.AsyncClient, key: IssuedKey) -> None:
    refused = await enter(client, "SWE4 QNTV 5QJ0 X0HR")
    assert refused.status_code == 400
    assert 'value="SWE4 QNTV 5QJ0 X0HR"' in refused.text
    assert "您填的都还在" in refused.text


async def test_the_sheets_code_and_an_id_number_open_the_list(
    client: httpx2.AsyncClient, family: Family, key: IssuedKey
) -> None:
    sent = await enter(client, key.grouped_code.lower().replace("0", "o"))
    assert sent.headers["location"] == "/list/check"
    page = await answer(client, await family.id_tail(family.grandmother))
    assert page.status_code == 200
    for words in (
        "2025 年幸福清单",
        "张秀英",
        "低保",
        "1 月到 12 月，12 个月",
        "每月 607 元",
        "7,284 元",
        "柒仟贰佰捌拾肆元整",
        "12345",
    ):
        assert words in page.text
    assert 'data-mode="elder"' in page.text


async def test_the_link_opens_it_without_a_token_in_any_later_address(
    client: httpx2.AsyncClient, family: Family, key: IssuedKey
) -> None:
    opened = await client.get(f"/list/{key.link_token}")
    assert opened.headers["location"] == "/list/check"
    assert opened.headers["referrer-policy"] == "no-referrer"
    page = await answer(client, await family.id_tail(family.grandmother))
    assert page.headers["cache-control"] == "no-store"
    assert page.url.path == "/list/open"
    assert key.link_token not in page.text


async def test_the_code_alone_shows_nothing(client: httpx2.AsyncClient, family: Family, key: IssuedKey) -> None:
    await enter(client, key.code)
    page = await client.get("/list/open")
    assert page.headers["location"] == "/list"
    check = await client.get("/list/check")
    assert not any(name in check.text for name in NAMES)


async def test_a_childs_id_number_does_not_open_it(client: httpx2.AsyncClient, family: Family, key: IssuedKey) -> None:
    await enter(client, key.code)
    assert FAILED in (await answer(client, await family.id_tail(family.granddaughter))).text


async def test_a_wrong_answer_and_an_unknown_code_look_the_same(
    app: Starlette, client: httpx2.AsyncClient, family: Family, key: IssuedKey
) -> None:
    async with browser_for(app) as stranger:
        await enter(client, key.code)
        await enter(stranger, new_key(0).code)
        pages = [without_keys(await answer(browser, "000000")) for browser in (client, stranger)]
    assert FAILED in pages[0]
    assert pages[0] == pages[1]


async def test_five_wrong_answers_lock_the_sheet_even_for_the_right_one(
    client: httpx2.AsyncClient, family: Family, key: IssuedKey
) -> None:
    await enter(client, key.code)
    for _ in range(5):
        assert FAILED in (await answer(client, "000000")).text
    assert FAILED in (await answer(client, await family.id_tail(family.grandmother))).text
    new = await issue_key(family.household_id, actor=family.people.coordinator, now=family.clock.now())
    await enter(client, new.code)
    assert "7,284 元" in (await answer(client, await family.id_tail(family.grandmother))).text


async def test_four_wrong_answers_do_not_lock_and_a_right_one_begins_anew(
    client: httpx2.AsyncClient, family: Family, key: IssuedKey
) -> None:
    tail = await family.id_tail(family.grandmother)
    for _ in range(2):
        await enter(client, key.code)
        for _ in range(4):
            assert FAILED in (await answer(client, "000000")).text
        assert "7,284 元" in (await answer(client, tail)).text


async def test_a_form_sent_twice_counts_one_wrong_answer(
    client: httpx2.AsyncClient, family: Family, key: IssuedKey
) -> None:
    await enter(client, key.code)
    form = {"answer": "000000", "form_key": form_key(await client.get("/list/check"))}
    for _ in range(6):
        await client.post("/list/check", data=form)
    assert (await rows("SELECT wrong_tries FROM list_key WHERE locked_at IS NULL"))[0]["wrong_tries"] == 1


async def test_a_new_sheet_closes_the_old_one_and_what_it_opened(
    client: httpx2.AsyncClient, family: Family, key: IssuedKey
) -> None:
    await enter(client, key.code)
    tail = await family.id_tail(family.grandmother)
    await answer(client, tail)
    await issue_key(family.household_id, actor=family.people.coordinator, now=family.clock.now())
    assert (await client.get("/list/open")).headers["location"] == "/list"
    await enter(client, key.code)
    assert FAILED in (await answer(client, tail)).text


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (30, 303), (31, 303)])
async def test_an_opened_list_stays_open_for_half_an_hour(
    client: httpx2.AsyncClient, family: Family, key: IssuedKey, minutes: int, status: int
) -> None:
    await enter(client, key.code)
    await answer(client, await family.id_tail(family.grandmother))
    family.clock.advance(timedelta(minutes=minutes))
    assert (await client.get("/list/open")).status_code == status


async def test_closing_the_list_leaves_nothing_on_the_phone(
    client: httpx2.AsyncClient, family: Family, key: IssuedKey
) -> None:
    await enter(client, key.code)
    await answer(client, await family.id_tail(family.grandmother))
    await client.post("/list/close", data={"form_key": "k" * 20})
    assert (await client.get("/list/open")).headers["location"] == "/list"


async def test_a_code_by_sms_opens_the_list(client: httpx2.AsyncClient, family: Family, key: IssuedKey) -> None:
    await enter(client, key.code)
    await client.post("/list/send-code", data={"form_key": form_key(await client.get("/list/check"))})
    code = await makers.newest_code(await family.phone(), family.sealer)
    assert "7,284 元" in (await answer(client, code)).text


@pytest.mark.parametrize(("minutes", "opens"), [(9, True), (10, False), (11, False)])
async def test_a_code_by_sms_lives_ten_minutes(
    client: httpx2.AsyncClient, family: Family, key: IssuedKey, minutes: int, opens: bool
) -> None:
    await enter(client, key.code)
    await client.post("/list/send-code", data={"form_key": form_key(await client.get("/list/check"))})
    code = await makers.newest_code(await family.phone(), family.sealer)
    family.clock.advance(timedelta(minutes=minutes))
    assert ("7,284 元" in (await answer(client, code)).text) is opens


async def test_codes_are_sent_once_a_minute_and_ten_times_at_most(
    client: httpx2.AsyncClient, family: Family, key: IssuedKey
) -> None:
    await enter(client, key.code)
    for _ in range(15):
        for _ in range(2):
            await client.post("/list/send-code", data={"form_key": form_key(await client.get("/list/check"))})
        family.clock.advance(timedelta(minutes=1))
    sent = await rows("SELECT count(*) AS messages FROM outbox_message WHERE key LIKE 'list-code-%'")
    assert sent[0]["messages"] == 10


async def test_an_unknown_code_hears_the_same_about_the_sms(
    app: Starlette, client: httpx2.AsyncClient, family: Family, key: IssuedKey
) -> None:
    async with browser_for(app) as stranger:
        await enter(client, key.code)
        await enter(stranger, new_key(0).code)
        pages = []
        for browser in (client, stranger):
            await browser.post("/list/send-code", data={"form_key": form_key(await browser.get("/list/check"))})
            pages.append(without_keys(await browser.get("/list/check")))
    assert "验证码已经发过去了" in pages[0]
    assert pages[0] == pages[1]


async def test_a_changed_pass_is_no_pass(client: httpx2.AsyncClient, family: Family, key: IssuedKey) -> None:
    await enter(client, key.code)
    await answer(client, await family.id_tail(family.grandmother))
    good = client.cookies["cishan_list"]
    changed = good[:-6] + ("AAAAAA" if good[-6:] != "AAAAAA" else "BBBBBB")
    client.cookies.clear()
    client.cookies.set("cishan_list", changed)
    assert (await client.get("/list/open")).headers["location"] == "/list"


async def test_what_cannot_be_a_code_is_said_at_once(client: httpx2.AsyncClient, family: Family) -> None:
    page = await enter(client, "ABC")
    assert page.status_code == 400
    assert "26 个字母和数字" in page.text


async def test_too_many_tries_from_one_address_have_to_wait(client: httpx2.AsyncClient, family: Family) -> None:
    for _ in range(120):
        assert (await client.get(f"/list/{new_key(0).link_token}")).status_code == 303
    assert (await client.get(f"/list/{new_key(0).link_token}")).status_code == 429


async def test_staff_issue_keys_for_their_own_place_only(family: Family) -> None:
    now = family.clock.now()
    elsewhere = await makers.make_wish_people(sealer=family.sealer, now=now, village=makers.OTHER_VILLAGE)
    for stranger in (elsewhere.coordinator, elsewhere.reviewer):
        with pytest.raises(NotFound):
            await issue_key(family.household_id, actor=stranger, now=now)
    with pytest.raises(Forbidden):
        await issue_key(family.household_id, actor=family.people.editor, now=now)


async def test_the_table_keeps_neither_code_nor_link(family: Family, key: IssuedKey) -> None:
    stored = str(await rows("SELECT * FROM list_key"))
    assert key.code not in stored
    assert key.link_token not in stored
    assert key.code not in repr(key)


async def test_another_year_is_chosen_by_its_address(
    client: httpx2.AsyncClient, family: Family, key: IssuedKey
) -> None:
    await give_benefit(
        family.grandmother,
        "GAOLING",
        (12,),
        10_000,
        settings=family.settings,
        sealer=family.sealer,
        now=family.clock.now(),
        year=2024,
    )
    await freeze_list(family.household_id, 2024, now=family.clock.now())
    await enter(client, key.code)
    newest = await answer(client, await family.id_tail(family.grandmother))
    assert "低保" in newest.text
    older = await client.get("/list/open?year=2024")
    assert "高龄津贴" in older.text
    assert "7,284 元" not in older.text


def without_keys(page: httpx2.Response) -> str:
    """The page without its one-time form keys, which differ on every page."""
    return re.sub(r'name="form_key" value="[^"]+"', "", page.text)
