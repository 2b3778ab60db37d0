"""P5: a gateway that is slow, broken, lying or away leaves an order unknown, never failed, and is believed when it is back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from cishan.clock import SteppedClock
from cishan.database import credentials, rows
from cishan.payments.owners import LineOwners
from cishan.payments.polling import ask_about
from cishan.payments.sandbox.faults import Fault
from cishan.payments.states import OrderStatus, SettleSource
from cishan.reconciliation.fetching import reconcile_due_days
from cishan.reconciliation.refunds import refunds_of_day
from cishan.refunds.actions import take_gift_back
from cishan.refunds.neighbours import neighbours_of
from cishan.refunds.sending import send_due_refunds
from cishan.sealing import Sealer
from cishan.settings import Settings
from conftest import Committed
from faults.proxy import Spoiling
from faults.stand import TICK, Stand, open_stand

SPOILINGS = {
    "no answer in time": Spoiling(silent=True),
    "too slow": Spoiling(latency_seconds=2),
    "cut in the middle of the answer": Spoiling(cut_after_bytes=150),
    "reset": Spoiling(reset=True),
    "away": Spoiling(down=True),
}
LIES = [Fault.SERVER_ERROR, Fault.UNSIGNED_ERROR, Fault.BAD_ANSWER_SIGNATURE]
A_DAY = timedelta(days=1)
MOST_ASKED_A_TICK = 3
OPEN_TRANSACTIONS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'
"""


@pytest.fixture
async def stand(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> AsyncIterator[Stand]:
    async with open_stand(transaction, sealer, clock) as opened:
        yield opened


@pytest.mark.parametrize("spoiling", SPOILINGS.values(), ids=SPOILINGS)
async def test_an_order_stays_unknown_and_is_repaired_within_two_polls(stand: Stand, spoiling: Spoiling) -> None:
    pledged = await stand.paid()
    stand.proxy.spoil(spoiling)
    order = await stand.poll_when_due(pledged)
    assert (order["status"], order["paid_at"]) == (OrderStatus.PENDING, None)
    assert order["unknown_since"] is not None
    stand.proxy.mend()
    for _ in range(2):
        order = await stand.poll_when_due(pledged)
        if order["status"] == OrderStatus.PAID:
            break
    assert order["status"] == OrderStatus.PAID
    assert order["unknown_since"] is None
    await stand.check_promises()
    assert await stand.differences_of_the_day() == 0


async def test_an_answer_in_slices_is_an_answer(stand: Stand) -> None:
    pledged = await stand.paid()
    stand.proxy.spoil(Spoiling(slice_bytes=5))
    assert (await stand.poll_when_due(pledged))["status"] == OrderStatus.PAID


@pytest.mark.parametrize("lie", LIES)
async def test_what_alipay_did_not_sign_settles_nothing(stand: Stand, lie: Fault) -> None:
    pledged = await stand.paid()
    stand.misbehave(pledged, lie)
    assert (await stand.poll_when_due(pledged))["status"] == OrderStatus.PENDING
    stand.misbehave(pledged)
    assert (await stand.poll_when_due(pledged))["status"] == OrderStatus.PAID
    assert await stand.differences_of_the_day() == 0


async def test_a_signed_answer_with_another_sum_is_booked_as_told_and_found_by_the_bill(stand: Stand) -> None:
    """The gateway is the only witness; its own bill of the day is the second, and a person looks into what differs."""
    pledged = await stand.paid()
    stand.misbehave(pledged, Fault.WRONG_ANSWER_AMOUNT)
    assert (await stand.poll_when_due(pledged))["status"] == OrderStatus.PAID
    await stand.check_promises()
    assert await stand.differences_of_the_day() == 1


async def test_a_gateway_that_is_away_for_a_day_costs_few_questions_and_no_gift(stand: Stand) -> None:
    pledged = [await stand.paid() for _ in range(30)]
    stand.proxy.spoil(Spoiling(down=True))
    asked, ticks, gone_at = 0, 0, stand.clock.now()
    while stand.clock.now() < gone_at + A_DAY:
        asked += await stand.poll()
        ticks += 1
        stand.clock.advance(timedelta(minutes=10))
    assert asked <= ticks * MOST_ASKED_A_TICK
    stand.proxy.mend()
    back_at = stand.clock.now()
    while stand.clock.now() < back_at + timedelta(minutes=21):
        await stand.poll()
        stand.clock.advance(TICK)
    assert {(await stand.order(one))["status"] for one in pledged} == {OrderStatus.PAID}
    await stand.check_promises()
    assert await stand.differences_of_the_day() == 0


async def test_a_refund_stays_unknown_and_is_made_once(stand: Stand) -> None:
    pledged = await stand.paid()
    await stand.poll_when_due(pledged)
    await take_gift_back(
        "donation",
        pledged.donation_id,
        neighbours=neighbours_of(stand.services, stand.owners),
        actor=stand.donor,
        sealer=stand.services.sealer,
        now=stand.clock.now(),
    )
    for spoiling in SPOILINGS.values():
        stand.proxy.spoil(spoiling)
        await send_due_refunds(limit=5, services=stand.services, now=stand.clock.now())
        assert await rows("SELECT status FROM refund") == [{"status": "unknown"}]
        stand.clock.advance(timedelta(hours=1))
    stand.proxy.mend()
    await send_due_refunds(limit=5, services=stand.services, now=stand.clock.now())
    assert await rows("SELECT status FROM refund") == [{"status": "succeeded"}]
    await stand.check_promises()
    assert await stand.differences_of_the_day() == 0


@pytest.fixture
async def committed_stand(committed_database: Committed, sealer: Sealer, clock: SteppedClock) -> AsyncIterator[Stand]:
    async with open_stand(committed_database.settings, sealer, clock) as opened:
        yield opened


async def open_transactions(stand: Stand) -> int:
    connection = await asyncpg.connect(**credentials(stand.services.settings.database_url))
    try:
        found: int = await connection.fetchval(OPEN_TRANSACTIONS)
        return found
    finally:
        await connection.close()


async def test_nothing_is_held_in_the_database_while_alipay_is_asked(committed_stand: Stand) -> None:
    stand, owners = committed_stand, committed_stand.owners
    paid, waiting = await stand.paid(), await stand.pledge()
    await stand.poll_when_due(paid)
    await _take_back(stand, paid.donation_id, owners)
    stand.clock.advance(timedelta(days=2))
    now = stand.clock.now()
    services, bill = stand.services, refunds_of_day()
    calls = {
        "poll": stand.poll,
        "return": lambda: ask_about(
            waiting.out_trade_no, SettleSource.RETURN, services=services, owners=owners, now=now
        ),
        "refund": lambda: send_due_refunds(limit=5, services=services, now=now),
        "bill": lambda: reconcile_due_days(limit=1, services=services, owners=owners, refunds=bill, now=now),
    }
    for name, call in calls.items():
        stand.proxy.spoil(Spoiling(silent=True))
        asking = asyncio.create_task(call())  # type: ignore[arg-type]
        async with asyncio.timeout(5):
            await stand.proxy.asked.wait()
        assert await open_transactions(stand) == 0, name
        await asking


async def test_a_transaction_that_is_held_would_be_seen(committed_stand: Stand) -> None:
    """Positive control of the test above."""
    async with in_transaction():
        await rows("SELECT 1")
        assert await open_transactions(committed_stand) == 1


async def _take_back(stand: Stand, donation_id: int, owners: LineOwners) -> None:
    await take_gift_back(
        "donation",
        donation_id,
        neighbours=neighbours_of(stand.services, owners),
        actor=stand.donor,
        sealer=stand.services.sealer,
        now=stand.clock.now(),
    )
