"""When a family takes a consent back: what it had allowed is gone in the same transaction (R-21, PIPL 15)."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.events.actions import record_event
from cishan.households.states import ConsentPurpose
from cishan.wishes.models import Wish
from cishan.wishes.moves import SUBJECT, lock_wish, move
from cishan.wishes.states import can

CONSENT_GONE = "这家人撤回了同意"
MOST_WISHES = 200

ON_THE_WALL = "SELECT id FROM wish WHERE household_id = $1 AND status = 'published' ORDER BY id LIMIT $2"
WITH_PICTURE = "SELECT id FROM wish WHERE household_id = $1 AND picture_id IS NOT NULL ORDER BY id LIMIT $2"


async def follow_consent(household_id: int, purpose: ConsentPurpose, *, actor: Viewer | None, now: datetime) -> None:
    """Takes the household's wishes off the wall, or their pictures away. A handler of `households.withdraw_consent`.

    A wish that is claimed already goes on: a donor has paid for it, and its page names nobody. When its claim is given
    up it does not come back to the wall.
    """
    async with in_transaction():
        if purpose in {ConsentPurpose.STORE, ConsentPurpose.SHOW_TO_CLAIMER}:
            for row in await rows(ON_THE_WALL, household_id, MOST_WISHES):
                await _take_off_if_there(await lock_wish(row["id"]), actor, now)
        if purpose in {ConsentPurpose.STORE, ConsentPurpose.PUBLISH_PICTURE}:
            for row in await rows(WITH_PICTURE, household_id, MOST_WISHES):
                await _drop_picture(await lock_wish(row["id"]), actor, now)


async def _take_off_if_there(wish: Wish, actor: Viewer | None, now: datetime) -> None:
    """Somebody may have claimed it while we waited for its lock."""
    if can("take_off", wish.status):
        await take_off(wish, CONSENT_GONE, actor=actor, now=now)


async def take_off(
    wish: Wish, reason: str, *, actor: Viewer | None, now: datetime, reason_sealed: bytes | None = None
) -> None:
    """Takes a locked wish off the wall; it goes back to an editor, who reads the reason.

    A reason that somebody typed comes sealed as well, and only so into the event.
    """
    changes: dict[str, object] = {"published_by_id": None, "published_at": None, "returned_reason": reason}
    detail: dict[str, object] | None = {"reason": reason} if reason_sealed is None else None
    await move(wish, "take_off", actor=actor, now=now, detail=detail, reason_sealed=reason_sealed, **changes)


async def _drop_picture(wish: Wish, actor: Viewer | None, now: datetime) -> None:
    wish.update_from_dict({"picture_id": None})
    await wish.save(update_fields=["picture_id"])
    await record_event(SUBJECT, wish.id, "remove_picture", actor=actor, now=now, detail={"reason": CONSENT_GONE})
