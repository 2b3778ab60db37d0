"""One's own account: seeing and ending sessions, changing the password, reading messages."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.sessions import DONOR_SESSION
from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.messages.actions import queue_notice
from cishan.sealing import Sealer
from conftest import browser_for

PHONE = "13700000011"
FORM_KEY = "k" * 20


@pytest.fixture(autouse=True)
async def donor(transaction: object, clock: SteppedClock, sealer: Sealer) -> Viewer:
    await makers.make_charity(now=clock.now())
    return await makers.make_donor(sealer=sealer, now=clock.now(), phone=PHONE)


@pytest.fixture
async def phone(app: Starlette, donor: Viewer, clock: SteppedClock) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_for(app) as browser:
        yield await makers.signed_in(browser, donor, now=clock.now())


@pytest.fixture
async def computer(app: Starlette, donor: Viewer, clock: SteppedClock) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_for(app) as browser:
        yield await makers.signed_in(browser, donor, now=clock.now())


async def session_ids(account_id: int) -> list[int]:
    found = await rows("SELECT id FROM session WHERE account_id = $1 AND revoked_at IS NULL ORDER BY id", account_id)
    return [row["id"] for row in found]


async def is_in(browser: httpx2.AsyncClient) -> bool:
    return (await browser.get("/me/devices")).status_code == 200


async def test_one_device_can_be_signed_out_from_another(
    phone: httpx2.AsyncClient, computer: httpx2.AsyncClient, donor: Viewer
) -> None:
    of_computer = (await session_ids(donor.account_id))[-1]
    answer = await phone.post(f"/me/devices/{of_computer}/revoke", data={"form_key": FORM_KEY})
    assert answer.headers["location"] == "/me/devices"
    assert (await is_in(phone), await is_in(computer)) == (True, False)


async def test_all_others_can_be_signed_out_at_once(
    phone: httpx2.AsyncClient, computer: httpx2.AsyncClient, donor: Viewer
) -> None:
    await phone.post("/me/devices/revoke-others", data={"form_key": FORM_KEY})
    assert (await is_in(phone), await is_in(computer)) == (True, False)
    assert len(await session_ids(donor.account_id)) == 1


async def test_another_persons_device_is_not_there(
    phone: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    other = await makers.make_donor(sealer=sealer, now=clock.now())
    answer = await phone.post(f"/me/devices/{other.session_id}/revoke", data={"form_key": FORM_KEY})
    assert answer.status_code == 404
    assert await session_ids(other.account_id) == [other.session_id]


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 303), (1, 303)])
async def test_a_session_ends_by_itself(
    phone: httpx2.AsyncClient, clock: SteppedClock, seconds: int, status: int
) -> None:
    clock.advance(DONOR_SESSION + timedelta(seconds=seconds))
    assert (await phone.get("/me/devices")).status_code == status


async def test_the_page_says_when_a_device_was_last_used(phone: httpx2.AsyncClient, clock: SteppedClock) -> None:
    clock.advance(timedelta(hours=3))
    await phone.get("/about")
    assert "2025 年 3 月 3 日 12:00" in (await phone.get("/me/devices")).text


async def test_a_changed_password_signs_out_the_others_and_works(
    app: Starlette, phone: httpx2.AsyncClient, computer: httpx2.AsyncClient
) -> None:
    form = {"current": makers.PASSWORD, "new": "梧桐树上有三只喜鹊叫"}
    answer = await phone.post("/me/password", data=form)
    assert answer.headers["location"] == "/me/password"
    assert (await is_in(phone), await is_in(computer)) == (True, False)
    async with browser_for(app) as other:
        old = await other.post("/sign-in", data={"phone": PHONE, "password": makers.PASSWORD})
        new = await other.post("/sign-in", data={"phone": PHONE, "password": "梧桐树上有三只喜鹊叫"})
    assert (old.status_code, new.status_code) == (400, 303)


async def test_the_present_password_is_asked_for_five_times_at_most(phone: httpx2.AsyncClient) -> None:
    form = {"current": "not this one", "new": "梧桐树上有三只喜鹊叫"}
    statuses = [(await phone.post("/me/password", data=form)).status_code for _ in range(6)]
    assert statuses == [400] * 5 + [429]


async def test_messages_show_the_newest_first_twenty_a_page(
    phone: httpx2.AsyncClient, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    for number in range(21):
        clock.advance(timedelta(minutes=1))
        text = f"第{number:02d}条消息"
        await queue_notice(f"test:{number}", donor.account_id, text, sealer=sealer, now=clock.now())
    first, second = await phone.get("/me/messages"), await phone.get("/me/messages?page=2")
    assert first.text.index("第20条") < first.text.index("第19条") < first.text.index("第01条")
    assert "第00条" not in first.text
    assert "第00条" in second.text


async def test_a_message_is_read_by_its_owner_alone(
    client: httpx2.AsyncClient, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await queue_notice("test:mine", donor.account_id, "只给王芳看", sealer=sealer, now=clock.now())
    other = await makers.make_donor(sealer=sealer, now=clock.now())
    await makers.signed_in(client, other, now=clock.now())
    assert "只给王芳看" not in (await client.get("/me/messages")).text
