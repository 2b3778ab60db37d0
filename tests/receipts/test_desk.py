"""The pages: a donor asks, finance issues and reverses, each sees what is theirs; forms keep what was typed."""

import re

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.receipts.actions import reverse_wrong_receipt
from cishan.sealing import Sealer
from conftest import browser_for
from donations.donation_makers import pay, pledge
from receipts.gift_makers import CODE_2025, Office, ask, make_gift, make_office, make_receipt

DESK = "/desk/finance/receipts"


@pytest.fixture
async def office(app: Starlette, sealer: Sealer, clock: SteppedClock) -> Office:
    return await make_office(sealer=sealer, now=clock.now())


def key_of(page: str) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    assert found
    return found.group(1)


async def test_from_the_donors_form_to_the_donors_receipt(
    office: Office, app: Starlette, client: httpx2.AsyncClient, clock: SteppedClock
) -> None:
    order_id = await make_gift(office, now=clock.now())
    donor = await makers.signed_in(client, office.donor, now=clock.now())
    form = await donor.get(f"/me/gifts/{order_id}/receipt")
    assert 'value="王芳"' in form.text
    given = {"form_key": key_of(form.text), "payer_name": "王芳", "payer_number": ""}
    assert (await donor.post(f"/me/gifts/{order_id}/receipt", data=given)).status_code == 303
    async with browser_for(app) as browser:
        finance = await makers.signed_in(browser, office.finance, now=clock.now())
        desk = await finance.get(DESK)
        address = re.search(rf'href="({DESK}/\d+)"', desk.text)
        assert address
        page = await finance.get(address.group(1))
        for words in ("叁佰元整", "公益事业捐赠统一票据", "王芳（个人）", "微心愿"):
            assert words in page.text
        numbers = {"code": CODE_2025, "number": "0000000042", "check_code": "Ab12cd", "amount_fen": "30000"}
        done = await finance.post(f"{address.group(1)}/issue", data={"form_key": key_of(page.text), **numbers})
        assert done.status_code == 303
        register = await finance.get(f"{DESK}/issued?number=0000000042")
        assert "2025-000001" in register.text
    seen = (await donor.get(f"/me/gifts/{order_id}")).text
    assert "0000000042" in seen
    assert "AB12CD" in seen


async def test_a_wrong_number_is_shown_with_what_was_typed(
    office: Office, client: httpx2.AsyncClient, clock: SteppedClock
) -> None:
    request_id = await ask(office, await make_gift(office, now=clock.now()), now=clock.now())
    finance = await makers.signed_in(client, office.finance, now=clock.now())
    page = await finance.get(f"{DESK}/{request_id}")
    typed = {"code": CODE_2025, "number": "42", "check_code": "Ab12cd", "amount_fen": "30000"}
    answer = await finance.post(f"{DESK}/{request_id}/issue", data={"form_key": key_of(page.text), **typed})
    assert answer.status_code == 400
    assert "票据号码是 10 位数字" in answer.text
    assert 'value="42"' in answer.text


async def test_a_late_request_is_marked(office: Office, client: httpx2.AsyncClient, clock: SteppedClock) -> None:
    await ask(office, await make_gift(office, now=clock.now()), now=clock.now())
    finance = await makers.signed_in(client, office.finance, now=clock.now())
    assert "is-late" not in (await finance.get(DESK)).text
    await rows("UPDATE receipt_request SET due_at = $1", clock.now())
    assert "is-late" in (await finance.get(DESK)).text


async def test_a_red_number_is_entered_on_the_desk(
    office: Office, client: httpx2.AsyncClient, clock: SteppedClock
) -> None:
    _, receipt_id = await make_receipt(office, now=clock.now())
    await reverse_wrong_receipt(receipt_id, actor=office.finance, sealer=office.sealer, now=clock.now())
    finance = await makers.signed_in(client, office.finance, now=clock.now())
    page = await finance.get(DESK)
    action = re.search(rf'action="({DESK}/reversals/\d+/red)"', page.text)
    assert action
    key = key_of(page.text[action.start() :])
    wrong = await finance.post(action.group(1), data={"form_key": key, "code": "1", "number": "2", "check_code": "3"})
    assert wrong.status_code == 400
    numbers = {"code": CODE_2025, "number": "0000009999", "check_code": "abcdef"}
    assert (await finance.post(action.group(1), data={"form_key": key, **numbers})).status_code == 303
    assert "37060125 0000009999" in (await finance.get(f"{DESK}/issued")).text


async def test_no_page_shows_one_donor_the_others_gift(
    office: Office, client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    order_id = await make_gift(office, now=clock.now())
    stranger = await makers.make_donor(sealer=sealer, now=clock.now(), name="李明")
    browser = await makers.signed_in(client, stranger, now=clock.now())
    for address in (f"/me/gifts/{order_id}", f"/me/gifts/{order_id}/receipt"):
        assert (await browser.get(address)).status_code == 404
    assert "还没有捐款" in (await browser.get("/me/gifts")).text


async def test_a_donation_that_waits_for_its_money_is_found_again(
    office: Office, app: Starlette, clock: SteppedClock
) -> None:
    given = await pledge(office.site.fund_id, 5_600, donor=office.donor, now=clock.now())
    async with browser_for(app) as browser:
        await makers.signed_in(browser, office.donor, now=clock.now())
        page = (await browser.get("/me/gifts")).text
        assert f"/me/donations/{given.donation_id}" in page
        assert "等您付款" in page
        await pay(given, sealer=office.sealer, now=clock.now())
        assert "还没有到账的" not in (await browser.get("/me/gifts")).text
