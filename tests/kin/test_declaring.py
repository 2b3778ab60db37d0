"""People who work here declare what they share with near kin; only digests stay, and nothing typed comes back (R-11)."""

from datetime import date

import pytest
from starlette.applications import Starlette

from cishan.accounts.states import Role
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import InvalidInput
from cishan.kin.rules import MOST_TIES, read_near, surname_of
from cishan.kin.states import Tie
from cishan.sealing import Sealer
from conftest import browser_for
from makers import CITY, TOWN, VILLAGE, make_charity, make_staff, new_id_number, new_phone, signed_in
from payouts.payout_makers import key_of

TODAY = date(2025, 3, 3)
TIES = "/desk/ties"


async def test_a_reviewer_declares_and_reads_only_how_many(app: Starlette, sealer: Sealer, clock: SteppedClock) -> None:
    await make_charity(now=clock.now())
    reviewer = await make_staff(Role.TOWN_REVIEWER, TOWN, sealer=sealer, now=clock.now())
    number, phone = new_id_number(), new_phone()
    async with browser_for(app) as browser:
        await signed_in(browser, reviewer, now=clock.now())
        page = await browser.get(TIES)
        assert "已经申报的" not in page.text
        form = {"form_key": key_of(page, "p"), "id_numbers": f"{number}\n\n{new_id_number()}", "phones": phone}
        assert (await browser.post(TIES, data=form)).status_code == 303
        page = await browser.get(f"{TIES}?place={VILLAGE}")
        assert "2 项" in page.text
        form = {"form_key": key_of(page, "v"), "village": VILLAGE, "address": "前屯 12 号", "surname": "欧阳"}
        assert (await browser.post(TIES, data=form)).status_code == 303
        shown = (await browser.get(TIES)).text
    assert not any(text in shown for text in (number, phone, "前屯", "欧阳"))
    kept = await rows("SELECT tie, digest FROM account_tie ORDER BY id")
    assert sorted(row["tie"] for row in kept) == sorted(
        [Tie.ID_NUMBER, Tie.ID_NUMBER, Tie.PHONE, Tie.ADDRESS, Tie.SURNAME_VILLAGE]
    )
    assert not any(number in row["digest"] or phone in row["digest"] for row in kept)


async def test_what_is_wrong_is_said_without_repeating_it(app: Starlette, sealer: Sealer, clock: SteppedClock) -> None:
    await make_charity(now=clock.now())
    cashier = await make_staff(Role.CASHIER, CITY, sealer=sealer, now=clock.now())
    wrong = new_id_number()[:-1] + "?"
    async with browser_for(app) as browser:
        await signed_in(browser, cashier, now=clock.now())
        page = await browser.get(TIES)
        form = {"form_key": key_of(page, "p"), "id_numbers": f"{new_id_number()}\n{wrong}"}
        answer = await browser.post(TIES, data=form)
    assert answer.status_code == 400
    assert "第 2 行" in answer.text
    assert wrong not in answer.text
    assert await rows("SELECT id FROM account_tie") == []


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "id_numbers"),
        ({"phones": "12345"}, "phones"),
        ({"address": "12 号"}, "address"),
        ({"surname": "王"}, "address"),
        ({"phones": "\n".join(f"138000{n:05}" for n in range(MOST_TIES + 1))}, "id_numbers"),
    ],
)
def test_a_form_that_says_nothing_or_too_much_is_refused(typed: dict[str, str], field: str) -> None:
    given = {"id_numbers": "", "phones": "", "village": "", "address": "", "surname": "", **typed}
    with pytest.raises(InvalidInput) as refused:
        read_near(**given, today=TODAY)
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    ("name", "surname"), [("王秀英", "王"), ("欧阳破关", "欧阳"), ("申屠明", "申屠"), ("申明", "申")]
)
def test_surnames_of_two_characters_are_known(name: str, surname: str) -> None:
    assert surname_of(name) == surname
