"""App and sandbox over real HTTP on loopback: from the link to the cashier, the payment, and what is told of it."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from cishan.payments.alipay.gateway import CloseOutcome, TradeStatus
from gateway_makers import NOON, SHOP_URL, make_checkout, open_shop


async def test_a_gift_is_paid_told_and_confirmed() -> None:
    async with open_shop() as shop:
        back = await shop.pay(make_checkout())
        ticket = shop.gateway.read_return(urlsplit(back.headers["location"]).query.encode())
        assert back.status_code == 303
        assert (ticket.out_trade_no, ticket.total_fen) == ("W20260302001", 8880)
        assert await shop.running.sandbox.deliver_due() == 1
        notice = shop.gateway.read_notice(shop.bodies[0])
        trade = await shop.gateway.query("W20260302001")
        assert notice.trade == trade
        assert trade is not None
        assert (trade.status, trade.total_fen, trade.paid_at) == (TradeStatus.TRADE_SUCCESS, 8880, NOON)
        assert trade.trade_no == ticket.trade_no
        assert len(trade.trade_no) == 28


@pytest.mark.parametrize("phone", [False, True])
async def test_no_trade_exists_until_the_buyer_opens_the_cashier(phone: bool) -> None:
    async with open_shop() as shop:
        checkout = make_checkout(phone=phone)
        redirect = await shop.browser.get(shop.gateway.checkout_url(checkout))
        assert redirect.status_code == 303
        assert await shop.gateway.query(checkout.out_trade_no) is None
        assert await shop.gateway.close(checkout.out_trade_no) is CloseOutcome.NOTHING_TO_CLOSE
        await shop.open_cashier(checkout)
        trade = await shop.gateway.query(checkout.out_trade_no)
        assert trade is not None
        assert (trade.status, trade.paid_at) == (TradeStatus.WAIT_BUYER_PAY, None)


async def test_one_post_pays_even_if_the_page_was_never_looked_at() -> None:
    async with open_shop() as shop:
        redirect = await shop.browser.get(shop.gateway.checkout_url(make_checkout()))
        await shop.browser.post(f"{shop.running.url}{redirect.headers['location']}/pay")
        trade = await shop.gateway.query("W20260302001")
        assert trade is not None
        assert trade.status is TradeStatus.TRADE_SUCCESS


async def test_pressing_pay_twice_pays_once_and_sends_the_buyer_back_twice() -> None:
    async with open_shop() as shop:
        cashier = await shop.open_cashier(make_checkout())
        first, second = await shop.press(cashier, "pay"), await shop.press(cashier, "pay")
        assert (first.status_code, second.status_code) == (303, 303)
        assert await shop.running.sandbox.deliver_due() == 1


async def test_a_declined_payment_leaves_the_trade_open_for_another_try() -> None:
    async with open_shop() as shop:
        cashier = await shop.open_cashier(make_checkout())
        declined = await shop.press(cashier, "decline")
        page = await shop.browser.get(f"{shop.running.url}{declined.headers['location']}")
        assert "余额不足" in page.text
        trade = await shop.gateway.query("W20260302001")
        assert trade is not None
        assert trade.status is TradeStatus.WAIT_BUYER_PAY
        assert (await shop.press(cashier, "pay")).headers["location"].startswith(f"{SHOP_URL}/return?")


@pytest.mark.parametrize("phone", [False, True])
async def test_leaving_goes_back_to_the_merchant_without_paying(phone: bool) -> None:
    async with open_shop() as shop:
        left = await shop.press(await shop.open_cashier(make_checkout(phone=phone)), "leave")
        assert left.headers["location"] == f"{SHOP_URL}/wish/7"
        assert await shop.running.sandbox.deliver_due() == 0


async def test_an_unpaid_trade_is_closed_and_cannot_be_paid_any_more() -> None:
    async with open_shop() as shop:
        cashier = await shop.open_cashier(make_checkout())
        assert await shop.gateway.close("W20260302001") is CloseOutcome.CLOSED
        assert await shop.gateway.close("W20260302001") is CloseOutcome.CLOSED
        assert "ACQ.TRADE_HAS_CLOSE" in (await shop.press(cashier, "pay")).text
        assert "ACQ.TRADE_HAS_CLOSE" in (await shop.open_cashier(make_checkout())).text


async def test_a_paid_trade_is_not_closed() -> None:
    async with open_shop() as shop:
        await shop.pay(make_checkout())
        assert await shop.gateway.close("W20260302001") is CloseOutcome.ALREADY_PAID
        assert "ACQ.TRADE_HAS_SUCCESS" in (await shop.open_cashier(make_checkout())).text


@pytest.mark.parametrize("changes", [{"total_fen": 8881}, {"subject": "微心愿：书包"}])
async def test_the_same_number_with_another_content_is_refused(changes: dict[str, object]) -> None:
    async with open_shop() as shop:
        first = await shop.open_cashier(make_checkout())
        changed = await shop.open_cashier(make_checkout(**changes))
        assert "ACQ.CONTEXT_INCONSISTENT" in changed.text
        assert (await shop.press(first, "pay")).status_code == 303


async def test_a_page_accepted_before_another_content_was_opened_is_refused_too() -> None:
    async with open_shop() as shop:
        unopened = await shop.browser.get(shop.gateway.checkout_url(make_checkout(total_fen=1)))
        await shop.open_cashier(make_checkout())
        refused = await shop.browser.post(f"{shop.running.url}{unopened.headers['location']}/pay")
        assert "ACQ.CONTEXT_INCONSISTENT" in refused.text


async def test_the_same_unpaid_order_can_be_opened_again() -> None:
    async with open_shop() as shop:
        await shop.open_cashier(make_checkout())
        shop.clock.advance(timedelta(minutes=5))
        assert (await shop.pay(make_checkout())).status_code == 303


@pytest.mark.parametrize(("seconds", "is_paid"), [(1799, True), (1800, False), (1801, False)])
async def test_the_time_to_pay_ends_by_the_sandboxs_clock(seconds: int, is_paid: bool) -> None:
    async with open_shop() as shop:
        cashier = await shop.open_cashier(make_checkout())
        shop.clock.advance(timedelta(seconds=seconds))
        await shop.press(cashier, "pay")
        trade = await shop.gateway.query("W20260302001")
        assert trade is not None
        assert (trade.status is TradeStatus.TRADE_SUCCESS) == is_paid
        assert trade.status in (TradeStatus.TRADE_SUCCESS, TradeStatus.TRADE_CLOSED)


async def test_a_link_opened_for_the_first_time_too_late_makes_no_trade() -> None:
    async with open_shop() as shop:
        redirect = await shop.browser.get(shop.gateway.checkout_url(make_checkout()))
        shop.clock.advance(timedelta(minutes=30))
        page = await shop.browser.get(f"{shop.running.url}{redirect.headers['location']}")
        assert "付款时间已过" in page.text
        assert await shop.gateway.query("W20260302001") is None


@pytest.mark.parametrize(("phone", "told"), [(False, []), (True, ["TRADE_CLOSED"])])
async def test_running_out_of_time_is_told_to_phones_orders_only(phone: bool, told: list[str]) -> None:
    async with open_shop() as shop:
        await shop.open_cashier(make_checkout(phone=phone))
        shop.clock.advance(timedelta(minutes=30))
        await shop.running.sandbox.deliver_due()
        notices = [shop.gateway.read_notice(body) for body in shop.bodies]
        assert [notice.trade.status.value for notice in notices] == told
        assert not any(notice.is_refund for notice in notices)


async def test_a_year_after_payment_a_trade_is_finished_and_a_phones_order_hears_of_it() -> None:
    async with open_shop() as shop:
        await shop.pay(make_checkout(phone=True))
        await shop.running.sandbox.deliver_due()
        shop.clock.advance(timedelta(days=365))
        await shop.running.sandbox.deliver_due()
        first, last = [shop.gateway.read_notice(body) for body in shop.bodies]
        assert last.trade.status is TradeStatus.TRADE_FINISHED
        assert first.notify_id != last.notify_id
        assert first.trade.paid_at == last.trade.paid_at


async def test_an_unknown_cashier_page_is_not_found() -> None:
    async with open_shop() as shop:
        assert (await shop.browser.get(f"{shop.running.url}/cashier/none")).status_code == 404


async def test_the_control_room_is_closed_unless_asked_for() -> None:
    async with open_shop() as shop:
        assert (await shop.browser.post(f"{shop.running.url}/control/deliver")).status_code == 404
        assert (await shop.browser.get(f"{shop.running.url}/ready")).text == "ready"
