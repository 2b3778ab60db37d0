"""Wishes taken by money that came too late: the same one, when nobody else has it, or one like it."""

from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.wishes.actions import claim_wish
from cishan.wishes.models import Wish

FREE = "SELECT id FROM wish WHERE id = $1 AND status = 'published' AND price_fen = $2 FOR UPDATE"
SIMILAR = """
SELECT w.id FROM wish w JOIN wish wanted ON wanted.id = $1
 WHERE w.status = 'published' AND w.kind = 'thing' AND w.id <> $1 AND w.price_fen BETWEEN 1 AND $2
 ORDER BY w.item = wanted.item DESC, w.county_code = wanted.county_code DESC, w.price_fen DESC, w.published_at, w.id
 LIMIT 1 FOR UPDATE OF w SKIP LOCKED
"""


async def claim_again(wish_id: int, *, price_fen: int, actor: Viewer, now: datetime) -> bool:
    """Takes this wish off the wall for its late donor if it is free and costs what they paid; False otherwise."""
    if not await rows(FREE, wish_id, price_fen):
        return False
    await claim_wish(wish_id, actor=actor, now=now)
    return True


async def claim_similar(wish_id: int, *, most_fen: int, actor: Viewer, now: datetime) -> Wish | None:
    """Takes the wish most like this one that costs no more: the same thing first, then the same county, then the price.

    Two at once never wait for the same row, nor take it twice.
    """
    found = await rows(SIMILAR, wish_id, most_fen)
    return await claim_wish(found[0]["id"], actor=actor, now=now) if found else None
