"""A wish from the coordinator's phone to the wall, over HTTP and without script; and what the pages refuse."""

import re
from dataclasses import dataclass

import httpx2
import pytest
from starlette.applications import Starlette

import picture_corpus
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.households.states import ConsentPurpose
from cishan.sealing import Sealer
from cishan.wishes.actions import WishDraft, draft_wish
from cishan.wishes.models import Wish
from cishan.wishes.states import WishKind, WishStatus
from cishan.wishes.work import MOST_SHOWN
from conftest import browser_for
from makers import (
    COUNTY,
    OTHER_VILLAGE,
    WishPeople,
    make_campaign,
    make_household,
    make_staff,
    make_wish,
    make_wish_people,
    signed_in,
)

KEY = re.compile(r'name="form_key" value="([^"]+)"')


@dataclass
class Desk:
    """One person at their browser."""

    browser: httpx2.AsyncClient

    async def post(
        self, page: str, action: str, /, files: dict[str, object] | None = None, **data: object
    ) -> httpx2.Response:
        """Opens a page and sends its form."""
        shown = await self.browser.get(page)
        assert shown.status_code == 200, (page, shown.status_code)
        key = KEY.findall(shown.text)[0] + action[-3:].replace("/", "x")
        return await self.browser.post(action, data={"form_key": key, **data}, files=files)

    async def text(self, page: str) -> str:
        shown = await self.browser.get(page)
        assert shown.status_code == 200, (page, shown.status_code)
        return shown.text


@pytest.fixture
async def people(app: Starlette, sealer: Sealer, clock: SteppedClock) -> WishPeople:
    await make_campaign(now=clock.now())
    return await make_wish_people(sealer=sealer, now=clock.now())


async def desk_of(app: Starlette, person: Viewer, clock: SteppedClock) -> Desk:
    return Desk(await signed_in(browser_for(app), person, now=clock.now()))


async def test_a_wish_goes_from_a_village_to_the_wall(
    app: Starlette, client: httpx2.AsyncClient, people: WishPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    household = await make_household(people.coordinator, sealer=sealer, now=clock.now())
    field, reviewer = await desk_of(app, people.coordinator, clock), await desk_of(app, people.reviewer, clock)
    second, editor = await desk_of(app, people.second_visitor, clock), await desk_of(app, people.editor, clock)

    new = f"/field/households/{household}/wishes/new"
    assert "书包" in await field.text(new)
    answer = await field.post(new, new, kind="thing", item="学习桌椅")
    who = answer.headers["location"]
    assert "学习桌椅" in await field.text("/field"), "a half-filed wish waits on the first page"
    wish_id = int(who.split("/")[3])
    price = (await field.post(who, who, audience="child", note="孩子写字没有桌子", school="前屯小学")).headers[
        "location"
    ]
    assert "一般 180 到 400 元" in await field.text(price)
    picture = {"picture": ("a.jpg", picture_corpus.jpeg(gps=True), "image/jpeg")}
    check = (await field.post(price, price, files=picture, price="300")).headers["location"]
    text = await field.text(check)
    assert "学习桌椅" in text
    assert "公开照片" in text
    refused = await field.post(check, f"/field/wishes/{wish_id}/file")
    assert refused.status_code == 400
    filed = await field.post(
        check, f"/field/wishes/{wish_id}/file", purposes="publish_picture", method="paper", signed_by="张秀英"
    )
    assert filed.status_code == 303

    review = f"/desk/reviews/{wish_id}"
    assert "涉及孩子、有照片" in await reviewer.text("/desk/reviews")
    visit = await reviewer.post(
        review,
        f"{review}/visit",
        visited_on="2025-03-03",
        second_visitor=people.second_visitor.account_id,
        findings="属实",
    )
    assert visit.status_code == 303
    confirm = re.findall(r'action="(/desk/visits/\d+/confirm)"', await second.text("/desk/visits"))
    assert len(confirm) == 1
    await second.post("/desk/visits", confirm[0])
    bad = await reviewer.post(review, f"{review}/word", title="张小满的书桌", text="孩子在前屯小学读书，想要一张书桌。")
    assert bad.status_code == 400
    assert "张小满" in bad.text
    assert "说出了学校" in bad.text
    words = {"title": "想要一张书桌", "text": "孩子在饭桌上写作业，想要一张自己的书桌。", "group": "minimum_living"}
    assert (await reviewer.post(review, f"{review}/word", **words)).status_code == 303

    publish = f"/desk/publishing/{wish_id}"
    assert "孩子写字没有桌子" not in await editor.text(publish), "the family's own words are not for the federation"
    early = await editor.post(publish, f"{publish}/publish")
    assert early.status_code == 400
    assert "照片还没有看过" in early.text
    await editor.post(publish, f"{publish}/picture", verdict="clear")
    assert (await editor.post(publish, f"{publish}/publish")).status_code == 303

    page = (await client.get(f"/wishes/{wish_id}")).text
    source = re.findall(r'src="(/pictures/\d+)"', page)[0]
    shown = await client.get(source)
    assert shown.headers["content-type"] == "image/webp"
    assert shown.headers["x-content-type-options"] == "nosniff"
    for secret in ("张", "前屯", "饭桌上写字", "SecretPhone"):
        assert secret not in page.replace("一张", "")


async def test_a_picture_is_nobodys_until_it_is_cleared_and_published(
    app: Starlette, client: httpx2.AsyncClient, people: WishPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    wish = await make_wish(WishStatus.DRAFT, sealer=sealer, now=clock.now(), people=people)
    field = await desk_of(app, people.coordinator, clock)
    step = f"/field/wishes/{wish.id}/edit/price"
    await field.post(step, step, files={"picture": ("a.png", picture_corpus.png(), "image/png")}, price="300")
    source = re.findall(r'src="(/pictures/\d+)"', await field.text(step))[0]
    assert (await client.get(source)).status_code == 404
    neighbour = await make_staff(Role.COORDINATOR, OTHER_VILLAGE, sealer=sealer, now=clock.now())
    assert (await (await desk_of(app, neighbour, clock)).browser.get(source)).status_code == 404
    assert (await field.browser.get(source)).status_code == 200


@pytest.mark.parametrize("data", [picture_corpus.SVG, b"x" * (10 * 1024 * 1024 + 1)], ids=["SVG", "10 MB and a byte"])
async def test_a_bad_picture_comes_back_with_a_sentence_and_what_was_typed(
    app: Starlette, people: WishPeople, sealer: Sealer, clock: SteppedClock, data: bytes
) -> None:
    wish = await make_wish(WishStatus.DRAFT, sealer=sealer, now=clock.now(), people=people)
    step = f"/field/wishes/{wish.id}/edit/price"
    field = await desk_of(app, people.coordinator, clock)
    answer = await field.post(step, step, files={"picture": ("a.jpg", data, "image/jpeg")}, price="288")
    assert answer.status_code == 400
    assert "重新拍一张" in answer.text
    assert 'value="288"' in answer.text
    assert (await rows("SELECT count(*) AS n FROM picture"))[0]["n"] == 0


async def test_one_picture_under_two_households_blocks_publishing(
    app: Starlette, people: WishPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    field, editor = await desk_of(app, people.coordinator, clock), await desk_of(app, people.editor, clock)
    for status in (WishStatus.DRAFT, WishStatus.DRAFT):
        wish = await make_wish(status, sealer=sealer, now=clock.now(), people=people)
        step = f"/field/wishes/{wish.id}/edit/price"
        await field.post(step, step, files={"picture": ("a.jpg", picture_corpus.jpeg(), "image/jpeg")}, price="300")
    other = await make_wish(WishStatus.WORDED, sealer=sealer, now=clock.now(), people=people)
    await Wish.filter(id=other.id).update(picture_id=(await Wish.get(id=wish.id)).picture_id)  # type: ignore[attr-defined]
    page = f"/desk/publishing/{other.id}"
    answer = await editor.post(page, f"{page}/publish")
    assert answer.status_code == 400
    assert "同一张照片出现在另一户" in answer.text


@pytest.mark.parametrize(
    ("role", "place", "path"),
    [
        (Role.COORDINATOR, OTHER_VILLAGE, "/field/wishes/{id}"),
        (Role.TOWN_REVIEWER, "371402002000", "/desk/reviews/{id}"),
        (Role.EDITOR, "371403000000", "/desk/publishing/{id}"),
    ],
)
async def test_staff_of_another_place_see_no_wish(
    app: Starlette, people: WishPeople, sealer: Sealer, clock: SteppedClock, role: Role, place: str, path: str
) -> None:
    wish = await make_wish(WishStatus.WORDED, sealer=sealer, now=clock.now(), people=people)
    stranger = await make_staff(role, place, sealer=sealer, now=clock.now())
    browser = (await desk_of(app, stranger, clock)).browser
    assert (await browser.get(path.format(id=wish.id))).status_code == 404
    assert wish.item not in (await browser.get(path.rsplit("/", 1)[0].replace("/field/wishes", "/field"))).text


async def test_sending_a_step_twice_makes_one_draft(
    app: Starlette, people: WishPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    household = await make_household(people.coordinator, sealer=sealer, now=clock.now())
    browser = (await desk_of(app, people.coordinator, clock)).browser
    new = f"/field/households/{household}/wishes/new"
    form = {"form_key": KEY.findall((await browser.get(new)).text)[0], "kind": "thing", "item": "书包"}
    first, again = await browser.post(new, data=form), await browser.post(new, data=form)
    assert first.headers["location"] == again.headers["location"]
    assert (await rows("SELECT count(*) AS n FROM wish"))[0]["n"] == 1


async def test_a_returned_wish_says_why_and_can_be_filed_again(
    app: Starlette, people: WishPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    wish = await make_wish(WishStatus.RETURNED, sealer=sealer, now=clock.now(), people=people)
    field = await desk_of(app, people.coordinator, clock)
    assert "价格要再问一次" in await field.text("/field")
    assert "价格要再问一次" in await field.text(f"/field/wishes/{wish.id}")
    answer = await field.post(f"/field/wishes/{wish.id}/check", f"/field/wishes/{wish.id}/file")
    assert answer.status_code == 303
    assert (await Wish.get(id=wish.id)).status is WishStatus.FILED


async def test_a_consent_taken_back_takes_the_wish_off_the_wall(
    app: Starlette, client: httpx2.AsyncClient, people: WishPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    wish = await make_wish(sealer=sealer, now=clock.now(), people=people)
    field = await desk_of(app, people.coordinator, clock)
    household = (await rows("SELECT household_id AS id FROM wish WHERE id = $1", wish.id))[0]["id"]
    page = f"/field/households/{household}/consents"
    purpose = ConsentPurpose.SHOW_TO_CLAIMER.value
    answer = await field.post(page, f"{page}/{purpose}/withdraw")
    assert answer.status_code == 303
    assert (await client.get(f"/wishes/{wish.id}")).status_code == 404


async def test_a_report_reaches_the_county_and_takes_the_wish_off(
    app: Starlette, client: httpx2.AsyncClient, people: WishPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    wish = await make_wish(sealer=sealer, now=clock.now(), people=people)
    anyone = Desk(client)
    thanks = await anyone.post(
        f"/report?page=/wishes/{wish.id}",
        "/report",
        page=f"/wishes/{wish.id}",
        text="照片像网上找的",
        contact="13900000000",
    )
    assert thanks.headers["location"] == "/report/thanks"
    due = (await rows("SELECT due_at, text_sealed FROM concern"))[0]
    assert due["due_at"].isoformat() == "2025-03-10T16:00:00+00:00", (
        "Monday to Monday: five working days, then midnight"
    )
    assert "照片".encode() not in due["text_sealed"]

    elsewhere = await make_staff(Role.EDITOR, "371403000000", sealer=sealer, now=clock.now())
    assert "照片像网上找的" not in await (await desk_of(app, elsewhere, clock)).text("/desk/concerns")
    editor = await desk_of(app, people.editor, clock)
    text = await editor.text("/desk/concerns")
    assert "照片像网上找的" in text
    action = re.findall(r'action="(/desk/concerns/\d+/answer)"', text)[0]
    assert (await editor.post("/desk/concerns", action, answer="")).status_code == 400
    answer = await editor.post("/desk/concerns", action, answer="已联系协理员核实", take_off="yes")
    assert answer.status_code == 303
    assert (await Wish.get(id=wish.id)).status is WishStatus.WORDED
    assert (await editor.post("/desk/concerns", action, answer="再答一次")).status_code == 409


@pytest.mark.parametrize("page", ["https://evil.example/x", "//evil.example", "/wishes/999999999999999999", "/x\x00"])
async def test_a_report_of_a_strange_address_is_kept_and_leads_nowhere(
    client: httpx2.AsyncClient, people: WishPeople, page: str
) -> None:
    answer = await Desk(client).post("/report", "/report", page=page, text="有问题")
    assert answer.status_code in {303, 400}
    for row in await rows("SELECT about, subject_id, division_code FROM concern"):
        assert row["about"].startswith("/")
        assert not row["about"].startswith("//")
        assert row["subject_id"] is None
        assert row["division_code"] != COUNTY


async def test_a_heading_counts_all_that_wait_also_those_it_does_not_show(
    app: Starlette, people: WishPeople, sealer: Sealer, clock: SteppedClock
) -> None:
    household = await make_household(people.coordinator, sealer=sealer, now=clock.now())
    for _ in range(MOST_SHOWN + 1):
        draft = WishDraft(kind=WishKind.THING, item="书包")
        await draft_wish(household, draft, actor=people.coordinator, sealer=sealer, now=clock.now())
    page = await (await desk_of(app, people.coordinator, clock)).text("/field")
    assert f"没填完的心愿（{MOST_SHOWN + 1}）" in page
    assert f"这里是最急的 {MOST_SHOWN} 个" in page
