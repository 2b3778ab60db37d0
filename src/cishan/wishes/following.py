"""Open wishes follow their household: to another village, and out of sight when nobody of it is left.

A sweep compares them with the registry, so it does not matter by which door the household changed, a page or a file.
"""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.database import JsonRow, rows
from cishan.divisions.rules import county_of
from cishan.events.actions import record_event
from cishan.messages.actions import queue_notice
from cishan.sealing import Sealer
from cishan.wishes.models import Wish
from cishan.wishes.moves import SUBJECT, lock_wish, move
from cishan.wishes.states import WishStatus
from cishan.wishes.withdrawals import take_off

MOVED = "这家人搬到了别的村，公开文字要重新核对"
GONE = "这一户已经销户"

UNCLAIMED = ("draft", "returned", "filed", "visited", "worded", "published")
"""Once claimed, a wish stays with those who have begun to buy and bring it: a deadline watches over them."""

LEFT_BEHIND = """
SELECT w.id, w.household_id FROM wish w JOIN household h ON h.id = w.household_id
 WHERE w.status = ANY($1) AND (h.closed_at IS NOT NULL OR h.division_code <> w.division_code)
 ORDER BY w.id LIMIT $2
"""
HOLD_HOUSEHOLD = "SELECT division_code, closed_at FROM household WHERE id = $1 FOR SHARE"


async def follow_households(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Takes wishes along that their household has left behind; returns how many.

    In another village the wish is that village's coordinator's and reviewer's; one on the wall goes back to its reviewer,
    for its text was held against the old village's name. When the household is closed the wish ends, and who filed it
    is told. Each in its own transaction and decided again under its locks.
    """
    followed = 0
    for row in await rows(LEFT_BEHIND, list(UNCLAIMED), limit):
        followed += await _follow(row["id"], row["household_id"], sealer=sealer, now=now)
    return followed


async def _follow(wish_id: int, household_id: int, *, sealer: Sealer, now: datetime) -> bool:
    async with in_transaction():
        household = (await rows(HOLD_HOUSEHOLD, household_id))[0]
        wish = await lock_wish(wish_id)
        if wish.status not in UNCLAIMED:
            return False
        if household["closed_at"] is not None:
            await _end(wish, sealer=sealer, now=now)
            return True
        if wish.division_code == household["division_code"]:
            return False
        await _take_along(wish, household, now=now)
        return True


async def _end(wish: Wish, *, sealer: Sealer, now: datetime) -> None:
    await move(wish, "withdraw", actor=None, now=now, detail={"reason": GONE})
    filed_by_id: int = wish.filed_by_id  # type: ignore[attr-defined]
    text = f"心愿“{wish.item}”已经结束，因为{GONE}。"
    await queue_notice(f"wish-gone:{wish.id}", filed_by_id, text, sealer=sealer, now=now)


async def _take_along(wish: Wish, household: JsonRow, *, now: datetime) -> None:
    place: str = household["division_code"]
    wish.update_from_dict({"division_code": place, "county_code": county_of(place)})
    await wish.save(update_fields=["division_code", "county_code"])
    await record_event(SUBJECT, wish.id, "follow_household", actor=None, now=now, detail={"to": place})
    if wish.status is WishStatus.PUBLISHED:
        await take_off(wish, MOVED, actor=None, now=now)
