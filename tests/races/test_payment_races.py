"""Notices in any order and number, return page and poll together: booked once (scenarios P1, P2)."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from tortoise.transactions import in_transaction

from cishan.database import rows
from cishan.payments.actions import NewLine, open_order, settle
from cishan.payments.models import Order
from cishan.payments.states import SettleSource
from cishan.sealing import Sealer
from conftest import Committed, browser_for
from gateway_makers import notice_form
from payments.order_makers import PRICE_FEN, RecordingOwner, make_till, trade_for
from races.world import World, all_at_once, make_world

SEED = 20250303


@pytest.fixture
async def world(committed_database: Committed, sealer: Sealer) -> AsyncIterator[World]:
    async with make_world(committed_database, sealer) as made:
        made.app.state.line_owners = {"claim": RecordingOwner()}
        yield made


async def make_orders(world: World, count: int) -> list[Order]:
    now = world.clock.now()
    till = await make_till(sealer=world.sealer, now=now)
    orders = [till.order]
    for number in range(1, count):
        line = NewLine("claim", number, till.site.fund_id, PRICE_FEN)
        expires_at = now + timedelta(minutes=30)
        orders.append(
            await open_order(
                [line],
                charity_id=till.site.charity_id,
                subject="微心愿捐款",
                expires_at=expires_at,
                actor=till.donor,
                now=now,
            )
        )
    return orders


def notice_of(order: Order) -> bytes:
    return notice_form(
        {
            "out_trade_no": order.out_trade_no,
            "trade_no": f"T{order.out_trade_no}",
            "total_amount": "300.00",
            "notify_id": f"N{order.out_trade_no}",
        }
    )


async def gift_entries() -> Counter[int]:
    """How often each order line was booked."""
    found = await rows("SELECT source_id, count(*) AS times FROM ledger_entry WHERE kind = 'gift' GROUP BY source_id")
    return Counter({row["source_id"]: row["times"] for row in found})


async def send(browser: httpx2.AsyncClient, body: bytes) -> str:
    answer = await browser.post(
        "/pay/notify", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    return answer.text


async def shuffled_notices(world: World, orders: int, times: int, at_once: int) -> None:
    made = await make_orders(world, orders)
    bodies = [notice_of(order) for order in made for _ in range(times)]
    random.Random(SEED).shuffle(bodies)
    async with browser_for(world.app) as browser:
        for start in range(0, len(bodies), at_once):
            batch = bodies[start : start + at_once]
            answers = await all_at_once([lambda body=body: send(browser, body) for body in batch])  # type: ignore[misc]
            assert set(answers) == {"success"}
    verdicts = {
        row["verdict"]: row["times"]
        for row in await rows("SELECT verdict, count(*) AS times FROM stored_notice GROUP BY verdict")
    }
    assert verdicts == {"settled": orders, "nothing_new": orders * (times - 1)}
    assert set((await gift_entries()).values()) == {1}
    assert len(await gift_entries()) == orders


async def test_booking_twice_is_possible_without_the_row_lock(world: World) -> None:
    """Positive control: look at the status, then book under a number of its own; several callers all book."""
    order = (await make_orders(world, 1))[0]
    all_have_looked = asyncio.Barrier(5)

    async def careless() -> bool:
        async with in_transaction():
            found = await rows("SELECT status FROM payment_order WHERE id = $1", order.id)
            await all_have_looked.wait()
            if found[0]["status"] != "pending":
                return False
            await rows("UPDATE payment_order SET polls = polls + 1 WHERE id = $1", order.id)
            return True

    assert sum(await all_at_once([careless] * 5)) == 5


async def test_shuffled_notices_are_booked_once_each(world: World) -> None:
    await shuffled_notices(world, orders=30, times=5, at_once=20)


@pytest.mark.slow
async def test_ten_thousand_shuffled_notices_are_booked_once_each(world: World) -> None:
    await shuffled_notices(world, orders=2000, times=5, at_once=40)


async def together(world: World, count: int) -> None:
    """For each order two notices, a return and a poll at the same moment: one booking, one message to the donor."""
    for order in await make_orders(world, count):
        owner = RecordingOwner()
        world.app.state.line_owners = {"claim": owner}
        trade = trade_for(order)

        async def by(source: SettleSource, trade: object = trade, owner: RecordingOwner = owner) -> bool:
            settled = await settle(
                trade,  # type: ignore[arg-type]
                source,
                owners={"claim": owner},
                sealer=world.sealer,
                now=world.clock.now(),
            )
            return settled.changed

        changed = await all_at_once(
            [lambda source=source: by(source) for source in [*SettleSource, SettleSource.NOTICE]]
        )  # type: ignore[misc]
        assert sum(changed) == 1
        assert len(owner.asked) == 1
    assert set((await gift_entries()).values()) == {1}


async def test_notice_return_and_poll_together_book_once(world: World) -> None:
    await together(world, 10)


@pytest.mark.slow
async def test_five_hundred_times_notice_return_and_poll_together_book_once(world: World) -> None:
    await together(world, 500)
