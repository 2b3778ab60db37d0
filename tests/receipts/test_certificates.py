"""Certificates: made for a gift, with a name or without, verified by whoever holds one, and by nobody who guesses."""

import re
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, NotFound
from cishan.receipts.certificates import NOBODY, make_certificate, own_certificate, take_name_off, verify_certificate
from cishan.receipts.rules import new_certificate_token
from cishan.receipts.states import CertificateStanding
from cishan.sealing import Sealer
from cishan.settings import Settings
from conftest import browser_for
from papers import read_qr, text_of
from receipts.gift_makers import Office, make_gift, make_office, refund


@pytest.fixture
async def office(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Office:
    return await make_office(sealer=sealer, now=clock.now())


async def certificate_of(office: Office, clock: SteppedClock, *, anonymous: bool) -> tuple[int, str]:
    order_id = await make_gift(office, now=clock.now())
    await make_certificate(order_id, anonymous=anonymous, actor=office.donor, sealer=office.sealer, now=clock.now())
    made = await own_certificate(order_id, viewer=office.donor, sealer=office.sealer)
    assert made
    return order_id, made.token


def test_the_key_of_a_certificate_has_128_random_bits() -> None:
    tokens = {new_certificate_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch("[A-H][A-Z2-7]{25}", token) for token in tokens)


async def test_a_named_certificate_says_who_gave(office: Office, clock: SteppedClock) -> None:
    _, token = await certificate_of(office, clock, anonymous=False)
    found = await verify_certificate(token, sealer=office.sealer)
    assert (found.name, found.amount_fen, found.standing) == ("王芳", 30_000, CertificateStanding.VALID)


async def test_the_name_goes_as_soon_as_the_donor_says_so(office: Office, clock: SteppedClock) -> None:
    order_id, token = await certificate_of(office, clock, anonymous=False)
    await make_certificate(order_id, anonymous=True, actor=office.donor, sealer=office.sealer, now=clock.now())
    assert (await verify_certificate(token, sealer=office.sealer)).name == NOBODY
    assert len(await rows("SELECT id FROM gift_certificate")) == 1


async def test_a_closed_account_leaves_no_name(office: Office, clock: SteppedClock) -> None:
    _, token = await certificate_of(office, clock, anonymous=False)
    await take_name_off(office.donor.account_id)
    assert (await verify_certificate(token, sealer=office.sealer)).name == NOBODY


async def test_a_certificate_is_void_when_money_goes_back(office: Office, clock: SteppedClock) -> None:
    order_id, token = await certificate_of(office, clock, anonymous=False)
    await refund(office, order_id, 100, now=clock.now())
    assert (await verify_certificate(token, sealer=office.sealer)).standing is CertificateStanding.REVERSED
    assert len(await rows("SELECT id FROM gift_certificate WHERE voided_at IS NOT NULL")) == 1
    assert await own_certificate(order_id, viewer=office.donor, sealer=office.sealer) is None
    await make_certificate(order_id, anonymous=False, actor=office.donor, sealer=office.sealer, now=clock.now())
    assert (await verify_certificate(token, sealer=office.sealer)).standing is CertificateStanding.REVERSED


async def test_a_stranger_makes_no_certificate_of_anothers_gift(
    office: Office, sealer: Sealer, clock: SteppedClock
) -> None:
    order_id = await make_gift(office, now=clock.now())
    stranger = await makers.make_donor(sealer=sealer, now=clock.now())
    with pytest.raises(NotFound):
        await make_certificate(order_id, anonymous=False, actor=stranger, sealer=sealer, now=clock.now())


async def test_nothing_left_makes_no_certificate(office: Office, clock: SteppedClock) -> None:
    order_id = await make_gift(office, now=clock.now(), paid_fen=1)
    with pytest.raises(Conflict):
        await make_certificate(order_id, anonymous=True, actor=office.donor, sealer=office.sealer, now=clock.now())


async def test_the_public_page_says_no_more_than_the_face(
    office: Office, client: httpx2.AsyncClient, clock: SteppedClock
) -> None:
    order_id, token = await certificate_of(office, clock, anonymous=True)
    number = (await rows("SELECT out_trade_no FROM payment_order WHERE id = $1", order_id))[0]["out_trade_no"]
    answer = await client.get(f"/certificates/{token.lower()}")
    assert answer.status_code == 200
    assert "现在有效" in answer.text
    assert "300 元" in answer.text
    assert "noindex" in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "王芳" not in answer.text
    assert number not in answer.text


@pytest.mark.parametrize("token", ["", "A" * 26, "a" * 400, "%00", "1' OR 1=1--"])
async def test_a_guess_finds_nothing(
    office: Office, client: httpx2.AsyncClient, clock: SteppedClock, token: str
) -> None:
    await certificate_of(office, clock, anonymous=False)
    assert (await client.get(f"/certificates/{token}")).status_code in {400, 404}


async def test_the_paper_says_what_the_page_says(
    office: Office, client: httpx2.AsyncClient, clock: SteppedClock, tmp_path: Path
) -> None:
    order_id, token = await certificate_of(office, clock, anonymous=False)
    donor = await makers.signed_in(client, office.donor, now=clock.now())
    answer = await donor.get(f"/me/gifts/{order_id}/certificate.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    text = text_of(answer.content)
    for words in ("王芳", "叁佰元整", "300 元", "2025 年 3 月 3 日", "德州市慈善总会"):
        assert words in text.replace("\n", "")
    assert text.count("\f") == 1
    assert read_qr(answer.content, tmp_path) == f"http://testserver/certificates/{token}"


async def test_another_donor_can_not_download_it(
    office: Office, app: Starlette, sealer: Sealer, clock: SteppedClock
) -> None:
    order_id, _ = await certificate_of(office, clock, anonymous=False)
    stranger = await makers.make_donor(sealer=sealer, now=clock.now())
    async with browser_for(app) as browser:
        await makers.signed_in(browser, stranger, now=clock.now())
        assert (await browser.get(f"/me/gifts/{order_id}/certificate.pdf")).status_code == 404
