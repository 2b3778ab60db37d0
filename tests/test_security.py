"""Safe by default: what every answer says, and that junk is met with 400, never 500."""

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.states import Role
from cishan.clock import SteppedClock
from cishan.forms.reading import MAX_FIELDS, MAX_FILES
from cishan.routes import FORM_BYTES, ROUTES
from cishan.sealing import Sealer
from conftest import browser_for

SOME_KEY = "k" * 24
PAGES = ["/wishes", "/about", "/sign-in", "/list", "/no-such-page"]


@pytest.fixture
async def charity(transaction: object, clock: SteppedClock) -> None:
    await makers.make_charity(now=clock.now())


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_carries_the_headers(charity: None, client: httpx2.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in {"same-origin", "no-referrer"}
    assert headers["cache-control"] == "no-store"


async def test_pages_hold_no_inline_script_or_style(charity: None, client: httpx2.AsyncClient) -> None:
    for path in PAGES:
        text = (await client.get(path)).text
        assert "<script>" not in text
        assert "<style" not in text
        assert " style=" not in text
        assert " onclick=" not in text


async def test_another_host_is_not_answered(charity: None, app: Starlette) -> None:
    async with browser_for(app) as browser:
        assert (await browser.get("/wishes", headers={"Host": "evil.example"})).status_code == 400


SENDERS = [
    ({"Origin": "http://testserver"}, True),
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "none"}, True),
    ({"Origin": "http://evil.example"}, False),
    ({"Origin": "http://sub.testserver"}, False),
    ({"Origin": "null"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
    ({"Cookie": "cishan_session=abc"}, False),
]


@pytest.mark.parametrize(("sender", "believed"), SENDERS)
async def test_writes_come_from_our_own_pages(
    charity: None, app: Starlette, sender: dict[str, str], believed: bool
) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://testserver") as stranger:
        answer = await stranger.post("/mode", data={"mode": "elder"}, headers=sender)
    assert (answer.status_code == 303) is believed
    assert (answer.status_code == 403) is not believed


async def test_only_the_gateways_notice_needs_no_origin(charity: None, app: Starlette) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://testserver") as machine:
        notice = await machine.post("/pay/notify", content=b"x=1", headers={"Origin": "http://evil.example"})
    assert notice.status_code == 200
    assert notice.text == "failure"


@pytest.mark.parametrize(("size", "status"), [(FORM_BYTES - 1000, 303), (FORM_BYTES + 1, 413)])
async def test_a_form_has_a_largest_size(charity: None, client: httpx2.AsyncClient, size: int, status: int) -> None:
    answer = await client.post("/mode", data={"mode": "elder", "junk": "x" * size})
    assert answer.status_code == status


async def test_a_form_has_a_largest_number_of_fields(charity: None, client: httpx2.AsyncClient) -> None:
    many = {f"field{number}": "1" for number in range(MAX_FIELDS + 1)}
    assert (await client.post("/mode", data=many)).status_code == 400


async def test_a_form_has_a_largest_number_of_files(charity: None, client: httpx2.AsyncClient) -> None:
    files = [("picture", (f"{number}.png", b"x", "image/png")) for number in range(MAX_FILES + 1)]
    assert (await client.post("/mode", files=files)).status_code == 400


JUNK = ["abc", "-1", "9" * 40, "%00", "１２", "..%2f..%2fetc%2fpasswd"]


@pytest.mark.parametrize("role", [None, Role.DONOR, Role.COORDINATOR, Role.TOWN_REVIEWER, Role.EDITOR, Role.FINANCE])
async def test_junk_in_an_address_is_never_a_fault_of_ours(
    charity: None, app: Starlette, sealer: Sealer, clock: SteppedClock, role: Role | None
) -> None:
    places = {Role.COORDINATOR: makers.VILLAGE, Role.TOWN_REVIEWER: makers.TOWN}
    async with browser_for(app) as browser:
        if role is Role.DONOR:
            await makers.signed_in(browser, await makers.make_donor(sealer=sealer, now=clock.now()), now=clock.now())
        elif role is not None:
            place = places.get(role, makers.CITY)
            staff = await makers.make_staff(role, place, sealer=sealer, now=clock.now())
            await makers.signed_in(browser, staff, now=clock.now())
        wrong = []
        for row in ROUTES:
            if "GET" not in row.methods:
                continue
            for junk in JUNK if "{" in row.path else [f"?q={JUNK[4]}&page={JUNK[2]}&kind={JUNK[0]}&year=%00&after=x"]:
                address = "/".join(junk if part.startswith("{") else part for part in row.path.split("/"))
                answer = await browser.get(address if "{" in row.path else row.path + junk)
                if answer.status_code >= 500:
                    wrong.append(f"{address}: {answer.status_code}")
        assert wrong == []


async def test_the_session_cookie_is_kept_from_scripts_and_other_sites(
    charity: None, client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    await makers.make_donor(sealer=sealer, now=clock.now(), phone="13900001111")
    form = {"phone": "13900001111", "password": makers.PASSWORD, "form_key": SOME_KEY}
    answer = await client.post("/sign-in", data=form)
    cookie = next(value for value in answer.headers.get_list("set-cookie") if "cishan_session=" in value)
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


QUERIES = [
    "/desk/households?q=1%00",
    "/desk/households?village=371402001%00",
    "/desk/households?page=000001" + "9" * 30,
    "/desk/households/1/unmask?field=name&person=" + "9" * 5000,
    "/desk/lists?case_number=%00",
    "/desk/doubts?x=%00",
]


@pytest.mark.parametrize("address", QUERIES)
async def test_junk_behind_the_question_mark_is_never_a_fault_of_ours(
    charity: None, client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock, address: str
) -> None:
    reviewer = await makers.make_staff(Role.TOWN_REVIEWER, makers.TOWN, sealer=sealer, now=clock.now())
    await makers.signed_in(client, reviewer, now=clock.now())
    assert (await client.get(address)).status_code < 500


@pytest.mark.parametrize("number", ["9223372036854775808", "-9223372036854775809", "９" * 40])
async def test_a_number_no_table_can_hold_is_400(
    charity: None, client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock, number: str
) -> None:
    finance = await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=clock.now())
    await makers.signed_in(client, finance, now=clock.now())
    answer = await client.post("/desk/finance/advances/check", data={"form_key": SOME_KEY, "claim": number})
    assert answer.status_code == 400


async def test_half_a_character_is_refused_like_a_nul(
    charity: None, client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    """A multipart form may name any codec of Python's; some of them make text that no database can keep."""
    donor = await makers.make_donor(sealer=sealer, now=clock.now())
    await makers.signed_in(client, donor, now=clock.now())
    parts = {"form_key": SOME_KEY, "page": "/", "text": "\\ud800 half"}
    body = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()
    )
    kind = "multipart/form-data; boundary=b; charset=unicode_escape"
    answer = await client.post("/report", content=f"{body}--b--\r\n", headers={"Content-Type": kind})
    assert answer.status_code == 400
