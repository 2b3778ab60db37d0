"""A family says that something is wrong; the town answers within five working days, on the list itself."""

import re
from datetime import UTC, datetime

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, NotFound
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.summaries.actions import freeze_list
from cishan.summaries.doubts import close_doubt, raise_doubt
from cishan.summaries.opening import issue_key
from cishan.summaries.states import DOUBT
from cishan.supervision.models import ConcernKind
from conftest import browser_for
from summaries.families import Family, make_family

WORDS = "7 月的钱没有到账"


@pytest.fixture
async def family(app: Starlette, transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Family:
    family = await make_family(transaction, sealer, clock)
    await family.benefit(family.grandmother, "DIBAO", tuple(range(1, 13)), 60_700)
    await freeze_list(family.household_id, 2025, now=clock.now())
    return family


def form_key(page: httpx2.Response) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', page.text)
    assert found
    return found.group(1)


async def open_it(browser: httpx2.AsyncClient, family: Family) -> httpx2.Response:
    key = await issue_key(family.household_id, actor=family.people.coordinator, now=family.clock.now())
    await browser.get(f"/list/{key.link_token}")
    form = {"answer": await family.id_tail(family.grandmother), "form_key": "o" * 20}
    await browser.post("/list/check", data=form)
    return await browser.get("/list/open")


async def edition_id() -> int:
    return int((await rows("SELECT id FROM edition ORDER BY id DESC LIMIT 1"))[0]["id"])


async def doubt_once(family: Family) -> int:
    return await raise_doubt(
        family.household_id,
        await edition_id(),
        1,
        WORDS,
        contact="",
        sealer=family.sealer,
        now=family.clock.now(),
    )


async def test_a_doubt_goes_from_the_line_to_the_town_and_its_answer_back(
    app: Starlette, client: httpx2.AsyncClient, family: Family
) -> None:
    page = await open_it(client, family)
    link = re.search(r'href="(/list/doubt\?edition=\d+&amp;line=1)"', page.text)
    assert link
    form_page = await client.get(link.group(1).replace("&amp;", "&"))
    assert "低保 1 月到 12 月" in form_page.text
    form = {"edition": str(await edition_id()), "line": "1", "text": WORDS, "contact": "13900001234"}
    sent = await client.post("/list/doubt", data={**form, "form_key": form_key(form_page)})
    assert sent.headers["location"] == "/list/open?year=2025"
    assert WORDS in (await client.get("/list/open")).text

    async with browser_for(app) as desk:
        await makers.signed_in(desk, family.people.reviewer, now=family.clock.now())
        page = await desk.get("/desk/doubts")
        for words in (WORDS, "低保 1 月到 12 月", "13900001234"):
            assert words in page.text
        assert "张秀英" not in page.text
        action = re.search(r'action="(/desk/doubts/\d+)"', page.text)
        assert action
        answer = {"answer": "银行退票，8 月补发。", "form_key": "a" * 20}
        assert (await desk.post(action.group(1), data=answer)).status_code == 303
    assert "银行退票，8 月补发。" in (await client.get("/list/open")).text


def test_a_doubt_is_the_kind_of_concern_that_supervision_counts() -> None:
    assert ConcernKind(DOUBT) is ConcernKind.LIST_DOUBT


async def test_what_was_said_is_sealed_and_every_step_is_an_event(family: Family) -> None:
    concern_id = await doubt_once(family)
    await close_doubt(concern_id, "已核对", actor=family.people.reviewer, now=family.clock.now())
    assert WORDS not in str(await rows("SELECT * FROM concern"))
    events = await rows("SELECT verb FROM event WHERE subject_kind = 'edition' ORDER BY number")
    assert [event["verb"] for event in events] == ["freeze", "doubt", "answer_doubt"]


@pytest.mark.parametrize(
    ("raised", "due"),
    [
        (datetime(2025, 3, 3, 1, 0, tzinfo=UTC), datetime(2025, 3, 10, 16, 0, tzinfo=UTC)),
        (datetime(2025, 3, 8, 1, 0, tzinfo=UTC), datetime(2025, 3, 14, 16, 0, tzinfo=UTC)),
        (datetime(2025, 9, 30, 1, 0, tzinfo=UTC), datetime(2025, 10, 14, 16, 0, tzinfo=UTC)),
    ],
    ids=["weekend between", "raised on a Saturday", "national day"],
)
async def test_the_answer_is_due_in_five_working_days(
    transaction: Settings, sealer: Sealer, clock: SteppedClock, raised: datetime, due: datetime
) -> None:
    family = await make_family(transaction, sealer, clock, at=raised)
    await family.benefit(family.grandmother, "DIBAO", (1,), 60_700)
    await freeze_list(family.household_id, 2025, now=clock.now())
    await doubt_once(family)
    assert (await rows("SELECT due_at FROM concern"))[0]["due_at"] == due


async def test_only_the_towns_reviewer_closes_a_doubt_and_only_once(family: Family) -> None:
    now = family.clock.now()
    concern_id = await doubt_once(family)
    elsewhere = await makers.make_wish_people(sealer=family.sealer, now=now, village=makers.OTHER_VILLAGE)
    with pytest.raises(NotFound):
        await close_doubt(concern_id, "好", actor=elsewhere.reviewer, now=now)
    with pytest.raises(Forbidden):
        await close_doubt(concern_id, "好", actor=family.people.coordinator, now=now)
    await close_doubt(concern_id, "已核对", actor=family.people.reviewer, now=now)
    with pytest.raises(Conflict):
        await close_doubt(concern_id, "已核对", actor=family.people.reviewer, now=now)


async def test_nobody_doubts_another_familys_list(client: httpx2.AsyncClient, family: Family) -> None:
    await open_it(client, family)
    now = family.clock.now()
    other = await makers.make_household(family.people.coordinator, sealer=family.sealer, now=now)
    person = (await rows("SELECT person_id FROM membership WHERE household_id = $1 LIMIT 1", other))[0]["person_id"]
    await family.benefit(person, "DIBAO", (1,), 100)
    theirs = await freeze_list(other, 2025, now=now)
    assert (await client.get(f"/list/doubt?edition={theirs}&line=1")).status_code == 404
    form = {"edition": str(theirs), "line": "1", "text": WORDS, "form_key": "d" * 20}
    assert (await client.post("/list/doubt", data=form)).status_code == 404
    assert await rows("SELECT id FROM concern") == []


async def test_an_empty_doubt_comes_back_with_what_was_typed(client: httpx2.AsyncClient, family: Family) -> None:
    await open_it(client, family)
    form = {
        "edition": str(await edition_id()),
        "line": "0",
        "text": " ",
        "contact": "13900001234",
        "form_key": "d" * 20,
    }
    page = await client.post("/list/doubt", data=form)
    assert page.status_code == 400
    assert "13900001234" in page.text
    assert "整张清单" in page.text


@pytest.mark.parametrize(("length", "status"), [(299, 303), (300, 303), (301, 400)])
async def test_a_doubt_has_at_most_300_characters(
    client: httpx2.AsyncClient, family: Family, length: int, status: int
) -> None:
    await open_it(client, family)
    form = {"edition": str(await edition_id()), "line": "0", "text": "字" * length, "form_key": "d" * 20}
    assert (await client.post("/list/doubt", data=form)).status_code == status


async def test_an_answer_must_say_something(client: httpx2.AsyncClient, family: Family) -> None:
    concern_id = await doubt_once(family)
    await makers.signed_in(client, family.people.reviewer, now=family.clock.now())
    page = await client.post(f"/desk/doubts/{concern_id}", data={"answer": " ", "form_key": "a" * 20})
    assert page.status_code == 400


async def test_twenty_doubts_may_wait_at_once(family: Family) -> None:
    for _ in range(20):
        await doubt_once(family)
    with pytest.raises(Conflict):
        await doubt_once(family)
