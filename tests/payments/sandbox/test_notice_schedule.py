"""A notice is tried eight times in a day, stops at `success`, and outlives the process."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from cishan.clock import SteppedClock
from cishan.payments.sandbox.engine import Sandbox
from gateway_makers import NOON, make_checkout, make_settings, open_shop

DEAD_URL = "http://127.0.0.1:1/notify"
GAPS_MINUTES = [4, 10, 10, 60, 120, 360, 900]


async def test_an_unanswered_notice_is_tried_eight_times_at_alipays_gaps() -> None:
    async with open_shop() as shop:
        shop.answer = "fail"
        await shop.pay(make_checkout())
        assert await shop.running.sandbox.deliver_due() == 1
        for minutes in GAPS_MINUTES:
            shop.clock.advance(timedelta(minutes=minutes, seconds=-1))
            assert await shop.running.sandbox.deliver_due() == 0
            shop.clock.advance(timedelta(seconds=1))
            assert await shop.running.sandbox.deliver_due() == 1
        shop.clock.advance(timedelta(days=30))
        assert await shop.running.sandbox.deliver_due() == 0
        notices = [shop.gateway.read_notice(body) for body in shop.bodies]
        assert len(notices) == 8
        assert len({notice.notify_id for notice in notices}) == 1
        assert notices[-1].raw["notify_time"] == "2026-03-03 12:24:00"


async def test_the_divisor_shortens_the_gaps() -> None:
    async with open_shop(clock_divisor=240) as shop:
        shop.answer = "fail"
        await shop.pay(make_checkout())
        await shop.running.sandbox.deliver_due()
        shop.clock.advance(timedelta(seconds=1))
        assert await shop.running.sandbox.deliver_due() == 1


@pytest.mark.parametrize("answer", ["success\n", " success", "SUCCESS", "<p>success</p>", "", "ok"])
async def test_only_the_bare_word_success_counts(answer: str) -> None:
    async with open_shop() as shop:
        shop.answer = answer
        await shop.pay(make_checkout())
        await shop.running.sandbox.deliver_due()
        shop.answer = "success"
        shop.clock.advance(timedelta(minutes=4))
        assert await shop.running.sandbox.deliver_due() == 1
        shop.clock.advance(timedelta(days=1))
        assert await shop.running.sandbox.deliver_due() == 0


async def test_a_shop_that_cannot_be_reached_is_tried_again() -> None:
    clock = SteppedClock(NOON)
    async with open_shop(clock) as shop:
        sandbox = Sandbox(make_settings(), clock)
        call = sandbox.read_call(_params(shop.gateway.checkout_url(make_checkout(notify_url=DEAD_URL))))
        sandbox.pay(sandbox.accept_checkout(call))
        assert await sandbox.deliver_due() == 1
        (notice,) = sandbox.store.notices_of("W20260302001")
        assert (notice.attempts, notice.last_answer) == (1, "ConnectError")
        assert notice.due_at == NOON + timedelta(minutes=4)
        await sandbox.aclose()


async def test_trades_and_notices_survive_a_restart_with_the_same_file(tmp_path: Path) -> None:
    clock, database = SteppedClock(NOON), str(tmp_path / "sandbox.sqlite")
    async with open_shop(clock, database=database) as shop:
        await shop.open_cashier(make_checkout("WAITING"))
        await shop.pay(make_checkout("PAID"))
    async with open_shop(clock, database=database) as shop:
        paid, waiting = await shop.gateway.query("PAID"), await shop.gateway.query("WAITING")
        assert paid is not None
        assert waiting is not None
        assert (paid.status.value, waiting.status.value) == ("TRADE_SUCCESS", "WAIT_BUYER_PAY")
        assert await shop.running.sandbox.deliver_due() == 1
        assert shop.gateway.read_notice(shop.bodies[0]).trade == paid
        assert (await shop.pay(make_checkout("WAITING"))).status_code == 303


async def test_many_notices_of_many_trades_all_arrive_in_one_call() -> None:
    async with open_shop() as shop:
        for number in range(250):
            sandbox = shop.running.sandbox
            url = shop.gateway.checkout_url(make_checkout(f"W{number}"))
            sandbox.pay(sandbox.accept_checkout(sandbox.read_call(_params(url))))
        assert await shop.running.sandbox.deliver_due() == 250
        assert len({shop.gateway.read_notice(body).notify_id for body in shop.bodies}) == 250


def _params(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
