"""P6: when no notice ever arrives, the poller finds every paid order within a quarter of an hour."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.sealing import Sealer
from cishan.settings import Settings
from faults.stand import GIVEN_FEN, TICK, Stand, open_stand

WITHIN = timedelta(minutes=15)


@pytest.fixture
async def stand(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> AsyncIterator[Stand]:
    async with open_stand(transaction, sealer, clock) as opened:
        yield opened


@pytest.mark.parametrize("count", [25, pytest.param(1_000, marks=pytest.mark.slow)])
async def test_every_paid_order_is_found_without_a_notice(stand: Stand, count: int) -> None:
    unpaid = await stand.pledge()
    for _ in range(count):
        await stand.paid()
    paid_at = stand.clock.now()
    while stand.clock.now() < paid_at + WITHIN:
        stand.clock.advance(TICK)
        await stand.poll()
    found = await rows("SELECT count(*) AS n, sum(paid_fen)::bigint AS fen FROM payment_order WHERE status = 'paid'")
    assert found == [{"n": count, "fen": count * GIVEN_FEN}]
    assert (await stand.order(unpaid))["status"] == "pending"
    await stand.check_promises()
