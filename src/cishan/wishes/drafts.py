"""The coordinator's writers: a wish from its first word until it is handed to the town, or withdrawn."""

from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.divisions.rules import county_of
from cishan.errors import Conflict, InvalidInput
from cishan.events.actions import REASON_LABEL, record_event
from cishan.permissions import Permission, must
from cishan.sealing import Sealer
from cishan.wishes.campaigns import current_campaign_id, terms_on
from cishan.wishes.checks import household_in_scope
from cishan.wishes.models import Wish
from cishan.wishes.moves import SUBJECT, check_move, id_of, lock_wish_for, move, reason_of
from cishan.wishes.rules import WishContent, filing_faults, fitting_figures
from cishan.wishes.states import Audience, WishKind, WishStatus

NOTE_LABEL = "wish.note"
SCHOOL_LABEL = "wish.school"


@dataclass(frozen=True)
class WishDraft:
    """What is known of a wish so far. `None` leaves a field of an existing draft as it is."""

    kind: WishKind | None = None
    item: str | None = None
    audience: Audience | None = None
    person_id: int | None = None
    price_fen: int | None = None
    hours: int | None = None
    note: str | None = None
    school: str | None = None
    picture_id: int | None = None


async def draft_wish(household_id: int, draft: WishDraft, *, actor: Viewer, sealer: Sealer, now: datetime) -> Wish:
    """Starts a wish of a household in the coordinator's place; what is missing may be added until it is filed."""
    must(actor, Permission.FILE_WISH)
    campaign_id = await current_campaign_id(now)
    kind = draft.kind or WishKind.THING
    price_fen, hours = fitting_figures(kind, draft.price_fen or 0, draft.hours or 0)
    async with in_transaction():
        household = await household_in_scope(household_id, actor)
        wish = await Wish.create(
            campaign_id=campaign_id,
            household_id=household_id,
            person_id=draft.person_id,
            division_code=household["division_code"],
            county_code=county_of(household["division_code"]),
            kind=kind,
            status=WishStatus.DRAFT,
            item=draft.item or "",
            audience=draft.audience or Audience.FAMILY,
            price_fen=price_fen,
            hours=hours,
            note_sealed=sealer.seal(draft.note or "", NOTE_LABEL),
            school_sealed=sealer.seal(draft.school, SCHOOL_LABEL) if draft.school else None,
            picture_id=draft.picture_id,
            filed_by_id=actor.account_id,
            created_at=now,
            status_since=now,
        )
        await record_event(SUBJECT, wish.id, "draft", actor=actor, now=now)
    return wish


async def change_draft(wish_id: int, draft: WishDraft, *, actor: Viewer, sealer: Sealer, now: datetime) -> Wish:
    """Writes what a step of the filing has found out; only before filing or after a return."""
    must(actor, Permission.FILE_WISH)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        check_move(wish, "file")
        changes = _changes(draft, sealer)
        if changes:
            wish.update_from_dict(changes)
            wish.price_fen, wish.hours = fitting_figures(wish.kind, wish.price_fen, wish.hours)
            await wish.save(update_fields=list({*changes, "price_fen", "hours"}))
        return wish


async def file_wish(wish_id: int, *, actor: Viewer, sealer: Sealer, now: datetime) -> Wish:
    """Hands a complete draft to the town; raises InvalidInput for what is missing or not allowed (R-34)."""
    must(actor, Permission.FILE_WISH)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        check_move(wish, "file")
        figures = await terms_on(id_of(wish, "campaign"), beijing_day(now))
        content = WishContent(
            wish.kind, wish.item, wish.price_fen, wish.hours, sealer.open(wish.note_sealed, NOTE_LABEL)
        )
        faults = filing_faults(content, figures.value_cap_fen)
        if faults:
            raise InvalidInput(faults)
        return await move(
            wish,
            "file",
            actor=actor,
            now=now,
            filed_by_id=actor.account_id,
            reviewed_by_id=None,
            published_by_id=None,
            returned_reason="",
        )


async def withdraw_wish(wish_id: int, *, actor: Viewer, sealer: Sealer, now: datetime, reason: str) -> Wish:
    """Ends a wish that nobody has claimed, because the family no longer wants or needs it."""
    must(actor, Permission.STAFF)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        if wish.status is WishStatus.CLAIMED:
            raise Conflict("这个心愿已经有人认领，不能直接撤回。请先处理这次认领。")
        sealed = sealer.seal(reason_of(reason), REASON_LABEL)
        return await move(wish, "withdraw", actor=actor, now=now, reason_sealed=sealed)


def _changes(draft: WishDraft, sealer: Sealer) -> dict[str, object]:
    plain: dict[str, object] = {
        "kind": draft.kind,
        "item": draft.item,
        "audience": draft.audience,
        "person_id": draft.person_id,
        "price_fen": draft.price_fen,
        "hours": draft.hours,
        "picture_id": draft.picture_id,
    }
    changes = {name: value for name, value in plain.items() if value is not None}
    if draft.note is not None:
        changes["note_sealed"] = sealer.seal(draft.note, NOTE_LABEL)
    if draft.school is not None:
        changes["school_sealed"] = sealer.seal(draft.school, SCHOOL_LABEL) if draft.school else None
    return changes
