"""The database itself lets nobody refund more than was paid: not by one statement, not by two at the same moment."""

import asyncio
from datetime import datetime

import asyncpg
import pytest

from cishan.clock import SteppedClock
from cishan.database import credentials, rows
from cishan.payments.actions import settle
from cishan.payments.states import SettleSource
from cishan.sealing import Sealer
from conftest import Committed
from payments.order_makers import PRICE_FEN, RecordingOwner, make_till, trade_for

ADD = """
INSERT INTO refund (order_id, request_no, amount_fen, status, status_since, reason, note, created_at, tries, refusal, next_try_at)
VALUES ($1, $2, $3, 'requested', $4, 'other', '', $4, 0, '', $4)
"""


async def paid_order(sealer: Sealer, clock: SteppedClock) -> int:
    till = await make_till(sealer=sealer, now=clock.now())
    owners = {"claim": RecordingOwner()}
    await settle(trade_for(till.order), SettleSource.NOTICE, owners=owners, sealer=sealer, now=clock.now())
    return till.order.id


async def write_two_at_once(committed: Committed, order_id: int, fen: int, now: datetime) -> int:
    """Two connections write a refund each before either commits; how many are there afterwards."""
    both = [await asyncpg.connect(**credentials(committed.settings.database_url)) for _ in range(2)]
    line = asyncio.Barrier(2)

    async def write(number: int) -> None:
        async with both[number].transaction():
            await both[number].execute("SELECT 1")
            await line.wait()
            await both[number].execute(ADD, order_id, f"R{number}", fen, now)

    await asyncio.gather(*(write(number) for number in range(2)), return_exceptions=True)
    for connection in both:
        await connection.close()
    found: int = (await rows("SELECT count(*) AS n FROM refund"))[0]["n"]
    return found


@pytest.mark.parametrize(("fen", "refused"), [(PRICE_FEN - 1, False), (PRICE_FEN, False), (PRICE_FEN + 1, True)])
async def test_one_refund_is_never_more_than_was_paid(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock, fen: int, refused: bool
) -> None:
    order_id = await paid_order(sealer, clock)
    if refused:
        with pytest.raises(asyncpg.CheckViolationError, match="of 30000 paid"):
            await _as_it_is(committed_database, order_id, fen, clock.now())
    else:
        await _as_it_is(committed_database, order_id, fen, clock.now())


async def test_two_refunds_at_once_are_never_more_than_was_paid(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    order_id = await paid_order(sealer, clock)
    assert await write_two_at_once(committed_database, order_id, PRICE_FEN // 2 + 1, clock.now()) == 1


async def test_without_the_trigger_both_would_be_written(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    """Positive control."""
    order_id = await paid_order(sealer, clock)
    owner = await asyncpg.connect(**credentials(committed_database.settings.database_url))
    await owner.execute("DROP TRIGGER refund_within_paid ON refund")
    await owner.close()
    assert await write_two_at_once(committed_database, order_id, PRICE_FEN // 2 + 1, clock.now()) == 2


async def _as_it_is(committed: Committed, order_id: int, fen: int, now: datetime) -> None:
    connection = await asyncpg.connect(**credentials(committed.settings.database_url))
    try:
        await connection.execute(ADD, order_id, "R1", fen, now)
    finally:
        await connection.close()
