"""What no form of ours sends: ids without end, days before and after all time, alphabets that nobody knows. Each gets an answer."""

import pytest
from starlette.applications import Starlette

from cishan.accounts.states import Role
from cishan.clock import SteppedClock
from cishan.sealing import Sealer
from cishan.web import MAX_ID, id_in
from conftest import browser_for
from makers import CITY, make_charity, make_staff, signed_in
from payouts.payout_makers import key_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1", 1),
        (str(MAX_ID), MAX_ID),
        (str(MAX_ID + 1), None),
        ("9" * 5_000, None),
        ("0", None),
        ("-1", None),
        ("１", None),
        ("²", None),
        ("", None),
    ],
)
def test_an_id_is_read_or_not(text: str, found: int | None) -> None:
    assert id_in(text) == found


@pytest.mark.parametrize(
    "path",
    [
        "/wishes/" + "1" * 5_000,
        "/projects/" + "1" * 5_000,
        "/disclosures?project=" + "1" * 30,
        "/disclosures?project=" + "1" * 5_000,
    ],
)
async def test_an_address_without_end_has_an_answer(app: Starlette, clock: SteppedClock, path: str) -> None:
    await make_charity(now=clock.now())
    async with browser_for(app) as browser:
        assert (await browser.get(path)).status_code in {200, 404, 414}


async def test_a_form_in_an_alphabet_that_nobody_knows_is_a_bad_form(app: Starlette, clock: SteppedClock) -> None:
    await make_charity(now=clock.now())
    body = b'--x\r\nContent-Disposition: form-data; name="phone"\r\n\r\n13800000000\r\n--x--\r\n'
    async with browser_for(app) as browser:
        for charset in ("undefined", "no-such-alphabet"):
            kind = f"multipart/form-data; boundary=x; charset={charset}"
            answer = await browser.post("/sign-in", content=body, headers={"Content-Type": kind})
            assert answer.status_code == 400


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1899-12-31", "2201-01-01"])
async def test_a_day_that_nobody_lives_to_see_is_asked_for_again(
    app: Starlette, sealer: Sealer, clock: SteppedClock, day: str
) -> None:
    await make_charity(now=clock.now())
    director = await make_staff(Role.DIRECTOR, CITY, sealer=sealer, now=clock.now())
    here = "/desk/payouts/terms"
    async with browser_for(app) as browser:
        await signed_in(browser, director, now=clock.now())
        form = {"third_person_over": "1", "large_donor": "1", "valid_from": day}
        answer = await browser.post(here, data={**form, "form_key": key_of(await browser.get(here))})
    assert answer.status_code == 400
    assert "日期不对" in answer.text


@pytest.mark.parametrize("month", ["0001-01", "9999-12", "2025-13"])
async def test_a_month_that_nobody_books_is_not_there(
    app: Starlette, sealer: Sealer, clock: SteppedClock, month: str
) -> None:
    await make_charity(now=clock.now())
    finance = await make_staff(Role.FINANCE, CITY, sealer=sealer, now=clock.now())
    async with browser_for(app) as browser:
        await signed_in(browser, finance, now=clock.now())
        assert (await browser.get(f"/desk/finance/months/{month}/vouchers.csv")).status_code == 404
