"""Signing in with a password: who gets in, who is slowed down, and what a browser holds afterwards."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.sign_in import Visitor, sign_in_with_password
from cishan.accounts.states import AccountKind, Role
from cishan.app import create_app
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import InvalidInput
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.web import SESSION_COOKIE
from conftest import browser_for

PHONE = "13700000001"
RIGHT = {"phone": PHONE, "password": makers.PASSWORD}
WRONG = {"phone": PHONE, "password": "not the password"}


class CountingPasswords:
    """Has the methods of Passwords and counts how often each is asked; 'right' is everyone's password."""

    def __init__(self) -> None:
        self.hashed = self.compared = 0

    async def hash(self, password: str) -> str:
        self.hashed += 1
        return f"hash of {password}"

    async def matches(self, stored: str | None, password: str) -> bool:
        self.compared += 1
        return stored is not None and password == "right"


@pytest.fixture(autouse=True)
async def donor(transaction: object, clock: SteppedClock, sealer: Sealer) -> None:
    await makers.make_charity(now=clock.now())
    await makers.make_donor(sealer=sealer, now=clock.now(), phone=PHONE)


@pytest.fixture
async def stranger(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_for(app) as browser:
        yield browser


async def test_the_right_password_lets_in_and_leads_on(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/sign-in", data={**RIGHT, "next": "/me/devices"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me/devices")
    assert (await client.get("/me/devices")).status_code == 200


async def test_a_page_that_needs_sign_in_is_reached_after_it(client: httpx2.AsyncClient) -> None:
    door = await client.get("/me/devices")
    page = await client.get(door.headers["location"])
    assert 'name="next" value="/me/devices"' in page.text


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\tx", "evil"]
)
async def test_sign_in_never_leads_to_another_site(client: httpx2.AsyncClient, elsewhere: str) -> None:
    page = await client.get("/sign-in", params={"next": elsewhere})
    assert 'name="next" value="/"' in page.text
    answer = await client.post("/sign-in", data={**RIGHT, "next": elsewhere})
    assert answer.headers["location"] == "/wishes"


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/sign-in", data=RIGHT)
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(SESSION_COOKIE))
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert "secure" not in cookie.lower()


async def test_over_https_the_cookie_never_travels_in_the_clear(transaction: Settings, clock: SteppedClock) -> None:
    settings = replace(transaction, site_url="https://testserver")
    app = create_app(settings, clock=clock, passwords=makers.QUICK_PASSWORDS, open_database=False)
    async with app.router.lifespan_context(app), browser_for(app) as browser:
        answer = await browser.post("/sign-in", data=RIGHT)
    cookies = answer.headers.get_list("set-cookie")
    assert all("secure" in line.lower() for line in cookies if "max-age=0" not in line.lower())


async def test_signing_in_gives_a_new_token_and_ends_the_old_one(client: httpx2.AsyncClient) -> None:
    await client.post("/sign-in", data=RIGHT)
    first = client.cookies[SESSION_COOKIE]
    await client.post("/sign-in", data=RIGHT)
    second = client.cookies[SESSION_COOKIE]
    assert first != second
    live = await rows("SELECT count(*) AS n FROM session WHERE revoked_at IS NULL AND device <> '测试'")
    assert live[0]["n"] == 1


async def test_a_planted_token_is_worth_nothing(client: httpx2.AsyncClient, stranger: httpx2.AsyncClient) -> None:
    planted = "a-token-that-the-attacker-knows-aaaaaaaaaaa"
    client.cookies.set(SESSION_COOKIE, planted)
    answer = await client.post("/sign-in", data=RIGHT)
    given = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(SESSION_COOKIE))
    assert planted not in given
    stranger.cookies.set(SESSION_COOKIE, planted)
    assert (await stranger.get("/me/devices")).status_code == 303


async def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    await client.post("/sign-in", data=RIGHT)
    stranger.cookies.set(SESSION_COOKIE, client.cookies[SESSION_COOKIE])
    assert (await stranger.get("/me/devices")).status_code == 200
    await client.post("/sign-out", data={})
    assert SESSION_COOKIE not in client.cookies
    assert (await stranger.get("/me/devices")).status_code == 303


@pytest.mark.parametrize(("wrong_ones", "status"), [(3, 303), (4, 303), (5, 429)])
async def test_five_tries_in_a_quarter_of_an_hour(client: httpx2.AsyncClient, wrong_ones: int, status: int) -> None:
    for _ in range(wrong_ones):
        assert (await client.post("/sign-in", data=WRONG)).status_code == 400
    answer = await client.post("/sign-in", data=RIGHT)
    assert answer.status_code == status
    if status == 429:
        assert "请 15 分钟后再试" in answer.text
        assert answer.headers["retry-after"] == "900"


@pytest.mark.parametrize(("seconds", "status"), [(-1, 429), (0, 303), (1, 303)])
async def test_the_door_opens_again_after_the_quarter(
    client: httpx2.AsyncClient, clock: SteppedClock, seconds: int, status: int
) -> None:
    for _ in range(5):
        await client.post("/sign-in", data=WRONG)
    clock.advance(timedelta(minutes=15, seconds=seconds))
    assert (await client.post("/sign-in", data=RIGHT)).status_code == status


async def test_no_quarter_of_an_hour_holds_more_than_five_tries(
    client: httpx2.AsyncClient, clock: SteppedClock
) -> None:
    """A window that only began with the first try would allow four more right after it."""
    allowed = []
    for minutes_later in (0, 14, 0, 0, 0, 1, 0, 0):
        clock.advance(timedelta(minutes=minutes_later))
        allowed.append((await client.post("/sign-in", data=WRONG)).status_code == 400)
    assert allowed == [True] * 5 + [False] * 3


async def test_an_unknown_phone_is_slowed_down_as_a_known_one(client: httpx2.AsyncClient) -> None:
    unknown = {"phone": "13700000099", "password": "not the password"}
    statuses = [(await client.post("/sign-in", data=unknown)).status_code for _ in range(6)]
    assert statuses == [400] * 5 + [429]


async def test_a_strangers_guesses_do_not_lock_out_the_owners_device(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    await client.post("/sign-in", data=RIGHT)
    await client.post("/sign-out", data={})
    for _ in range(6):
        guessed = await stranger.post("/sign-in", data=WRONG)
    assert guessed.status_code == 429
    assert (await stranger.post("/sign-in", data=RIGHT)).status_code == 429
    assert (await client.post("/sign-in", data=RIGHT)).status_code == 303


async def test_a_locked_out_owner_still_gets_in_by_code(client: httpx2.AsyncClient, sealer: Sealer) -> None:
    for _ in range(6):
        await client.post("/sign-in", data=WRONG)
    await client.post("/sign-in", data={"phone": PHONE, "way": "code"})
    answer = await client.post("/sign-in/code", data={"code": await makers.newest_code(PHONE, sealer)})
    assert answer.headers["location"] == "/wishes"
    assert (await client.get("/me/devices")).status_code == 200


async def test_the_tries_of_one_address_are_counted_over_all_phones(app: Starlette) -> None:
    async with browser_for(app) as browser:
        statuses = [
            (await browser.post("/sign-in", data={"phone": f"136{number:08d}", "password": "x"})).status_code
            for number in range(101)
        ]
    assert (statuses[:100].count(400), statuses[100]) == (100, 429)


async def test_unknown_closed_and_wrong_all_cost_one_comparison(sealer: Sealer, clock: SteppedClock) -> None:
    closed = await makers.make_donor(sealer=sealer, now=clock.now(), phone="13700000002")
    await rows("UPDATE account SET disabled_at = $2 WHERE id = $1", closed.account_id, clock.now())
    sentences = set()
    for phone, password in ((PHONE, "wrong"), ("13700000002", "right"), ("13700000098", "right")):
        passwords = CountingPasswords()
        with pytest.raises(InvalidInput) as refused:
            await sign_in_with_password(
                phone,
                password,
                AccountKind.DONOR,
                visitor=Visitor("127.0.0.1", "测试"),
                sealer=sealer,
                now=clock.now(),
                passwords=passwords,  # type: ignore[arg-type]
            )
        assert (passwords.compared, passwords.hashed) == (1, 0)
        sentences.add(refused.value.sentence)
    assert len(sentences) == 1


async def test_staff_sign_in_at_their_own_door_and_land_on_their_work(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    await makers.make_admin(sealer=sealer, now=clock.now())
    phone = makers.new_phone()
    await makers.make_staff(Role.ADMIN, makers.COUNTY, sealer=sealer, now=clock.now(), phone=phone)
    form = {"phone": phone, "password": makers.PASSWORD}
    assert (await client.post("/sign-in", data=form)).status_code == 400
    answer = await client.post("/staff/sign-in", data=form)
    assert answer.headers["location"] == "/desk/staff"
    assert (await client.get("/desk/staff")).status_code == 200
    assert (await client.get("/staff")).headers["location"] == "/desk/staff"
