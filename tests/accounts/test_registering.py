"""A donor's first two minutes: phone, code, name; and the same door for those who come back with a code."""

from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.sessions import viewer_of_token
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.states import LegalMode
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.sealing import Sealer
from cishan.web import SESSION_COOKIE
from conftest import browser_for


@pytest.fixture(autouse=True)
async def charity(transaction: object, clock: SteppedClock) -> None:
    await makers.make_charity(now=clock.now())


async def get_code(client: httpx2.AsyncClient, phone: str, sealer: Sealer, next_path: str = "/about") -> str:
    answer = await client.post("/register", data={"phone": phone, "next": next_path})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/code")
    return await makers.newest_code(phone, sealer)


async def viewer_in(client: httpx2.AsyncClient, clock: SteppedClock) -> Viewer | None:
    token = client.cookies.get(SESSION_COOKIE)
    return await viewer_of_token(token, now=clock.now()) if token else None


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


async def test_a_new_donor_says_phone_code_and_name_and_goes_on(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    code = await get_code(client, "138 0000 1111".replace(" ", ""), sealer)
    checked = await client.post("/sign-in/code", data={"code": code})
    assert checked.headers["location"] == "/register/name"
    finished = await client.post("/register/name", data={"name": "王芳"})
    assert finished.headers["location"] == "/about"
    viewer = await viewer_in(client, clock)
    assert viewer is not None
    assert viewer.role is Role.DONOR
    page = await client.get("/about")
    assert "王芳" in page.text
    assert "登记好了" in page.text


async def test_a_name_without_a_checked_code_makes_no_account(client: httpx2.AsyncClient, sealer: Sealer) -> None:
    await get_code(client, "13800001112", sealer)
    answer = await client.post("/register/name", data={"name": "王芳"})
    assert answer.headers["location"] == "/sign-in"
    assert not await rows("SELECT id FROM account")


async def test_a_changed_cookie_is_no_proof_of_a_phone(client: httpx2.AsyncClient, sealer: Sealer) -> None:
    await get_code(client, "13800001113", sealer)
    value = client.cookies["cishan_pending"]
    client.cookies.clear()
    client.cookies.set("cishan_pending", value[:-8] + "AAAAAAA=")
    assert (await client.get("/sign-in/code")).headers["location"] == "/sign-in"


async def test_a_company_registers_with_its_unified_code(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    code = await get_code(client, "13800001114", sealer)
    await client.post("/sign-in/code", data={"code": code})
    form = {"as": "organisation", "name": "赵经理", "organisation": "示例商贸", "uscc": "91371400MA3C000019"}
    refused = await client.post("/register/name", data=form)
    assert refused.status_code == 400
    assert "统一社会信用代码不对" in refused.text
    assert "示例商贸" in refused.text
    taken = await client.post("/register/name", data={**form, "uscc": "91371400ma3c00001d"})
    assert taken.status_code == 303
    viewer = await viewer_in(client, clock)
    assert viewer is not None
    assert viewer.role is Role.ORGANISATION


async def test_a_code_signs_in_whoever_has_registered(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    donor = await makers.make_donor(sealer=sealer, now=clock.now(), phone="13800001115")
    code = await get_code(client, "13800001115", sealer)
    await client.post("/sign-in/code", data={"code": code})
    viewer = await viewer_in(client, clock)
    assert viewer is not None
    assert viewer.account_id == donor.account_id


async def test_a_code_works_once(
    app: Starlette, client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    await makers.make_donor(sealer=sealer, now=clock.now(), phone="13800001116")
    code = await get_code(client, "13800001116", sealer)
    pending = client.cookies["cishan_pending"]
    assert (await client.post("/sign-in/code", data={"code": code})).status_code == 303
    async with browser_for(app) as other:
        other.cookies.set("cishan_pending", pending)
        again = await other.post("/sign-in/code", data={"code": code})
    assert again.status_code == 400
    assert "失效" in again.text


@pytest.mark.parametrize(("minutes", "seconds", "status"), [(9, 59, 303), (10, 0, 400), (10, 1, 400)])
async def test_a_code_lives_ten_minutes(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock, minutes: int, seconds: int, status: int
) -> None:
    code = await get_code(client, makers.new_phone(), sealer)
    clock.advance(timedelta(minutes=minutes, seconds=seconds))
    assert (await client.post("/sign-in/code", data={"code": code})).status_code == status


@pytest.mark.parametrize(("guesses", "status"), [(3, 303), (4, 303), (5, 400)])
async def test_a_code_takes_five_tries(client: httpx2.AsyncClient, sealer: Sealer, guesses: int, status: int) -> None:
    code = await get_code(client, makers.new_phone(), sealer)
    for _ in range(guesses):
        assert (await client.post("/sign-in/code", data={"code": wrong(code)})).status_code == 400
    assert (await client.post("/sign-in/code", data={"code": code})).status_code == status


async def test_a_new_code_ends_the_one_before(client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock) -> None:
    phone = makers.new_phone()
    first = await get_code(client, phone, sealer)
    clock.advance(timedelta(minutes=1))
    answer = await client.post("/sign-in/code/again", data={})
    assert answer.headers["location"] == "/sign-in/code"
    second = await makers.newest_code(phone, sealer)
    assert (await client.post("/sign-in/code", data={"code": second})).status_code == 303
    assert (await client.post("/sign-in/code", data={"code": first})).status_code == 400


async def test_the_door_says_the_same_to_a_known_and_an_unknown_phone(
    app: Starlette, sealer: Sealer, clock: SteppedClock
) -> None:
    await makers.make_donor(sealer=sealer, now=clock.now(), phone="13800001117")
    answers = []
    for phone in ("13800001117", "13800001118"):
        async with browser_for(app) as browser:
            sent = await browser.post("/sign-in", data={"phone": phone, "way": "code"})
            wrong_password = await browser.post("/sign-in", data={"phone": phone, "password": "no such password"})
            text = wrong_password.text.replace(phone, "")
            answers.append((sent.status_code, sent.headers["location"], wrong_password.status_code, sentences(text)))
    assert answers[0] == answers[1]


def sentences(page: str) -> list[str]:
    return [line for line in page.splitlines() if "form_key" not in line]


async def test_where_donors_are_invited_nobody_registers_by_themselves(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    await rows("UPDATE charity SET legal_mode = $1", LegalMode.PRIVATE.value)
    page = await client.get("/register")
    assert page.status_code == 200
    assert "凭邀请登记" in page.text
    assert (await client.post("/register", data={"phone": "13800001119"})).status_code == 403
    sent = await client.post("/sign-in", data={"phone": "13800001119", "way": "code"})
    assert sent.headers["location"] == "/sign-in/code"
    assert not await rows("SELECT id FROM outbox_message")


async def test_a_member_registers_by_the_administrators_invitation(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    admin = await makers.make_admin(sealer=sealer, now=clock.now())
    await makers.signed_in(client, admin, now=clock.now())
    form = {"form_key": "k" * 20, "phone": "13800001120", "name": "会员甲"}
    assert (await client.post("/desk/staff/invite-donor", data=form)).status_code == 404
    await rows("UPDATE charity SET legal_mode = $1", LegalMode.PRIVATE.value)
    clock.advance(timedelta(seconds=6))
    assert (await client.post("/desk/staff/invite-donor", data=form)).status_code == 303
    link = (await makers.newest_sms_text("13800001120", sealer)).split("http://testserver")[1]
    client.cookies.clear()
    assert "会员甲" in (await client.get(link)).text
    assert (await client.get(f"/staff{link}")).status_code == 404
    joined = await client.post(link, data={"password": makers.PASSWORD})
    assert joined.headers["location"] == "/wishes"
    viewer = await viewer_in(client, clock)
    assert viewer is not None
    assert viewer.role is Role.DONOR
    client.cookies.clear()
    assert (await client.post(link, data={"password": makers.PASSWORD})).status_code == 404


async def test_a_demos_visitor_follows_the_link_of_a_message(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    await makers.make_admin(sealer=sealer, now=clock.now())
    assert '<a href="/staff/invitations/' in (await client.get("/demo/outbox")).text
