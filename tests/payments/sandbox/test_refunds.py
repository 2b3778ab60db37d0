"""Refunds at the sandbox, asked for by our own gateway over real HTTP: once for a number, counted together, told of."""

from datetime import timedelta

import pytest

from cishan.payments.alipay.gateway import GatewayRefused, GatewayUnknown, TradeStatus
from cishan.payments.sandbox.faults import Fault
from gateway_makers import NOON, Shop, make_checkout, open_shop

ORDER = "W20260302001"


async def give_back(shop: Shop, request_no: str, fen: int) -> tuple[bool, int]:
    answer = await shop.gateway.refund(ORDER, request_no, fen, "捐款退回")
    return answer.changed, answer.refunded_fen


async def told(shop: Shop) -> list[tuple[str, bool, int, str]]:
    """State, whether it is a refund, the sum so far and the refund's number, of every notice that arrived."""
    await shop.running.sandbox.deliver_due()
    notices = [shop.gateway.read_notice(body) for body in shop.bodies]
    return [(n.trade.status.value, n.is_refund, n.trade.refunded_fen, n.raw.get("out_biz_no", "")) for n in notices]


async def test_the_sums_of_a_trade_are_counted_together_and_each_refund_is_told_of() -> None:
    async with open_shop() as shop:
        await shop.pay(make_checkout())
        assert await give_back(shop, "R1", 1_000) == (True, 1_000)
        assert await give_back(shop, "R2", 7_880) == (True, 8_880)
        assert await told(shop) == [
            ("TRADE_SUCCESS", False, 0, ""),
            ("TRADE_SUCCESS", True, 1_000, "R1"),
            ("TRADE_CLOSED", True, 8_880, "R2"),
        ]
        assert len({shop.gateway.read_notice(body).notify_id for body in shop.bodies}) == 3
        trade = await shop.gateway.query(ORDER)
        assert trade is not None
        assert (trade.status, trade.refunded_fen) == (TradeStatus.TRADE_CLOSED, 8_880)


async def test_the_same_number_again_gives_nothing_back_a_second_time() -> None:
    async with open_shop() as shop:
        await shop.pay(make_checkout())
        assert [await give_back(shop, "R1", 1_000) for _ in range(3)] == [(True, 1_000), (False, 1_000), (False, 1_000)]
        with pytest.raises(GatewayRefused) as refused:
            await give_back(shop, "R1", 2_000)
        assert refused.value.sub_code == "ACQ.DISCORDANT_REPEAT_REQUEST"


@pytest.mark.parametrize(
    ("fen", "paid", "days", "sub_code"),
    [
        (8_881, True, 0, "ACQ.REASON_TRADE_REFUND_FEE_ERR"),
        (8_880, False, 0, "ACQ.TRADE_STATUS_ERROR"),
        (8_880, True, 366, "ACQ.TRADE_HAS_FINISHED"),
    ],
)
async def test_what_can_not_go_back_is_refused(fen: int, paid: bool, days: int, sub_code: str) -> None:
    async with open_shop() as shop:
        cashier = await shop.open_cashier(make_checkout())
        if paid:
            await shop.press(cashier, "pay")
        shop.clock.advance(timedelta(days=days))
        with pytest.raises(GatewayRefused) as refused:
            await give_back(shop, "R1", fen)
        assert refused.value.sub_code == sub_code


async def test_a_refund_is_known_by_its_own_number_and_one_that_never_arrived_is_not() -> None:
    async with open_shop() as shop:
        await shop.pay(make_checkout())
        shop.clock.advance(timedelta(minutes=5))
        await give_back(shop, "R1", 1_000)
        made = await shop.gateway.query_refund(ORDER, "R1")
        assert made is not None
        assert (made.amount_fen, made.refunded_at) == (1_000, NOON + timedelta(minutes=5))
        assert await shop.gateway.query_refund(ORDER, "R2") is None
        assert await shop.gateway.query_refund("W9", "R1") is None


async def test_an_empty_balance_refuses_until_it_is_filled() -> None:
    async with open_shop(faults=frozenset({Fault.NO_BALANCE})) as shop:
        await shop.pay(make_checkout())
        with pytest.raises(GatewayRefused) as refused:
            await give_back(shop, "R1", 1_000)
        assert refused.value.sub_code == "ACQ.SELLER_BALANCE_NOT_ENOUGH"
        shop.running.sandbox.set_faults(ORDER, frozenset())
        assert await give_back(shop, "R1", 1_000) == (True, 1_000)


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        (Fault.UNKNOWN_RESULT, True),
        (Fault.SERVER_ERROR, False),
        (Fault.UNSIGNED_ERROR, False),
        (Fault.BAD_ANSWER_SIGNATURE, True),
    ],
)
async def test_an_answer_that_proves_nothing_leaves_the_refund_unknown(fault: Fault, made: bool) -> None:
    async with open_shop(faults=frozenset({fault})) as shop:
        await shop.pay(make_checkout())
        with pytest.raises(GatewayUnknown):
            await give_back(shop, "R1", 1_000)
        shop.running.sandbox.set_faults(ORDER, frozenset())
        assert (await shop.gateway.query_refund(ORDER, "R1") is not None) is made


async def test_a_slow_answer_is_unknown_and_what_it_was_about_is_done() -> None:
    async with open_shop(faults=frozenset({Fault.SLOW}), slow_seconds=1.0) as shop:
        await shop.pay(make_checkout())
        shop.gateway._timeout_seconds = 0.3
        with pytest.raises(GatewayUnknown):
            await give_back(shop, "R1", 1_000)
        assert shop.running.sandbox.store.refund(shop.gateway.merchant.app_id, ORDER, "R1") is not None


async def test_a_code_for_another_phone_leads_to_a_cashier_that_can_be_paid() -> None:
    async with open_shop() as shop:
        code = await shop.gateway.precreate(make_checkout())
        assert await shop.gateway.query(ORDER) is None
        cashier = await shop.browser.get(code)
        paid = await shop.press(cashier, "pay")
        assert "付款成功" in paid.text
        trade = await shop.gateway.query(ORDER)
        assert trade is not None
        assert trade.status is TradeStatus.TRADE_SUCCESS
