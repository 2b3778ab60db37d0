"""Roles: given, changed and ended by an administrator, and never beyond the border of their division."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.actions import (
    accept_invitation,
    disable_account,
    end_role,
    invite_staff,
    register_donor,
)
from cishan.accounts.queries import names_of, staff_covering, staff_in
from cishan.accounts.role_changes import change_role
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.sealing import Sealer
from conftest import browser_for

FORM_KEY = "k" * 20
NEW_PASSWORD = "梧桐树上有三只喜鹊叫"


@pytest.fixture(autouse=True)
async def charity(transaction: object, clock: SteppedClock) -> None:
    await makers.make_charity(now=clock.now())


@pytest.fixture
async def admin(charity: None, sealer: Sealer, clock: SteppedClock) -> Viewer:
    """The county's administrator; the city's is there too."""
    return await makers.make_staff(Role.ADMIN, makers.COUNTY, sealer=sealer, now=clock.now(), name="县管理")


@pytest.fixture
async def reviewer(charity: None, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_staff(Role.TOWN_REVIEWER, makers.TOWN, sealer=sealer, now=clock.now(), name="周审核")


async def test_an_invited_person_has_the_role_and_the_place(reviewer: Viewer) -> None:
    assert (reviewer.role, reviewer.division_code) == (Role.TOWN_REVIEWER, makers.TOWN)
    assert reviewer.covers(makers.VILLAGE)
    assert not reviewer.covers(makers.OTHER_VILLAGE)


async def test_a_place_of_another_county_is_loaded_when_someone_works_there(
    sealer: Sealer, clock: SteppedClock
) -> None:
    other = await makers.make_staff(Role.COORDINATOR, makers.OTHER_COUNTY_VILLAGE, sealer=sealer, now=clock.now())
    assert other.division_code == makers.OTHER_COUNTY_VILLAGE


async def test_an_invitation_is_accepted_through_its_link(
    client: httpx2.AsyncClient, admin: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await makers.signed_in(client, admin, now=clock.now())
    form = {"form_key": FORM_KEY, "phone": "13600000001", "name": "李编辑", "role": "editor"}
    sent = await client.post("/desk/staff/invite", data={**form, "division_code": makers.COUNTY})
    assert sent.headers["location"] == "/desk/staff"
    link = (await makers.newest_sms_text("13600000001", sealer)).split("http://testserver")[1]
    client.cookies.clear()
    page = await client.get(link)
    for fact in ("李编辑", "慈善总会编辑", "德城区", "136****0001"):
        assert fact in page.text
    weak = await client.post(link, data={"password": "12345678"})
    assert weak.status_code == 400
    joined = await client.post(link, data={"password": NEW_PASSWORD})
    assert joined.status_code == 303
    assert "李编辑" in (await client.get("/me/devices")).text
    assert (await client.get(link)).status_code == 404


@pytest.mark.parametrize(("seconds", "opens"), [(-1, True), (0, False), (1, False)])
async def test_an_invitation_lives_seven_days(
    admin: Viewer, sealer: Sealer, clock: SteppedClock, seconds: int, opens: bool
) -> None:
    token = await invite_staff(
        makers.new_phone(), "李编辑", Role.EDITOR, makers.COUNTY, actor=admin, sealer=sealer, now=clock.now()
    )
    clock.advance(timedelta(days=7, seconds=seconds))
    accept = accept_invitation(token, NEW_PASSWORD, sealer=sealer, now=clock.now(), passwords=makers.QUICK_PASSWORDS)
    if opens:
        assert await accept > 0
    else:
        with pytest.raises(NotFound):
            await accept


async def test_only_the_first_administrator_comes_without_one(sealer: Sealer, clock: SteppedClock) -> None:
    first = {"actor": None, "sealer": sealer, "now": clock.now()}
    with pytest.raises(Forbidden):
        await invite_staff(makers.new_phone(), "某人", Role.EDITOR, makers.CITY, **first)  # type: ignore[arg-type]
    await makers.make_admin(sealer=sealer, now=clock.now())
    with pytest.raises(Forbidden):
        await invite_staff(makers.new_phone(), "某人", Role.ADMIN, makers.CITY, **first)  # type: ignore[arg-type]


@pytest.mark.parametrize("place", [makers.CITY, makers.OTHER_COUNTY_VILLAGE])
async def test_an_administrator_invites_only_inside_their_division(
    admin: Viewer, sealer: Sealer, clock: SteppedClock, place: str
) -> None:
    await makers.make_staff(Role.COORDINATOR, makers.OTHER_COUNTY_VILLAGE, sealer=sealer, now=clock.now())
    role = Role.EDITOR if place == makers.CITY else Role.COORDINATOR
    with pytest.raises(Forbidden):
        await invite_staff(makers.new_phone(), "某人", role, place, actor=admin, sealer=sealer, now=clock.now())


async def test_someone_who_works_elsewhere_is_not_invited_away(
    admin: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    phone = makers.new_phone()
    await makers.make_staff(Role.EDITOR, makers.CITY, sealer=sealer, now=clock.now(), phone=phone)
    with pytest.raises(InvalidInput, match="别处已有岗位"):
        await invite_staff(phone, "某人", Role.EDITOR, makers.COUNTY, actor=admin, sealer=sealer, now=clock.now())


@pytest.mark.parametrize(
    ("role", "place"),
    [
        (Role.COORDINATOR, makers.TOWN),
        (Role.TOWN_REVIEWER, makers.VILLAGE),
        (Role.TOWN_REVIEWER, makers.COUNTY),
        (Role.EDITOR, makers.TOWN),
        (Role.DONOR, makers.COUNTY),
    ],
)
async def test_a_role_belongs_to_a_place_of_its_level(
    admin: Viewer, sealer: Sealer, clock: SteppedClock, role: Role, place: str
) -> None:
    with pytest.raises(InvalidInput):
        await invite_staff(makers.new_phone(), "某人", role, place, actor=admin, sealer=sealer, now=clock.now())


async def test_inviting_again_sets_a_new_password_and_signs_everyone_out(
    app: Starlette, admin: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    phone = makers.new_phone()
    before = await makers.make_staff(Role.EDITOR, makers.COUNTY, sealer=sealer, now=clock.now(), phone=phone)
    clock.advance(timedelta(hours=1))
    token = await invite_staff(phone, "李编辑", Role.EDITOR, makers.COUNTY, actor=admin, sealer=sealer, now=clock.now())
    async with browser_for(app) as browser:
        await makers.signed_in(browser, before, now=clock.now())
        again = await accept_invitation(
            token, NEW_PASSWORD, sealer=sealer, now=clock.now(), passwords=makers.QUICK_PASSWORDS
        )
        assert again == before.account_id
        assert (await browser.get("/me/devices")).status_code == 303
        old = await browser.post("/staff/sign-in", data={"phone": phone, "password": makers.PASSWORD})
        new = await browser.post("/staff/sign-in", data={"phone": phone, "password": NEW_PASSWORD})
    assert (old.status_code, new.status_code) == (400, 303)


async def test_an_old_invitation_does_not_undo_a_later_change(
    admin: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    phone = makers.new_phone()
    member = await makers.make_staff(Role.EDITOR, makers.COUNTY, sealer=sealer, now=clock.now(), phone=phone)
    token = await invite_staff(phone, "李编辑", Role.EDITOR, makers.COUNTY, actor=admin, sealer=sealer, now=clock.now())
    clock.advance(timedelta(minutes=1))
    await change_role(member.account_id, Role.SUPERVISOR, makers.COUNTY, actor=admin, now=clock.now())
    with pytest.raises(Conflict):
        await accept_invitation(token, NEW_PASSWORD, sealer=sealer, now=clock.now(), passwords=makers.QUICK_PASSWORDS)


@pytest.mark.parametrize("ending", [end_role, disable_account])
async def test_an_old_invitation_does_not_bring_back_who_was_let_go(
    admin: Viewer, sealer: Sealer, clock: SteppedClock, ending: Callable[..., Awaitable[None]]
) -> None:
    phone = makers.new_phone()
    member = await makers.make_staff(Role.EDITOR, makers.COUNTY, sealer=sealer, now=clock.now(), phone=phone)
    token = await invite_staff(phone, "李编辑", Role.EDITOR, makers.COUNTY, actor=admin, sealer=sealer, now=clock.now())
    clock.advance(timedelta(minutes=1))
    await ending(member.account_id, actor=admin, now=clock.now())
    with pytest.raises(Conflict):
        await accept_invitation(token, NEW_PASSWORD, sealer=sealer, now=clock.now(), passwords=makers.QUICK_PASSWORDS)
    assert not await rows("SELECT 1 FROM role_grant WHERE account_id = $1 AND ended_at IS NULL", member.account_id)


async def test_an_invitation_after_a_dismissal_brings_them_back(
    admin: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    phone = makers.new_phone()
    member = await makers.make_staff(Role.EDITOR, makers.COUNTY, sealer=sealer, now=clock.now(), phone=phone)
    await disable_account(member.account_id, actor=admin, now=clock.now())
    clock.advance(timedelta(minutes=1))
    token = await invite_staff(phone, "李编辑", Role.EDITOR, makers.COUNTY, actor=admin, sealer=sealer, now=clock.now())
    again = await accept_invitation(
        token, NEW_PASSWORD, sealer=sealer, now=clock.now(), passwords=makers.QUICK_PASSWORDS
    )
    assert again == member.account_id


async def test_nobody_invites_themselves_to_another_role(sealer: Sealer, clock: SteppedClock) -> None:
    phone = makers.new_phone()
    own = await makers.make_staff(Role.ADMIN, makers.COUNTY, sealer=sealer, now=clock.now(), phone=phone)
    with pytest.raises(InvalidInput) as refused:
        await invite_staff(phone, "县管理", Role.FINANCE, makers.COUNTY, actor=own, sealer=sealer, now=clock.now())
    assert list(refused.value.fields) == ["phone"]


@pytest.mark.parametrize("ending", ["end-role", "disable"])
async def test_the_next_request_after_an_ending_is_refused(
    app: Starlette, client: httpx2.AsyncClient, admin: Viewer, reviewer: Viewer, clock: SteppedClock, ending: str
) -> None:
    await makers.signed_in(client, admin, now=clock.now())
    async with browser_for(app) as theirs:
        await makers.signed_in(theirs, reviewer, now=clock.now())
        assert (await theirs.get("/me/devices")).status_code == 200
        answer = await client.post(f"/desk/staff/{reviewer.account_id}/{ending}", data={"form_key": FORM_KEY})
        assert answer.status_code == 303
        assert (await theirs.get("/me/devices")).status_code == 303


async def test_a_disabled_person_cannot_sign_in_again(
    client: httpx2.AsyncClient, admin: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    phone = makers.new_phone()
    member = await makers.make_staff(Role.EDITOR, makers.COUNTY, sealer=sealer, now=clock.now(), phone=phone)
    form = {"phone": phone, "password": makers.PASSWORD}
    assert (await client.post("/staff/sign-in", data=form)).status_code == 303
    await disable_account(member.account_id, actor=admin, now=clock.now())
    assert (await client.post("/staff/sign-in", data=form)).status_code == 400


async def test_a_changed_role_counts_at_the_next_sign_in_and_stands_in_the_timeline(
    client: httpx2.AsyncClient, admin: Viewer, reviewer: Viewer, clock: SteppedClock
) -> None:
    await makers.signed_in(client, admin, now=clock.now())
    form = {"form_key": FORM_KEY, "role": "coordinator", "division_code": makers.VILLAGE}
    moved = await client.post(f"/desk/staff/{reviewer.account_id}/role", data=form)
    assert moved.headers["location"] == f"/desk/staff/{reviewer.account_id}"
    page = (await client.get(moved.headers["location"])).text
    assert "担任新湖街道乡镇审核员" in page
    assert "改任尉署社区居委会民政协理员" in page
    assert "县管理" in page
    numbers = await rows(
        "SELECT number, verb FROM event WHERE subject_kind = 'account' AND subject_id = $1 ORDER BY number",
        reviewer.account_id,
    )
    assert [(row["number"], row["verb"]) for row in numbers] == [(1, "accepted_invitation"), (2, "changed_role")]


async def test_a_stranger_to_the_division_changes_nothing(
    client: httpx2.AsyncClient, admin: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    elsewhere = await makers.make_staff(Role.COORDINATOR, makers.OTHER_COUNTY_VILLAGE, sealer=sealer, now=clock.now())
    with pytest.raises(NotFound):
        await end_role(elsewhere.account_id, actor=admin, now=clock.now())
    with pytest.raises(NotFound):
        await disable_account(elsewhere.account_id, actor=admin, now=clock.now())
    with pytest.raises(NotFound):
        await change_role(elsewhere.account_id, Role.COORDINATOR, makers.VILLAGE, actor=admin, now=clock.now())
    await makers.signed_in(client, admin, now=clock.now())
    assert (await client.get(f"/desk/staff/{elsewhere.account_id}")).status_code == 404


async def test_a_person_is_not_moved_out_of_the_administrators_division(
    admin: Viewer, reviewer: Viewer, clock: SteppedClock
) -> None:
    with pytest.raises(Forbidden):
        await change_role(reviewer.account_id, Role.EDITOR, makers.CITY, actor=admin, now=clock.now())


async def test_nobody_changes_their_own_role(admin: Viewer, clock: SteppedClock) -> None:
    with pytest.raises(Forbidden):
        await end_role(admin.account_id, actor=admin, now=clock.now())


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_only_administrators_open_the_desk_of_staff(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock, role: Role
) -> None:
    places = {Role.COORDINATOR: makers.VILLAGE, Role.TOWN_REVIEWER: makers.TOWN}
    if role is Role.DONOR:
        viewer = await makers.make_donor(sealer=sealer, now=clock.now())
    elif role is Role.ORGANISATION:
        viewer = await makers.make_organisation(sealer=sealer, now=clock.now())
    else:
        viewer = await makers.make_staff(role, places.get(role, makers.COUNTY), sealer=sealer, now=clock.now())
    await makers.signed_in(client, viewer, now=clock.now())
    assert (await client.get("/desk/staff")).status_code == 403
    assert (await client.post("/desk/staff/invite", data={})).status_code == 403


async def test_the_list_shows_the_division_and_filters(
    client: httpx2.AsyncClient, admin: Viewer, reviewer: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await makers.make_staff(
        Role.COORDINATOR, makers.OTHER_COUNTY_VILLAGE, sealer=sealer, now=clock.now(), name="外县协理"
    )
    await makers.make_staff(Role.COORDINATOR, makers.VILLAGE, sealer=sealer, now=clock.now(), name="孙协理")
    await makers.signed_in(client, admin, now=clock.now())
    everyone = (await client.get("/desk/staff")).text
    assert "周审核" in everyone
    assert "孙协理" in everyone
    assert "外县协理" not in everyone
    assert "钱管理" not in everyone
    reviewers = (await client.get("/desk/staff", params={"role": "town_reviewer"})).text
    assert "周审核" in reviewers
    assert "孙协理" not in reviewers
    elsewhere = (await client.get("/desk/staff", params={"place": "371403000000"})).text
    assert "外县协理" not in elsewhere


async def test_who_works_in_a_place_and_who_is_responsible_for_it(
    reviewer: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    assert [row["account_id"] for row in await staff_in(makers.COUNTY, Role.TOWN_REVIEWER)] == [reviewer.account_id]
    assert await staff_in(makers.OTHER_TOWN, Role.TOWN_REVIEWER) == []
    covering = await staff_covering(makers.VILLAGE, Role.TOWN_REVIEWER)
    assert [row["account_id"] for row in covering] == [reviewer.account_id]
    assert await names_of([reviewer.account_id, 0], sealer) == {reviewer.account_id: "周审核"}


async def test_the_action_itself_refuses_a_weak_password(sealer: Sealer, clock: SteppedClock) -> None:
    with pytest.raises(InvalidInput, match="容易被猜到"):
        await register_donor("13800002222", "王芳", password="x13800002222", sealer=sealer, now=clock.now())


async def test_a_disabled_account_is_refused_even_on_a_session_that_nobody_ended(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    donor = await makers.make_donor(sealer=sealer, now=clock.now())
    await makers.signed_in(client, donor, now=clock.now())
    assert (await client.get("/me/devices")).status_code == 200
    await rows("UPDATE account SET disabled_at = $2 WHERE id = $1", donor.account_id, clock.now())
    assert (await client.get("/me/devices")).status_code == 303


async def test_a_disabled_account_is_shown_as_such_and_not_disabled_twice(
    client: httpx2.AsyncClient, admin: Viewer, reviewer: Viewer, clock: SteppedClock
) -> None:
    await disable_account(reviewer.account_id, actor=admin, now=clock.now())
    await makers.signed_in(client, admin, now=clock.now())
    assert "周审核" in (await client.get("/desk/staff", params={"standing": "disabled"})).text
    assert "停用账号" not in (await client.get(f"/desk/staff/{reviewer.account_id}")).text
    with pytest.raises(Conflict):
        await disable_account(reviewer.account_id, actor=admin, now=clock.now())
