"""Each way of misbehaving does what it says, and only that."""

from datetime import timedelta

import pytest

from cishan.payments.alipay.gateway import (
    CloseOutcome,
    GatewayUnknown,
    NoticeFault,
    NoticeRejected,
    TradeStatus,
)
from cishan.payments.sandbox.faults import Fault, read_faults
from gateway_makers import NOON, make_checkout, open_shop

ORDER = "W20260302001"


def faults(*names: Fault) -> dict[str, frozenset[Fault]]:
    return {"faults": frozenset(names)}


async def test_without_faults_one_notice_arrives_once() -> None:
    async with open_shop() as shop:
        await shop.pay(make_checkout())
        assert [await shop.running.sandbox.deliver_due() for _ in range(2)] == [1, 0]


async def test_drop_sends_nothing_ever_and_a_query_still_knows() -> None:
    async with open_shop(**faults(Fault.DROP)) as shop:
        await shop.pay(make_checkout())
        shop.clock.advance(timedelta(days=2))
        assert await shop.running.sandbox.deliver_due() == 0
        trade = await shop.gateway.query(ORDER)
        assert trade is not None
        assert trade.status is TradeStatus.TRADE_SUCCESS


async def test_delay_sends_late_and_the_divisor_shortens_it() -> None:
    async with open_shop(**faults(Fault.DELAY), delay_seconds=600, clock_divisor=10) as shop:
        await shop.pay(make_checkout())
        shop.clock.advance(timedelta(seconds=59))
        assert await shop.running.sandbox.deliver_due() == 0
        shop.clock.advance(timedelta(seconds=1))
        assert await shop.running.sandbox.deliver_due() == 1


async def test_duplicate_posts_the_same_notice_twice() -> None:
    async with open_shop(**faults(Fault.DUPLICATE)) as shop:
        await shop.pay(make_checkout())
        assert await shop.running.sandbox.deliver_due() == 2
        assert shop.bodies[0] == shop.bodies[1]


async def test_reorder_tells_an_old_state_after_the_new_one() -> None:
    async with open_shop(**faults(Fault.REORDER)) as shop:
        await shop.pay(make_checkout())
        await shop.running.sandbox.deliver_due()
        told = [shop.gateway.read_notice(body).trade.status for body in shop.bodies]
        assert told == [TradeStatus.TRADE_SUCCESS, TradeStatus.WAIT_BUYER_PAY]


async def test_bad_signature_spoils_notice_and_return_but_no_answer() -> None:
    async with open_shop(**faults(Fault.BAD_SIGNATURE)) as shop:
        back = await shop.pay(make_checkout())
        await shop.running.sandbox.deliver_due()
        for read, body in (
            (shop.gateway.read_notice, shop.bodies[0]),
            (shop.gateway.read_return, back.headers["location"].partition("?")[2].encode()),
        ):
            with pytest.raises(NoticeRejected) as rejected:
                read(body)
            assert rejected.value.reason is NoticeFault.BAD_SIGNATURE
        assert await shop.gateway.query(ORDER) is not None


async def test_wrong_amount_is_a_signed_lie_that_a_query_shows_up() -> None:
    async with open_shop(**faults(Fault.WRONG_AMOUNT)) as shop:
        await shop.pay(make_checkout())
        await shop.running.sandbox.deliver_due()
        trade = await shop.gateway.query(ORDER)
        assert trade is not None
        assert (shop.gateway.read_notice(shop.bodies[0]).trade.total_fen, trade.total_fen) == (8881, 8880)


async def test_wrong_seller_is_refused_by_name() -> None:
    async with open_shop(**faults(Fault.WRONG_SELLER)) as shop:
        await shop.pay(make_checkout())
        await shop.running.sandbox.deliver_due()
        with pytest.raises(NoticeRejected) as rejected:
            shop.gateway.read_notice(shop.bodies[0])
        assert rejected.value.reason is NoticeFault.WRONG_SELLER


async def test_unknown_result_carries_out_what_it_does_not_admit() -> None:
    async with open_shop(**faults(Fault.UNKNOWN_RESULT)) as shop:
        await shop.open_cashier(make_checkout())
        with pytest.raises(GatewayUnknown, match="20000"):
            await shop.gateway.close(ORDER)
        shop.running.sandbox.set_faults(ORDER, frozenset())
        trade = await shop.gateway.query(ORDER)
        assert trade is not None
        assert trade.status is TradeStatus.TRADE_CLOSED


async def test_server_error_does_nothing() -> None:
    async with open_shop(**faults(Fault.SERVER_ERROR)) as shop:
        await shop.open_cashier(make_checkout())
        with pytest.raises(GatewayUnknown, match="500"):
            await shop.gateway.close(ORDER)
        shop.running.sandbox.set_faults(ORDER, frozenset())
        assert await shop.gateway.close(ORDER) is CloseOutcome.CLOSED


async def test_a_badly_signed_answer_is_unknown() -> None:
    async with open_shop(**faults(Fault.BAD_ANSWER_SIGNATURE)) as shop:
        await shop.pay(make_checkout())
        with pytest.raises(GatewayUnknown, match="not signed"):
            await shop.gateway.query(ORDER)


async def test_an_answer_can_lie_about_the_amount() -> None:
    async with open_shop(**faults(Fault.WRONG_ANSWER_AMOUNT)) as shop:
        await shop.pay(make_checkout())
        trade = await shop.gateway.query(ORDER)
        assert trade is not None
        assert trade.total_fen == 8881


async def test_notify_before_return_arrives_while_the_buyer_still_waits() -> None:
    async with open_shop() as shop:
        cashier = await shop.open_cashier(make_checkout())
        shop.running.sandbox.set_faults(ORDER, frozenset({Fault.NOTIFY_BEFORE_RETURN}))
        back = await shop.press(cashier, "pay")
        assert shop.gateway.read_notice(shop.bodies[0]).trade.out_trade_no == ORDER
        assert back.status_code == 303
        assert await shop.running.sandbox.deliver_due() == 0


@pytest.mark.parametrize("opened_in_time", [True, False])
async def test_paid_after_close_takes_money_that_nobody_expects(opened_in_time: bool) -> None:
    async with open_shop(**faults(Fault.PAID_AFTER_CLOSE)) as shop:
        redirect = await shop.browser.get(shop.gateway.checkout_url(make_checkout()))
        page = f"{shop.running.url}{redirect.headers['location']}"
        if opened_in_time:
            await shop.browser.get(page)
            await shop.gateway.close(ORDER)
        shop.clock.advance(timedelta(hours=1))
        assert (await shop.browser.get(page)).status_code == 200
        assert (await shop.browser.post(f"{page}/pay")).status_code == 303
        await shop.running.sandbox.deliver_due()
        last = shop.gateway.read_notice(shop.bodies[-1]).trade
        assert (last.status, last.paid_at) == (TradeStatus.TRADE_SUCCESS, NOON + timedelta(hours=1))


async def test_faults_combine_and_one_trade_can_have_its_own() -> None:
    async with open_shop(**faults(Fault.DUPLICATE, Fault.WRONG_SELLER), control=True) as shop:
        control = f"{shop.running.url}/control"
        own = await shop.browser.post(f"{control}/faults", data={"out_trade_no": "W2", "faults": "drop"})
        assert own.json() == {"faults": ["drop"]}
        await shop.pay(make_checkout("W1"))
        await shop.pay(make_checkout("W2"))
        assert (await shop.browser.post(f"{control}/deliver")).json() == {"posts": 2}
        (told,) = (await shop.browser.get(f"{control}/notices/W2")).json()
        assert (told["last_answer"], told["due_at"]) == ("dropped", None)


async def test_a_fault_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="explode"):
        read_faults(["drop", "explode"])
    async with open_shop(control=True) as shop:
        refused = await shop.browser.post(
            f"{shop.running.url}/control/faults", data={"out_trade_no": "W1", "faults": "explode"}
        )
        assert refused.status_code == 400
