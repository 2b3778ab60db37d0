"""Many reach for one wish at the same instant: one gets it. Without the condition in the statement, many would."""

import asyncio

from tortoise.transactions import in_transaction

from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict
from cishan.sealing import Sealer
from cishan.wishes.actions import claim_wish
from cishan.wishes.models import Wish
from cishan.wishes.states import WishStatus
from conftest import Committed
from makers import make_donor, make_published_wish

RIVALS = 100
FEW = 8
"""Less than the pool holds, for each keeps its connection while it waits."""


async def test_of_a_hundred_rivals_one_wins(committed_database: Committed, sealer: Sealer, clock: SteppedClock) -> None:
    wish = await make_published_wish(sealer=sealer, now=clock.now())
    donor = await make_donor(sealer=sealer, now=clock.now())

    async def reach() -> bool:
        try:
            await claim_wish(wish.id, actor=donor, now=clock.now())
        except Conflict:
            return False
        return True

    won = await asyncio.gather(*(reach() for _ in range(RIVALS)))
    assert sum(won) == 1
    assert (await Wish.get(id=wish.id)).status is WishStatus.CLAIMED
    events = await rows("SELECT verb FROM event WHERE subject_kind = 'wish' AND subject_id = $1", wish.id)
    assert [event["verb"] for event in events].count("claim") == 1


async def test_reading_first_and_writing_then_would_give_several_winners(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    """The control: the guard is off, and everyone has read before anyone writes."""
    wish = await make_published_wish(sealer=sealer, now=clock.now())
    everyone_has_read = asyncio.Barrier(FEW)
    won = await asyncio.gather(*(_unguarded(wish.id, everyone_has_read) for _ in range(FEW)))
    assert sum(won) == FEW


async def _unguarded(wish_id: int, everyone_has_read: asyncio.Barrier) -> bool:
    async with in_transaction():
        status = (await rows("SELECT status FROM wish WHERE id = $1", wish_id))[0]["status"]
        await everyone_has_read.wait()
        if status != "published":
            return False
        await rows("UPDATE wish SET status = 'claimed' WHERE id = $1", wish_id)
        return True
