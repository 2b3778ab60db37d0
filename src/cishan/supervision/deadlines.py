"""Deadlines of wishes: who must review or publish is reminded, and a wish nobody took leaves the wall (R-37).

Reads what is due here and lets the wishes room act on each, one row at a time, decided again under its lock.
"""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.queries import staff_covering
from cishan.database import JsonRow, rows
from cishan.labels import label
from cishan.messages.actions import queue_notice
from cishan.sealing import Sealer
from cishan.supervision.queries import WISH_TURN
from cishan.wishes.actions import lapse_wish, mark_reminded
from cishan.wishes.states import WishStatus

MOST_TOLD = 20

IN_REVIEW = """
SELECT id FROM wish WHERE due_at <= $1 AND reminded_at IS NULL AND status IN ('filed', 'visited', 'worded')
 ORDER BY due_at, id LIMIT $2
"""
ON_THE_WALL = "SELECT id FROM wish WHERE due_at <= $1 AND status = 'published' ORDER BY due_at, id LIMIT $2"
STILL_ON_IT = "SELECT item, public_title, filed_by_id FROM wish WHERE id = $1 AND status = 'published' AND due_at <= $2 FOR UPDATE"


async def remind_of_late_wishes(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Tells reviewers and editors of wishes past their day, once for each status; returns how many wishes."""
    reminded = 0
    for row in await rows(IN_REVIEW, now, limit):
        reminded += await _remind(row["id"], sealer=sealer, now=now)
    return reminded


async def _remind(wish_id: int, *, sealer: Sealer, now: datetime) -> bool:
    async with in_transaction():
        wish = await mark_reminded(wish_id, now=now)
        if wish is None:
            return False
        status = WishStatus(wish.status)
        text = f"心愿“{wish.item}”{label(status)}，已经超时，请尽快办。"
        for staff in (await staff_covering(wish.division_code, WISH_TURN[status]))[:MOST_TOLD]:
            account_id = staff["account_id"]
            key = f"wish-late:{wish_id}:{wish.status_since.timestamp():.0f}:{account_id}"
            await queue_notice(key, account_id, text, sealer=sealer, now=now)
        return True


async def lapse_late_wishes(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Takes wishes off the wall that nobody took in their days, and tells who filed them; returns how many."""
    lapsed = 0
    for row in await rows(ON_THE_WALL, now, limit):
        lapsed += await _lapse(row["id"], sealer=sealer, now=now)
    return lapsed


async def _lapse(wish_id: int, *, sealer: Sealer, now: datetime) -> bool:
    async with in_transaction():
        found: list[JsonRow] = await rows(STILL_ON_IT, wish_id, now)
        if not found:
            return False
        await lapse_wish(wish_id, actor=None, now=now)
        text = f"心愿“{found[0]['item']}”到期没有人认领，已经下墙。请和这家人商量，改一改再登记，或由总会办理。"
        await queue_notice(f"wish-lapsed:{wish_id}", found[0]["filed_by_id"], text, sealer=sealer, now=now)
        return True
