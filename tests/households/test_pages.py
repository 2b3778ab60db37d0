"""The registry over HTTP: the coordinator files a family, changes it, and each role sees what it may and no more."""

import re
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.households import actions as households
from cishan.households.actions import MemberFacts
from cishan.households.queries import PlainMember, members_now
from cishan.households.states import ConsentPurpose
from cishan.sealing import Sealer
from conftest import browser_for
from makers import (
    CITY,
    COUNTY,
    OTHER_VILLAGE,
    TOWN,
    VILLAGE,
    make_charity,
    make_donor,
    make_household,
    make_staff,
    new_id_number,
    new_phone,
    signed_in,
)

KEY = re.compile(r'name="form_key" value="([^"]+)"')
ADDRESS = "前屯村 12 号"


@pytest.fixture
async def coordinator(app: Starlette, sealer: Sealer, clock: SteppedClock) -> Viewer:
    await make_charity(now=clock.now())
    return await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now(), name="周协理")


@pytest.fixture
async def field(client: httpx2.AsyncClient, coordinator: Viewer, clock: SteppedClock) -> httpx2.AsyncClient:
    return await signed_in(client, coordinator, now=clock.now())


async def _browser(app: Starlette, role: Role, place: str, sealer: Sealer, clock: SteppedClock) -> httpx2.AsyncClient:
    viewer = await make_staff(role, place, sealer=sealer, now=clock.now(), name=f"{role.value}同志")
    return await signed_in(browser_for(app), viewer, now=clock.now())


async def _send(browser: httpx2.AsyncClient, page: str, data: dict[str, object], to: str = "") -> httpx2.Response:
    """Opens a page, fills in its form and sends it."""
    shown = await browser.get(page)
    assert shown.status_code == 200, shown.text
    found = KEY.search(shown.text)
    assert found is not None
    return await browser.post(to or page, data={"form_key": found[1], **data})


async def test_a_family_is_filed_on_one_form(field: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock) -> None:
    number = new_id_number(1950)
    answer = await _send(
        field,
        "/field/households/new",
        {
            "name": "𠮷桂芝",
            "id_number": number,
            "phone": "0534-2345678",
            "address": "3 组 12 号",
            "groups": ["minimum_living"],
            "purposes": ["store", "show_to_claimer"],
            "method": "thumbprint",
        },
    )
    assert answer.status_code == 303, answer.text
    page = (await field.get(answer.headers["location"])).text
    assert "𠮷桂芝" in page
    assert "3 组 12 号" in page
    assert "低保" in page
    assert "按手印" in page
    assert number not in page
    assert "05342345678" not in page


async def test_a_refused_form_keeps_what_was_typed(field: httpx2.AsyncClient) -> None:
    answer = await _send(
        field, "/field/households/new", {"name": "王桂芝", "id_number": "371402195001010018", "purposes": ["store"]}
    )
    assert answer.status_code == 400
    assert "身份证号有一位不对" in answer.text
    assert 'value="371402195001010018"' in answer.text
    assert "请填写住址" in answer.text
    assert not await rows("SELECT 1 FROM household")


async def test_nobody_is_filed_without_consent_to_store(field: httpx2.AsyncClient) -> None:
    answer = await _send(
        field,
        "/field/households/new",
        {"name": "王桂芝", "id_number": new_id_number(), "address": "1 号", "purposes": ["notice_board"]},
    )
    assert answer.status_code == 400
    assert "没有同意登记家庭信息" in answer.text
    assert not await rows("SELECT 1 FROM person")


async def test_the_list_is_searched_by_surname_and_case_number(
    field: httpx2.AsyncClient, coordinator: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    first = await make_household(coordinator, sealer=sealer, now=clock.now(), names=("阚守义",))
    await make_household(coordinator, sealer=sealer, now=clock.now(), names=("亓官明月",))
    by_name = (await field.get("/field/households", params={"q": "阚"})).text
    assert "阚守义" in by_name
    assert "亓官明月" not in by_name
    by_number = (await field.get("/field/households", params={"q": f"371402-{first:08d}"})).text
    assert "阚守义" in by_number
    assert "亓官明月" not in by_number
    assert "没有找到" in (await field.get("/field/households", params={"q": "%"})).text


async def test_a_search_never_tells_that_a_hidden_child_lives_somewhere(
    app: Starlette, coordinator: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    """A second coordinator of the same village finds the family by its adult, not by its child."""
    await make_household(
        coordinator, sealer=sealer, now=clock.now(), names=("阚守义", "丁小满"), birth_years=(1960, 2012)
    )
    other = await _browser(app, Role.COORDINATOR, VILLAGE, sealer, clock)
    assert "阚守义" in (await other.get("/field/households", params={"q": "阚"})).text
    assert "没有找到" in (await other.get("/field/households", params={"q": "丁小满"})).text


async def test_members_groups_consents_and_moves_are_kept_by_forms(
    field: httpx2.AsyncClient, coordinator: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now(), names=("阚守义",))
    here = f"/field/households/{household_id}"
    child = {"name": "阚小满", "id_number": new_id_number(2015), "relation": "孙女"}
    assert (await _send(field, f"{here}/members/new", child)).status_code == 303
    person = (await rows("SELECT max(person_id) AS id FROM membership WHERE household_id = $1", household_id))[0]["id"]
    groups = f"{here}/members/{person}/groups"
    assert (await _send(field, groups, {"group": "at_risk", "from_on": "2025-01-01"})).status_code == 303
    assert "防返贫监测，2025 年 1 月 1 日起" in (await field.get(groups)).text
    leave = await _send(field, groups, {"group": "at_risk", "to_on": "2025-02-01"}, to=f"{groups}/leave")
    assert leave.status_code == 303
    assert (await _send(field, f"{here}/move", {"address": "5 组 7 号"})).status_code == 303
    consent = {"purposes": ["notice_board"], "method": "paper", "signed_by": "阚守义"}
    assert (await _send(field, f"{here}/consents", consent)).status_code == 303
    gone = {"reason": "moved", "on": "2025-03-03"}
    assert (await _send(field, f"{here}/members/{person}/end", gone)).status_code == 303
    page = (await field.get(here)).text
    assert "5 组 7 号" in page
    assert "2025 年 3 月 3 日迁出" in page
    for sentence in ("添加一位家人", "一位家人列入防返贫监测", "换了住址", "同意“村务公示”", "一位家人迁出"):
        assert sentence in page


async def test_a_withdrawn_consent_reaches_the_rooms_that_stand_on_it(
    app: Starlette, field: httpx2.AsyncClient, coordinator: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    told: list[tuple[int, ConsentPurpose]] = []

    async def handler(household_id: int, purpose: ConsentPurpose, **_: object) -> None:
        told.append((household_id, purpose))

    app.state.consent_handlers = (handler,)
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now())
    here = f"/field/households/{household_id}"
    answer = await _send(field, here, {}, to=f"{here}/consents/show_to_claimer/withdraw")
    assert answer.status_code == 303
    assert told == [(household_id, ConsentPurpose.SHOW_TO_CLAIMER)]
    assert "撤回“公开心愿”的同意" in (await field.get(here)).text
    again = await _send(field, here, {}, to=f"{here}/consents/show_to_claimer/withdraw")
    assert again.status_code == 409


async def test_another_villages_coordinator_meets_404_everywhere(
    app: Starlette, coordinator: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now())
    person = (await rows("SELECT min(person_id) AS id FROM membership WHERE household_id = $1", household_id))[0]["id"]
    stranger = await _browser(app, Role.COORDINATOR, OTHER_VILLAGE, sealer, clock)
    here = f"/field/households/{household_id}"
    pages = ("", "/members/new", f"/members/{person}/end", f"/members/{person}/groups", "/consents", "/move")
    for page in pages:
        assert (await stranger.get(here + page)).status_code == 404, page
    key = {"form_key": "k" * 20}
    gone = await stranger.post(f"{here}/members/{person}/end", data={**key, "reason": "died", "on": "2025-03-03"})
    assert gone.status_code == 404
    assert (await stranger.post(f"{here}/consents/store/withdraw", data=key)).status_code == 404
    desk = f"/desk/households/{household_id}/unmask"
    reading = {**key, "person": str(person), "field": "name", "reason": "想看看是谁"}
    assert (await stranger.post(desk, data=reading)).status_code == 404
    assert not await rows("SELECT 1 FROM unmasking")


async def test_a_reviewer_opens_a_field_with_a_reason_and_it_is_logged(
    app: Starlette, coordinator: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now(), names=("阚守义",))
    member = (await members_now(household_id, sealer=sealer))[0]
    person = (await rows("SELECT person_id AS id FROM membership WHERE household_id = $1", household_id))[0]["id"]
    reviewer = await _browser(app, Role.TOWN_REVIEWER, TOWN, sealer, clock)
    here = f"/desk/households/{household_id}"
    page = (await reviewer.get(here)).text
    assert "阚*" in page
    ask = f"{here}/unmask?person={person}&amp;field=id_number"
    assert ask in page
    shown = await reviewer.get(ask.replace("&amp;", "&"))
    assert member.id_number not in shown.text
    fields: dict[str, object] = {"person": str(person), "field": "id_number"}
    refused = await _send(reviewer, ask.replace("&amp;", "&"), {**fields, "reason": "看"}, to=f"{here}/unmask")
    assert refused.status_code == 400
    assert member.id_number not in refused.text
    assert not await rows("SELECT 1 FROM unmasking")
    opened = await _send(reviewer, ask.replace("&amp;", "&"), {**fields, "reason": "核对低保材料"}, to=f"{here}/unmask")
    assert opened.status_code == 200
    assert member.id_number in opened.text
    assert "no-store" in opened.headers["cache-control"]
    logged = await rows("SELECT person_id, field, reason FROM unmasking")
    assert logged == [{"person_id": person, "field": "id_number", "reason": "核对低保材料"}]
    assert member.id_number not in (await reviewer.get(here)).text


async def test_a_child_is_read_only_with_a_live_grant(
    app: Starlette, coordinator: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    household_id = await make_household(
        coordinator, sealer=sealer, now=clock.now(), names=("阚守义", "阚小满"), birth_years=(1960, 2012)
    )
    found = await rows("SELECT case_number FROM household WHERE id = $1", household_id)
    child = (await rows("SELECT max(person_id) AS id FROM membership WHERE household_id = $1", household_id))[0]["id"]
    viewer = await make_staff(Role.TOWN_REVIEWER, TOWN, sealer=sealer, now=clock.now(), name="郑审核")
    reviewer = await signed_in(browser_for(app), viewer, now=clock.now())
    here = f"/desk/households/{household_id}"
    reading = {"person": str(child), "field": "name", "reason": "核对入学资助"}
    refused = await reviewer.post(f"{here}/unmask", data=reading)
    assert refused.status_code == 403
    assert "未成年人" in refused.text
    assert "没有授权，没给看" in (await reviewer.get(here)).text
    assert not await rows("SELECT 1 FROM unmasking")
    supervisor = await _browser(app, Role.SUPERVISOR, COUNTY, sealer, clock)
    asked = f"/desk/minor-grants?case_number={found[0]['case_number']}&number=2"
    granted = await _send(
        supervisor,
        asked,
        {
            "case_number": found[0]["case_number"],
            "number": "2",
            "grantee": str(viewer.account_id),
            "reason": "核对入学资助",
        },
        to="/desk/minor-grants",
    )
    assert granted.status_code == 303, granted.text
    opened = await reviewer.post(f"{here}/unmask", data=reading)
    assert opened.status_code == 200
    assert "阚小满" in opened.text
    clock.advance(timedelta(hours=24))
    await signed_in(reviewer, viewer, now=clock.now())
    assert (await reviewer.post(f"{here}/unmask", data=reading)).status_code == 403


async def test_a_grant_is_for_a_child_and_for_those_who_look_after_the_place(
    app: Starlette, coordinator: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    household_id = await make_household(
        coordinator, sealer=sealer, now=clock.now(), names=("阚守义", "阚小满"), birth_years=(1960, 2012)
    )
    case_number = (await rows("SELECT case_number FROM household WHERE id = $1", household_id))[0]["case_number"]
    supervisor = await _browser(app, Role.SUPERVISOR, COUNTY, sealer, clock)
    asked = {"case_number": case_number, "number": "1"}
    assert "已经成年" in (await supervisor.get("/desk/minor-grants", params=asked)).text
    asked["number"] = "3"
    assert "没有第 3 位成员" in (await supervisor.get("/desk/minor-grants", params=asked)).text
    stranger = await make_staff(Role.COORDINATOR, OTHER_VILLAGE, sealer=sealer, now=clock.now())
    answer = await supervisor.post(
        "/desk/minor-grants",
        data={
            "form_key": "g" * 20,
            "case_number": case_number,
            "number": "2",
            "grantee": str(stranger.account_id),
            "reason": "核对入学资助",
        },
    )
    assert answer.status_code == 400
    assert "只能授权给这家人所在村" in answer.text
    assert "阚小满" not in answer.text


async def _texts_of(browser: httpx2.AsyncClient, household_id: int) -> str:
    """All that a role can be shown about a household, whatever the answers are."""
    pages = [
        "/field/households",
        "/field/households?q=" + "阚",
        f"/field/households/{household_id}",
        f"/field/households/{household_id}/consents",
        f"/field/households/{household_id}/move",
        "/desk/households",
        "/desk/households?q=" + "阚",
        f"/desk/households/{household_id}",
        f"/desk/households/{household_id}/move",
        "/desk/minor-grants",
    ]
    people = await rows("SELECT person_id FROM membership WHERE household_id = $1", household_id)
    for row in people:
        pages += [f"/field/households/{household_id}/members/{row['person_id']}/{end}" for end in ("end", "groups")]
        pages += [
            f"/desk/households/{household_id}/unmask?person={row['person_id']}&field={name}"
            for name in ("name", "id_number", "phone")
        ]
    return "".join([(await browser.get(page)).text for page in pages])


@pytest.mark.parametrize(
    ("role", "place", "adult_name", "address"),
    [
        (Role.TOWN_REVIEWER, TOWN, False, False),
        (Role.EDITOR, CITY, False, False),
        (Role.FINANCE, CITY, False, False),
        (Role.SUPERVISOR, COUNTY, False, False),
        (Role.ADMIN, CITY, False, False),
        (Role.COORDINATOR, OTHER_VILLAGE, False, False),
        (Role.COORDINATOR, VILLAGE, True, True),
    ],
)
async def test_planted_secrets_never_reach_a_role_that_may_not_see_them(
    app: Starlette,
    coordinator: Viewer,
    sealer: Sealer,
    clock: SteppedClock,
    role: Role,
    place: str,
    adult_name: bool,
    address: bool,
) -> None:
    household_id = await make_household(
        coordinator,
        sealer=sealer,
        now=clock.now(),
        names=("阚守义", "阚小满", "阚青禾"),
        birth_years=(1960, 2008, 2016),
    )
    adult, *children = await members_now(household_id, sealer=sealer)
    browser = await _browser(app, role, place, sealer, clock)
    text = await _texts_of(browser, household_id)
    assert (adult.name in text) is adult_name
    assert (ADDRESS in text) is address
    for member in (adult, *children):
        assert member.id_number not in text
        assert member.id_number[-6:] not in text
        assert str(member.phone) not in text
    for child in children:
        assert child.name not in text


async def test_the_filing_coordinator_sees_the_children_and_no_id_or_phone(
    field: httpx2.AsyncClient, coordinator: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    household_id = await make_household(
        coordinator, sealer=sealer, now=clock.now(), names=("阚守义", "阚小满"), birth_years=(1960, 2016)
    )
    text = await _texts_of(field, household_id)
    people: tuple[PlainMember, ...] = await members_now(household_id, sealer=sealer)
    for member in people:
        assert member.name in text
        assert member.id_number not in text
        assert str(member.phone) not in text


async def test_of_a_young_child_not_even_the_relation_or_group_is_shown(
    app: Starlette, coordinator: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    """The neighbours of the limit: 14 today shows the relation, a day short of 14 shows nothing."""
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now(), names=("阚守义",))
    for number, relation in ((_born("20110303"), "长孙女"), (_born("20110304"), "次孙女")):
        facts = MemberFacts("阚小满", number, new_phone(), relation)
        await households.add_member(household_id, facts, actor=coordinator, sealer=sealer, now=clock.now())
    reviewer = await _browser(app, Role.TOWN_REVIEWER, TOWN, sealer, clock)
    page = (await reviewer.get(f"/desk/households/{household_id}")).text
    assert "长孙女" in page
    assert "次孙女" not in page
    assert "14 岁以下的孩子" in page


async def test_a_donor_finds_no_household(
    app: Starlette, coordinator: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now())
    donor = await signed_in(browser_for(app), await make_donor(sealer=sealer, now=clock.now()), now=clock.now())
    assert (await donor.get(f"/desk/households/{household_id}")).status_code == 403
    assert (await donor.get(f"/field/households/{household_id}")).status_code == 403


def _born(day: str) -> str:
    from stdnum.cn import ric

    first = f"371402{day}88{new_id_number()[-2]}"
    return first + ric.calc_check_digit(f"{first}0")
