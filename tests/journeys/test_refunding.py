"""Late money, refunds and the question to a mistaken giver, through the pages that people use."""

import re
import secrets
from collections.abc import AsyncIterator

import httpx2
import pytest

import makers
from cishan.accounts.states import Role
from cishan.claims.models import Claim
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.payments.sandbox.faults import NO_FAULTS, Fault
from cishan.refunds.sending import send_due_refunds
from cishan.sealing import Sealer
from conftest import Committed
from journeys.counter import Counter, open_counter


@pytest.fixture
async def counter(committed_database: Committed, clock: SteppedClock, sealer: Sealer) -> AsyncIterator[Counter]:
    async with open_counter(committed_database.settings, clock, sealer) as opened:
        yield opened


async def post(browser: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    return await browser.post(path, data={"form_key": secrets.token_urlsafe(24), **fields})


async def paid_gift(counter: Counter, browser: httpx2.AsyncClient, price_fen: int = 30_000) -> Claim:
    wish = await makers.make_published_wish(sealer=counter.sealer, now=counter.clock.now(), price_fen=price_fen)
    cashier = await counter.open_cashier(browser, await counter.claim(browser, wish.id))
    await counter.press(cashier, "pay")
    await counter.deliver_notices()
    return await Claim.get(wish_id=wish.id, status="paid")


async def finance(counter: Counter) -> httpx2.AsyncClient:
    viewer = await makers.make_staff(Role.FINANCE, makers.CITY, sealer=counter.sealer, now=counter.clock.now())
    return await counter.browser_of(viewer)


async def send(counter: Counter) -> None:
    await send_due_refunds(limit=100, services=counter.app.state.services, now=counter.clock.now())


async def order_of(claim: Claim) -> str:
    found = await rows(
        "SELECT o.out_trade_no FROM payment_order o JOIN order_line l ON l.order_id = o.id WHERE l.owner_id = $1",
        claim.id,
    )
    number: str = found[0]["out_trade_no"]
    return number


async def test_a_donor_takes_a_gift_back_without_asking_anybody(counter: Counter) -> None:
    _, browser = await counter.donor()
    claim = await paid_gift(counter, browser)
    gift = f"/me/claims/{claim.id}"
    assert f"{gift}/take-back" in (await browser.get(gift)).text
    assert "300 元" in (await browser.get(f"{gift}/take-back")).text
    key = secrets.token_urlsafe(24)
    answers = [await browser.post(f"{gift}/take-back", data={"form_key": key}) for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == [gift, gift]
    assert "正在退回" in (await browser.get(gift)).text
    await send(counter)
    page = (await browser.get(gift)).text
    assert "已经原路退回您的支付宝" in page
    assert "take-back" not in page
    assert (await rows("SELECT count(*) AS n FROM refund"))[0]["n"] == 1


async def test_finance_finds_an_order_and_gives_part_of_it_back(counter: Counter) -> None:
    _, browser = await counter.donor()
    number = await order_of(await paid_gift(counter, browser))
    desk = await finance(counter)
    page = (await desk.get(f"/desk/finance/refunds/new?order={number}")).text
    (field,) = re.findall(r'name="(amount-line-\d+)"', page)
    wrong = await post(desk, "/desk/finance/refunds/new", order=number, reason="mistake", note="", **{field: "300.01"})
    assert wrong.status_code == 400
    assert 'value="300.01"' in wrong.text
    started = await post(
        desk, "/desk/finance/refunds/new", order=number, reason="mistake", note="多捐了", **{field: "１００"}
    )
    assert started.status_code == 303, started.text
    await send(counter)
    refund = (await desk.get(started.headers["location"])).text
    assert "已退回" in refund
    assert "退 100 元" in refund
    assert "退款" in (await desk.get("/desk/finance/refunds")).text
    assert "账是平的" in (await desk.get("/desk/finance")).text


async def test_an_empty_balance_waits_for_finance_with_advice_and_a_clock(counter: Counter) -> None:
    _, browser = await counter.donor()
    claim = await paid_gift(counter, browser)
    number = await order_of(claim)
    counter.sandbox.sandbox.set_faults(number, frozenset({Fault.NO_BALANCE}))
    await post(browser, f"/me/claims/{claim.id}/take-back")
    await send(counter)
    desk = await finance(counter)
    page = (await desk.get("/desk/finance/refunds")).text
    assert "支付宝没有退" in page
    (path,) = set(re.findall(r'href="(/desk/finance/refunds/\d+)"', page))
    one = (await desk.get(path)).text
    assert "余额不够" in one
    assert (await post(desk, f"{path}/take")).status_code == 303
    assert (await post(desk, f"{path}/keep", note="")).status_code == 400
    counter.sandbox.sandbox.set_faults(number, NO_FAULTS)
    await post(desk, f"{path}/retry")
    counter.step(seconds=3)
    await send(counter)
    assert "已退回" in (await desk.get(path)).text


async def test_two_people_of_finance_for_a_large_refund(counter: Counter) -> None:
    _, browser = await counter.donor()
    number = await order_of(await paid_gift(counter, browser))
    first, second = await finance(counter), await finance(counter)
    day = "2025-03-03"
    saved = await post(
        first,
        "/desk/finance/refunds/terms",
        valid_from=day,
        cooling_hours="12",
        second_person_over="100",
        ask_again_times="10",
        ask_again_over="1000",
    )
    assert saved.status_code == 303, saved.text
    field = f"amount-line-{(await rows('SELECT max(id) AS id FROM order_line'))[0]['id']}"
    values = {"order": number, "reason": "other", "note": "本人来电", field: "200"}
    path = (await post(first, "/desk/finance/refunds/new", **values)).headers["location"]
    assert "/agree" not in (await first.get(path)).text
    assert (await post(first, f"{path}/agree")).status_code == 403
    assert (await post(second, f"{path}/agree")).status_code == 303
    await send(counter)
    assert "已退回" in (await first.get(path)).text


async def test_somebody_who_gives_far_more_than_ever_is_asked_again(counter: Counter) -> None:
    donor, browser = await counter.donor()
    await paid_gift(counter, browser, price_fen=3_000)
    await rows("UPDATE campaign_terms SET value_cap_fen = 5000000")
    wish = await makers.make_published_wish(sealer=counter.sealer, now=counter.clock.now(), price_fen=3_000_000)
    path = f"/wishes/{wish.id}/claim"
    asked = await post(browser, path, way="pay", late="fund")
    assert asked.status_code == 400
    assert "您平时一次捐 30.00 元左右" in asked.text
    assert not await Claim.filter(wish_id=wish.id)
    sure = await post(browser, path, way="pay", late="fund", sure="yes")
    assert sure.status_code == 303
    chosen = await rows("SELECT late_choice FROM payment_order WHERE donor_id = $1 ORDER BY id", donor.account_id)
    assert [row["late_choice"] for row in chosen] == ["refund", "fund"]


async def test_staff_ask_alipay_and_the_order_is_settled_by_the_same_door(counter: Counter) -> None:
    _, browser = await counter.donor()
    wish = await makers.make_published_wish(sealer=counter.sealer, now=counter.clock.now())
    cashier = await counter.open_cashier(browser, await counter.claim(browser, wish.id))
    await counter.press(cashier, "pay")
    number = (await rows("SELECT out_trade_no FROM payment_order"))[0]["out_trade_no"]
    desk = await finance(counter)
    answer = await post(desk, "/desk/finance/refunds/ask", number=number)
    assert answer.headers["location"] == f"/desk/finance/refunds/new?order={number}"
    event = await rows("SELECT detail FROM event WHERE subject_kind = 'order' AND verb = 'receive'")
    assert "staff" in str(event[0]["detail"])
