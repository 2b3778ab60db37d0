"""A donor gives to the fund: form, cashier, page of the donation; named or not, and taken back."""

import secrets
from collections.abc import AsyncIterator

import httpx2
import pytest

import makers
from cishan.accounts.states import Role
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.donations.actions import lapse_due_donations
from cishan.donations.totals import Total, total_of
from cishan.monthly.actions import open_due_turns
from cishan.sealing import Sealer
from conftest import Committed
from journeys.counter import Counter, open_counter
from payments.order_makers import make_site


@pytest.fixture
async def counter(committed_database: Committed, clock: SteppedClock, sealer: Sealer) -> AsyncIterator[Counter]:
    await make_site(clock.now())
    async with open_counter(committed_database.settings, clock, sealer) as opened:
        yield opened


def form(**fields: str) -> dict[str, str]:
    return {"chip": "100", "form_key": secrets.token_urlsafe(24), **fields}


async def give(browser: httpx2.AsyncClient, **fields: str) -> str:
    answer = await browser.post("/give", data=form(**fields))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def fund_total() -> Total:
    return await total_of((await rows("SELECT id FROM fund"))[0]["id"])


async def test_giving_takes_one_form_and_the_cashier(counter: Counter) -> None:
    _, browser = await counter.donor()
    assert "捐多少" in (await browser.get("/give")).text
    pay_path = await give(browser)
    cashier = await counter.open_cashier(browser, pay_path)
    assert "100.00" in cashier.text
    paid = await counter.press(cashier, "pay")
    back = await browser.get(paid.headers["location"])
    page = await browser.get(back.headers["location"])
    assert "收到您的捐款" in page.text
    assert "票据和证书" in page.text
    assert await fund_total() == Total(10_000, 1)


async def test_a_donor_s_words_and_wish_for_a_receipt_go_with_the_gift(counter: Counter, sealer: Sealer) -> None:
    _, browser = await counter.donor()
    long = await browser.post("/give", data=form(note="好" * 101))
    assert (long.status_code, "好" * 101 in long.text) == (400, True)
    pay_path = await give(browser, note="给孩子们买双棉鞋", receipt="yes")
    cashier = await counter.open_cashier(browser, pay_path)
    paid = await counter.press(cashier, "pay")
    back = await browser.get(paid.headers["location"])
    page = await browser.get(back.headers["location"])
    assert "给孩子们买双棉鞋" in page.text
    assert "写一下抬头" in page.text
    kept = await rows("SELECT note_sealed FROM donation")
    assert "棉鞋" not in str(kept[0]["note_sealed"])
    staff = await makers.make_staff(Role.EDITOR, makers.CITY, sealer=sealer, now=counter.clock.now())
    editor = await counter.browser_of(staff)
    words = await editor.get("/desk/words")
    assert "给孩子们买双棉鞋" in words.text
    _, other = await counter.donor()
    await give(other, note="还没有付款的话")
    assert "还没有付款的话" not in (await editor.get("/desk/words")).text


async def test_the_same_form_twice_is_one_donation(counter: Counter) -> None:
    _, browser = await counter.donor()
    sent = form(chip="other", amount="88.80")
    places = {(await browser.post("/give", data=sent)).headers["location"] for _ in range(20)}
    assert len(places) == 1
    assert await rows("SELECT amount_fen FROM donation") == [{"amount_fen": 8_880}]


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("", "请填写金额"),
        ("一百", "请填写金额"),
        ("0.99", "最少捐 1.00 元"),
        ("-5", "请填写金额"),
        ("1.234", "请填写金额"),
        ("1000000.01", "一次最多捐 100 万元"),
    ],
)
async def test_a_sum_that_can_not_be_given_comes_back_with_what_was_typed(
    counter: Counter, amount: str, sentence: str
) -> None:
    _, browser = await counter.donor()
    answer = await browser.post("/give", data=form(chip="other", amount=amount, named="yes"))
    assert answer.status_code == 400
    assert sentence in answer.text
    assert f'value="{amount}"' in answer.text
    assert await rows("SELECT id FROM donation") == []


async def test_a_donor_is_named_only_while_they_wish_it(counter: Counter) -> None:
    _, browser = await counter.donor()
    path = (await give(browser)).removesuffix("/pay")
    assert "爱心人士" in (await browser.get(path)).text
    for named, shown in (("yes", True), ("", False)):
        sent = {"form_key": secrets.token_urlsafe(24), **({"named": named} if named else {})}
        await browser.post(f"{path}/name", data=sent)
        assert await rows("SELECT shows_name FROM donation") == [{"shows_name": shown}]


async def test_a_stranger_sees_and_changes_nothing_of_it(counter: Counter) -> None:
    _, browser = await counter.donor()
    path = (await give(browser)).removesuffix("/pay")
    _, stranger = await counter.donor()
    key = {"form_key": secrets.token_urlsafe(24)}
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.get(f"{path}/pay")).status_code == 404
    assert (await stranger.post(f"{path}/name", data={**key, "named": "yes"})).status_code == 404
    assert (await stranger.post(f"{path}/take-back", data=key)).status_code == 404


async def test_a_donation_is_taken_back_and_counted_out(counter: Counter) -> None:
    _, browser = await counter.donor()
    pay_path = await give(browser)
    await counter.press(await counter.open_cashier(browser, pay_path), "pay")
    assert await counter.deliver_notices() == 1
    path = pay_path.removesuffix("/pay")
    assert "把钱退回" in (await browser.get(path)).text
    answer = await browser.post(f"{path}/take-back", data={"form_key": secrets.token_urlsafe(24)})
    assert answer.status_code == 303
    assert await fund_total() == Total(0, 0)
    again = await browser.post(f"{path}/take-back", data={"form_key": secrets.token_urlsafe(24)})
    assert again.status_code == 303
    assert "已退回" in (await browser.get(path)).text
    assert await fund_total() == Total(0, 0)


async def test_a_donation_that_nobody_pays_ends_by_itself(counter: Counter) -> None:
    _, browser = await counter.donor()
    path = (await give(browser)).removesuffix("/pay")
    counter.step(minutes=45)
    await counter.poll()
    assert await lapse_due_donations(limit=10, sealer=counter.sealer, now=counter.clock.now()) == 1
    assert "没有付款" in (await browser.get(path)).text


async def test_monthly_giving_is_one_form_and_then_one_tap_a_month(counter: Counter) -> None:
    donor, browser = await counter.donor()
    key = {"form_key": secrets.token_urlsafe(24)}
    refused = await browser.post("/me/monthly", data={**key, "chip": "50", "day": "40"})
    assert refused.status_code == 400
    assert "每月几号" in refused.text
    begun = await browser.post("/me/monthly", data={"form_key": secrets.token_urlsafe(24), "chip": "50", "day": "3"})
    assert begun.status_code == 303
    await open_due_turns(limit=10, site_url="http://testserver", sealer=counter.sealer, now=counter.clock.now())
    page = (await browser.get("/me/monthly")).text
    pay_path = page.partition('href="/me/donations/')[2].partition('"')[0]
    cashier = await counter.open_cashier(browser, f"/me/donations/{pay_path}")
    assert "50.00" in cashier.text
    await counter.press(cashier, "pay")
    assert await counter.deliver_notices() == 1
    assert "已捐" in (await browser.get("/me/monthly")).text
    plan_id = (await rows("SELECT id FROM monthly_plan WHERE donor_id = $1", donor.account_id))[0]["id"]
    for verb, words in (("pause", "已暂停"), ("resume", "进行中"), ("end", "开始月捐")):
        await browser.post(f"/me/monthly/{plan_id}/{verb}", data={"form_key": secrets.token_urlsafe(24)})
        assert words in (await browser.get("/me/monthly")).text


async def test_a_large_gift_asks_one_question_more_and_finance_looks_at_it(counter: Counter) -> None:
    _, browser = await counter.donor()
    asked = await browser.post("/give", data=form(chip="other", amount="60000", named="yes"))
    assert asked.status_code == 400
    assert "这笔钱从哪里来" in asked.text
    assert 'value="60000"' in asked.text
    pay_path = await give(browser, chip="other", amount="60000", source="savings")
    await counter.press(await counter.open_cashier(browser, pay_path), "pay")
    assert await counter.deliver_notices() == 1
    assert "核查" not in (await browser.get(pay_path.removesuffix("/pay"))).text
    case_id = (await rows("SELECT id FROM watch_case"))[0]["id"]
    one, other = [
        await counter.browser_of(
            await makers.make_staff(Role.FINANCE, makers.CITY, sealer=counter.sealer, now=counter.clock.now())
        )
        for _ in range(2)
    ]
    desk = "/desk/finance/large-gifts"
    assert "积蓄" in (await one.get(desk)).text
    key = secrets.token_urlsafe
    await one.post(f"{desk}/{case_id}/finding", data={"finding": "看过存折，是积蓄", "form_key": key(24)})
    own = await one.post(f"{desk}/{case_id}/close", data={"outcome": "cleared", "form_key": key(24)})
    assert own.status_code == 409
    await other.post(f"{desk}/{case_id}/close", data={"outcome": "cleared", "form_key": key(24)})
    assert "没有要核查的捐款" in (await other.get(desk)).text
