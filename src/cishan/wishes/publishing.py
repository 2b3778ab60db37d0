"""The federation editor's writers: onto the wall, off it, and back for other words."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.events.actions import REASON_LABEL, record_event
from cishan.permissions import Permission, holds, must
from cishan.sealing import Sealer
from cishan.wishes.checks import check_publishable, check_wording, hold_consents
from cishan.wishes.models import Wish
from cishan.wishes.moves import SUBJECT, check_move, lock_wish_for, move, must_be_another, reason_of
from cishan.wishes.search import tokens_of
from cishan.wishes.withdrawals import take_off

REPORTED = "有人举报，先撤下核实"


async def publish_wish(wish_id: int, *, actor: Viewer, sealer: Sealer, now: datetime) -> Wish:
    """Puts a worded wish on the wall; the editor is neither its filer nor its reviewer.

    Raises InvalidInput when the text still identifies someone, a consent is missing, the picture is not cleared, or
    the same picture stands under another household (R-30).
    """
    must(actor, Permission.PUBLISH)
    async with in_transaction():
        await hold_consents(wish_id)
        wish = await lock_wish_for(wish_id, actor)
        check_move(wish, "publish")
        must_be_another(actor, wish, "filed_by", "登记这个心愿的人不能发布它。请另一位编辑发布。")
        must_be_another(actor, wish, "reviewed_by", "审核这个心愿的人不能发布它。请另一位编辑发布。")
        await check_wording(wish, wish.public_title, wish.public_text, sealer=sealer)
        await check_publishable(wish)
        published = await move(
            wish, "publish", actor=actor, now=now, published_by_id=actor.account_id, published_at=now
        )
        await index_wish(published)
        return published


async def ask_rewording(wish_id: int, *, actor: Viewer, sealer: Sealer, now: datetime, reason: str) -> Wish:
    """The editor wants other words; the wish goes back to its town reviewer without another visit."""
    must(actor, Permission.PUBLISH)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        text = reason_of(reason)
        sealed = sealer.seal(text, REASON_LABEL)
        return await move(wish, "ask_rewording", actor=actor, now=now, returned_reason=text, reason_sealed=sealed)


async def remove_picture(wish_id: int, *, actor: Viewer, now: datetime, reason: str) -> Wish:
    """Takes the picture from a wish: its coordinator before filing, an editor at any time before or on the wall.

    `reason` is a sentence of ours, not something typed.
    """
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        if not holds(actor.role, Permission.PUBLISH):
            must(actor, Permission.FILE_WISH)
            check_move(wish, "file")
        wish.update_from_dict({"picture_id": None})
        await wish.save(update_fields=["picture_id"])
        await record_event(
            SUBJECT, wish_id, "remove_picture", actor=actor, now=now, detail={"reason": reason_of(reason)}
        )
        return wish


async def take_off_wall(wish_id: int, *, actor: Viewer, sealer: Sealer, now: datetime, reason: str) -> Wish:
    """Takes a published wish off the wall until an editor has looked at it again (R-45)."""
    must(actor, Permission.PUBLISH)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        text = reason_of(reason)
        await take_off(wish, text, actor=actor, now=now, reason_sealed=sealer.seal(text, REASON_LABEL))
        return wish


async def take_off_reported(wish_id: int, *, actor: Viewer, now: datetime) -> Wish:
    """The same for a wish that somebody has reported: the reason is ours."""
    must(actor, Permission.PUBLISH)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        await take_off(wish, REPORTED, actor=actor, now=now)
        return wish


async def index_wish(wish: Wish) -> None:
    """Writes the search words of the public text; nothing sealed is ever indexed."""
    tokens = tokens_of(f"{wish.public_title} {wish.item} {wish.public_text}")
    await rows("UPDATE wish SET search = array_to_tsvector($2::text[]) WHERE id = $1", wish.id, tokens)
