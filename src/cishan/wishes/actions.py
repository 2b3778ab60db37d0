"""The only writers of wishes and visits: here what a claim and a deadline do to a wish.

What people do on the way to the wall stands in `drafts.py`, `reviewing.py` and `publishing.py`; all are reached through this
module.
"""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.errors import Conflict, NotFound
from cishan.events.actions import record_event
from cishan.wishes.checks import hold_consents, may_be_shown
from cishan.wishes.drafts import WishDraft, change_draft, draft_wish, file_wish, withdraw_wish
from cishan.wishes.models import Wish
from cishan.wishes.moves import SUBJECT, lock_wish, lock_wish_for, move, reason_of
from cishan.wishes.publishing import ask_rewording, publish_wish, remove_picture, take_off_reported, take_off_wall
from cishan.wishes.reviewing import Wording, confirm_visit, record_visit, send_back, word_wish
from cishan.wishes.states import WishStatus
from cishan.wishes.withdrawals import CONSENT_GONE, take_off

__all__ = [
    "WishDraft",
    "Wording",
    "ask_rewording",
    "change_draft",
    "claim_wish",
    "confirm_visit",
    "draft_wish",
    "file_wish",
    "fulfil_wish",
    "lapse_wish",
    "mark_reminded",
    "publish_wish",
    "record_visit",
    "release_wish",
    "remove_picture",
    "send_back",
    "take_off_reported",
    "take_off_wall",
    "withdraw_claimed_wish",
    "withdraw_wish",
    "word_wish",
]

TAKEN = "刚刚被别人认领了。看看别的心愿吧。"
IN_REVIEW = frozenset({WishStatus.FILED, WishStatus.VISITED, WishStatus.WORDED})

CLAIM = """
UPDATE wish SET status = 'claimed', status_since = $2, due_at = NULL, reminded_at = NULL
 WHERE id = $1 AND status = 'published' RETURNING id
"""


async def lapse_wish(wish_id: int, *, actor: Viewer | None, now: datetime) -> Wish:
    """Ends a wish that stood too long: on the wall past its days, or never filed (R-37). `actor` None is the sweep."""
    async with in_transaction():
        wish = await lock_wish(wish_id) if actor is None else await lock_wish_for(wish_id, actor)
        return await move(wish, "lapse", actor=actor, now=now)


async def claim_wish(wish_id: int, *, actor: Viewer, now: datetime) -> Wish:
    """Takes a wish off the wall for one donor. Of any number who try at once, one wins; the others meet Conflict.

    One statement: whoever comes second waits for the row, finds it changed and updates nothing.
    """
    async with in_transaction():
        if not await rows(CLAIM, wish_id, now):
            if not await Wish.exists(id=wish_id, published_at__not_isnull=True):
                raise NotFound
            raise Conflict(TAKEN)
        await record_event(SUBJECT, wish_id, "claim", actor=actor, now=now)
        return await Wish.get(id=wish_id)


async def release_wish(wish_id: int, *, actor: Viewer | None, now: datetime, reason: str) -> Wish:
    """Puts a claimed wish back on the wall, with its first day of publication and new days to stand there.

    When its family has taken back the consent meanwhile it goes on to the editor's desk: nobody sees it there again.
    """
    async with in_transaction():
        await hold_consents(wish_id)
        wish = await lock_wish(wish_id)
        await move(wish, "release", actor=actor, now=now, detail={"reason": reason_of(reason)})
        if not await may_be_shown(wish):
            await take_off(wish, CONSENT_GONE, actor=actor, now=now)
        return wish


async def fulfil_wish(wish_id: int, *, actor: Viewer | None, now: datetime) -> Wish:
    """The wish has come true: another person than the deliverer has asked the family."""
    async with in_transaction():
        return await move(await lock_wish(wish_id), "fulfil", actor=actor, now=now)


async def withdraw_claimed_wish(wish_id: int, *, actor: Viewer | None, now: datetime, reason: str) -> Wish:
    """Ends a claimed wish whose family refuses, has moved or died; the claims room ends the claim with it."""
    async with in_transaction():
        wish = await lock_wish(wish_id)
        if wish.status is not WishStatus.CLAIMED:
            raise Conflict("这个心愿没有被认领。请刷新后再看。")
        return await move(wish, "withdraw", actor=actor, now=now, detail={"reason": reason_of(reason)})


async def mark_reminded(wish_id: int, *, now: datetime) -> Wish | None:
    """Writes down that whose turn it is was told that a wish is late; None when it no longer is, or they were told."""
    async with in_transaction():
        wish = await lock_wish(wish_id)
        late = wish.due_at is not None and wish.due_at <= now and wish.status in IN_REVIEW
        if not late or wish.reminded_at is not None:
            return None
        wish.reminded_at = now
        await wish.save(update_fields=["reminded_at"])
        return wish
