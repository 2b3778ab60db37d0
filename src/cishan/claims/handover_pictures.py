"""The picture of a hand-over: an editor lets the donor see it, or takes it from the fulfilment (R3)."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.claims.moves import lock_claim_for
from cishan.database import rows
from cishan.errors import Conflict, Forbidden
from cishan.events.actions import record_event
from cishan.permissions import Permission, holds
from cishan.pictures.actions import clear_picture

PICTURE = "SELECT 1 FROM fulfilment WHERE claim_id = $1 AND picture_id = $2"
REMOVE = "UPDATE fulfilment SET picture_id = NULL WHERE claim_id = $1"
GONE = "这张照片已经有人看过，或者换过了。请看现在的列表。"


async def clear_handover_picture(claim_id: int, picture_id: int, *, actor: Viewer, now: datetime) -> None:
    """From now on the donor sees it. Raises Conflict unless `picture_id`, which was looked at, is still the picture."""
    async with in_transaction():
        await _lock(claim_id, picture_id, actor)
        await clear_picture(picture_id, actor=actor, now=now)
        await record_event("claim", claim_id, "clear_picture", actor=actor, now=now, detail={"picture": picture_id})


async def refuse_handover_picture(claim_id: int, picture_id: int, *, actor: Viewer, now: datetime) -> None:
    """Takes it from the fulfilment: the donor never sees it. Raises Conflict as `clear_handover_picture` does."""
    async with in_transaction():
        await _lock(claim_id, picture_id, actor)
        await rows(REMOVE, claim_id)
        await record_event("claim", claim_id, "refuse_picture", actor=actor, now=now, detail={"picture": picture_id})


async def _lock(claim_id: int, picture_id: int, actor: Viewer) -> None:
    """The claim stays locked, so a second hand-over cannot put another picture in between."""
    if not holds(actor.role, Permission.PUBLISH):
        raise Forbidden
    await lock_claim_for(claim_id, actor)
    if not await rows(PICTURE, claim_id, picture_id):
        raise Conflict(GONE)
