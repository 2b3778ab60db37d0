"""My data: all of it, for me alone; the name put right; the account closed when nothing is under way (R-24)."""

import json
import re

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.actions import PHONE_LABEL
from cishan.accounts.sessions import open_session, viewer_of_token
from cishan.accounts.states import AccountKind
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.monthly.actions import start_plan
from cishan.receipts.certificates import make_certificate
from cishan.sealing import Sealer
from conftest import browser_for
from donations.donation_makers import pay, pledge
from receipts.gift_makers import Office, ask, issue, make_gift, make_office

ID_NUMBER = "110101199003078515"


@pytest.fixture
async def office(app: Starlette, sealer: Sealer, clock: SteppedClock) -> Office:
    return await make_office(sealer=sealer, now=clock.now())


@pytest.fixture
async def donor(office: Office, client: httpx2.AsyncClient, clock: SteppedClock) -> httpx2.AsyncClient:
    return await makers.signed_in(client, office.donor, now=clock.now())


def key_of(page: str) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    assert found
    return found.group(1)


async def send(browser: httpx2.AsyncClient, address: str, **fields: str) -> httpx2.Response:
    page = await browser.get(address)
    return await browser.post(address, data={"form_key": key_of(page.text), **fields})


async def test_the_copy_holds_everything_and_opens_what_is_sealed(
    office: Office, donor: httpx2.AsyncClient, clock: SteppedClock
) -> None:
    order_id = await make_gift(office, now=clock.now())
    await issue(office, await ask(office, order_id, now=clock.now(), number=ID_NUMBER), now=clock.now())
    answer = await donor.get("/me/data/copy")
    assert "attachment" in answer.headers["content-disposition"]
    copy = json.loads(answer.text)
    assert copy["账号"]["姓名"] == "王芳"
    assert copy["订单"][0]["实付（元）"] == "300.00"
    assert copy["票据申请"][0]["证件号码"] == ID_NUMBER
    assert "票据开好了" in copy["消息"][0]["内容"]


async def test_the_page_masks_the_phone_and_says_what_for(
    office: Office, donor: httpx2.AsyncClient, sealer: Sealer
) -> None:
    phone = sealer.open(
        (await rows("SELECT phone_sealed FROM account WHERE id = $1", office.donor.account_id))[0]["phone_sealed"],
        PHONE_LABEL,
    )
    page = (await donor.get("/me/data")).text
    assert phone not in page
    assert f"{phone[:3]}****{phone[-4:]}" in page
    assert "用来做什么" in page


async def test_a_copy_is_mine_alone(office: Office, app: Starlette, sealer: Sealer, clock: SteppedClock) -> None:
    await make_gift(office, now=clock.now())
    stranger = await makers.make_donor(sealer=sealer, now=clock.now(), name="李明")
    async with browser_for(app) as browser:
        await makers.signed_in(browser, stranger, now=clock.now())
        copy = json.loads((await browser.get("/me/data/copy")).text)
    assert copy["订单"] == []
    assert "王芳" not in json.dumps(copy, ensure_ascii=False)


async def test_the_name_is_put_right(office: Office, donor: httpx2.AsyncClient) -> None:
    assert (await send(donor, "/me/data/name", name="王芳芳")).status_code == 303
    assert "王芳芳" in (await donor.get("/me/data")).text
    refused = await send(donor, "/me/data/name", name="<b>")
    assert refused.status_code == 400
    assert "&lt;b&gt;" in refused.text


async def test_a_closed_account_is_out_and_its_phone_is_free(
    office: Office, donor: httpx2.AsyncClient, client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    order_id = await make_gift(office, now=clock.now())
    await make_certificate(order_id, anonymous=False, actor=office.donor, sealer=sealer, now=clock.now())
    row = (await rows("SELECT phone_sealed FROM account WHERE id = $1", office.donor.account_id))[0]
    phone = sealer.open(row["phone_sealed"], PHONE_LABEL)
    assert (await send(donor, "/me/data/close")).status_code == 400
    assert (await send(donor, "/me/data/close", sure="yes")).status_code == 303
    account = (await rows("SELECT * FROM account WHERE id = $1", office.donor.account_id))[0]
    assert account["disabled_at"] == clock.now()
    assert sealer.open(account["phone_sealed"], PHONE_LABEL) == ""
    assert account["phone_index"] != sealer.digest(phone, PHONE_LABEL)
    assert account["password_hash"] is None
    assert await rows("SELECT id FROM session WHERE account_id = $1 AND revoked_at IS NULL", account["id"]) == []
    assert await rows("SELECT id FROM gift_certificate WHERE NOT anonymous") == []
    assert await rows("SELECT id FROM outbox_message WHERE account_id = $1", account["id"]) == []
    assert len(await rows("SELECT id FROM payment_order WHERE donor_id = $1", account["id"])) == 1
    token = await open_session(account["id"], AccountKind.DONOR, device="旧手机", now=clock.now())
    assert await viewer_of_token(token, now=clock.now()) is None
    again = await makers.make_donor(sealer=sealer, now=clock.now(), phone=phone)
    assert again.account_id != account["id"]


async def test_an_account_with_something_under_way_stays_open(
    office: Office, donor: httpx2.AsyncClient, clock: SteppedClock
) -> None:
    page = await donor.get("/me/data/close")
    order_id = await make_gift(office, now=clock.now())
    await ask(office, order_id, now=clock.now())
    answer = await donor.post("/me/data/close", data={"form_key": key_of(page.text), "sure": "yes"})
    assert answer.status_code == 409
    assert "1 张票据财务还没有开好" in (await donor.get("/me/data/close")).text
    disabled = await rows("SELECT disabled_at FROM account WHERE id = $1", office.donor.account_id)
    assert disabled[0]["disabled_at"] is None


async def test_a_closed_account_leaves_no_name_in_public_and_no_plan(
    office: Office, donor: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    now, fund_id = clock.now(), office.site.fund_id
    given = await pledge(fund_id, 5_000, donor=office.donor, now=now, shows_name=True)
    await pay(given, sealer=sealer, now=now)
    await start_plan(fund_id, 5_000, 20, shows_name=True, actor=office.donor, now=now)
    assert (await send(donor, "/me/data/close", sure="yes")).status_code == 303
    assert await rows("SELECT shows_name FROM donation") == [{"shows_name": False}]
    assert await rows("SELECT status FROM monthly_plan") == [{"status": "ended"}]
