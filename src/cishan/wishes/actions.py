"""The only writers of wishes and visits: from a draft to the wall, and what a claim does to a wish.

Filer, reviewer and publisher are three people (R-36); so says each action here, and so does the table.
"""

from dataclasses import dataclass
from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.divisions.rules import county_of
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.households.states import Group
from cishan.permissions import Permission, holds
from cishan.sealing import Sealer
from cishan.wishes.campaigns import current_campaign_id, terms_on
from cishan.wishes.checks import (
    check_publishable,
    check_wording,
    hold_consents,
    household_in_scope,
    may_be_shown,
    second_visitor_faults,
)
from cishan.wishes.models import Visit, Wish
from cishan.wishes.moves import SUBJECT, check_move, lock_wish, lock_wish_for, move
from cishan.wishes.rules import WishContent, filing_faults, fitting_figures
from cishan.wishes.search import tokens_of
from cishan.wishes.states import Audience, WishKind, WishStatus
from cishan.wishes.withdrawals import CONSENT_GONE, take_off

NOTE_LABEL = "wish.note"
SCHOOL_LABEL = "wish.school"
FINDINGS_LABEL = "visit.findings"
TAKEN = "刚刚被别人认领了。看看别的心愿吧。"
LONGEST_REASON = 200
IN_REVIEW = frozenset({WishStatus.FILED, WishStatus.VISITED, WishStatus.WORDED})

CLAIM = """
UPDATE wish SET status = 'claimed', status_since = $2, due_at = NULL, reminded_at = NULL
 WHERE id = $1 AND status = 'published' RETURNING id
"""


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


@dataclass(frozen=True)
class Wording:
    """The public text of a wish: it names nobody and no place below the county."""

    title: str
    text: str
    group: Group | None


# --- the coordinator ---------------------------------------------------------------------------------------------


async def draft_wish(household_id: int, draft: WishDraft, *, actor: Viewer, sealer: Sealer, now: datetime) -> Wish:
    """Starts a wish of a household in the coordinator's place; what is missing may be added until it is filed."""
    _must(actor, Permission.FILE_WISH)
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
    _must(actor, Permission.FILE_WISH)
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
    _must(actor, Permission.FILE_WISH)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        check_move(wish, "file")
        figures = await terms_on(_id_of(wish, "campaign"), beijing_day(now))
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


async def withdraw_wish(wish_id: int, *, actor: Viewer, now: datetime, reason: str) -> Wish:
    """Ends a wish that nobody has claimed, because the family no longer wants or needs it."""
    _must(actor, Permission.STAFF)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        if wish.status is WishStatus.CLAIMED:
            raise Conflict("这个心愿已经有人认领，不能直接撤回。请先处理这次认领。")
        return await move(wish, "withdraw", actor=actor, now=now, detail={"reason": _reason(reason)})


# --- the town reviewer -------------------------------------------------------------------------------------------


async def record_visit(
    wish_id: int,
    *,
    visited_on: date,
    findings: str,
    second_visitor_id: int,
    actor: Viewer,
    sealer: Sealer,
    now: datetime,
) -> Visit:
    """Writes down a home visit by the reviewer and a second person, who then confirms it (低保办法 art. 16).

    A record that nobody has confirmed yet is replaced.
    """
    _must(actor, Permission.REVIEW)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        check_move(wish, "confirm_visit")
        _not_one_of(actor, wish, "filed_by", "登记这个心愿的人不能审核它。")
        faults = await second_visitor_faults(wish, second_visitor_id, actor)
        if not findings:
            faults["findings"] = "请写上看到的情况。"
        if visited_on > beijing_day(now) or visited_on < beijing_day(wish.created_at):
            faults["visited_on"] = "走访日期要在登记之后，也不能晚于今天。"
        if faults:
            raise InvalidInput(faults)
        await Visit.filter(wish_id=wish_id, confirmed_at=None).delete()
        visit = await Visit.create(
            wish_id=wish_id,
            visitor_id=actor.account_id,
            second_visitor_id=second_visitor_id,
            visited_on=visited_on,
            findings_sealed=sealer.seal(findings, FINDINGS_LABEL),
            recorded_at=now,
        )
        await record_event(SUBJECT, wish_id, "record_visit", actor=actor, now=now, detail={"visit": visit.id})
        return visit


async def confirm_visit(visit_id: int, *, actor: Viewer, now: datetime) -> Wish:
    """The second visitor says from their own account that they were there; the wish counts as visited."""
    async with in_transaction():
        found = await Visit.get_or_none(id=visit_id)
        if found is None or _id_of(found, "second_visitor") != actor.account_id:
            raise NotFound
        wish = await lock_wish(_id_of(found, "wish"))
        visit = await Visit.filter(id=visit_id).select_for_update().get_or_none()
        if visit is None:
            raise Conflict("这条走访记录已经被改过。请看新的那一条。")
        if visit.confirmed_at is not None:
            raise Conflict("您已经确认过这次走访了。")
        check_move(wish, "confirm_visit")
        visit.confirmed_at = now
        await visit.save(update_fields=["confirmed_at"])
        return await move(wish, "confirm_visit", actor=actor, now=now, detail={"visit": visit_id})


async def word_wish(wish_id: int, wording: Wording, *, actor: Viewer, sealer: Sealer, now: datetime) -> Wish:
    """Sets the public title, text and group; raises InvalidInput that names what would identify the family."""
    _must(actor, Permission.REVIEW)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        check_move(wish, "word")
        _not_one_of(actor, wish, "filed_by", "登记这个心愿的人不能审核它。")
        await check_wording(wish, wording.title, wording.text, sealer=sealer)
        return await move(
            wish,
            "word",
            actor=actor,
            now=now,
            public_title=wording.title,
            public_text=wording.text,
            public_group=wording.group,
            reviewed_by_id=actor.account_id,
        )


async def send_back(wish_id: int, *, actor: Viewer, now: datetime, reason: str) -> Wish:
    """Gives a wish back to the coordinator with a reason; by its reviewer's town or an editor."""
    if not (holds(actor.role, Permission.REVIEW) or holds(actor.role, Permission.PUBLISH)):
        raise Forbidden
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        text = _reason(reason)
        await Visit.filter(wish_id=wish_id, confirmed_at=None).delete()
        return await move(wish, "send_back", actor=actor, now=now, returned_reason=text, detail={"reason": text})


# --- the federation's editor -------------------------------------------------------------------------------------


async def publish_wish(wish_id: int, *, actor: Viewer, sealer: Sealer, now: datetime) -> Wish:
    """Puts a worded wish on the wall; the editor is neither its filer nor its reviewer.

    Raises InvalidInput when the text still identifies someone, a consent is missing, the picture is not cleared, or
    the same picture stands under another household (R-30).
    """
    _must(actor, Permission.PUBLISH)
    async with in_transaction():
        await hold_consents(wish_id)
        wish = await lock_wish_for(wish_id, actor)
        check_move(wish, "publish")
        _not_one_of(actor, wish, "filed_by", "登记这个心愿的人不能发布它。请另一位编辑发布。")
        _not_one_of(actor, wish, "reviewed_by", "审核这个心愿的人不能发布它。请另一位编辑发布。")
        await check_wording(wish, wish.public_title, wish.public_text, sealer=sealer)
        await check_publishable(wish)
        published = await move(
            wish, "publish", actor=actor, now=now, published_by_id=actor.account_id, published_at=now
        )
        await index_wish(published)
        return published


async def ask_rewording(wish_id: int, *, actor: Viewer, now: datetime, reason: str) -> Wish:
    """The editor wants other words; the wish goes back to its town reviewer without another visit."""
    _must(actor, Permission.PUBLISH)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        text = _reason(reason)
        return await move(wish, "ask_rewording", actor=actor, now=now, returned_reason=text, detail={"reason": text})


async def remove_picture(wish_id: int, *, actor: Viewer, now: datetime, reason: str) -> Wish:
    """Takes the picture from a wish: its coordinator before filing, an editor at any time before or on the wall."""
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        if not holds(actor.role, Permission.PUBLISH):
            _must(actor, Permission.FILE_WISH)
            check_move(wish, "file")
        wish.update_from_dict({"picture_id": None})
        await wish.save(update_fields=["picture_id"])
        await record_event(SUBJECT, wish_id, "remove_picture", actor=actor, now=now, detail={"reason": _reason(reason)})
        return wish


async def take_off_wall(wish_id: int, *, actor: Viewer, now: datetime, reason: str) -> Wish:
    """Takes a published wish off the wall until an editor has looked at it again (R-45)."""
    _must(actor, Permission.PUBLISH)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        text = _reason(reason)
        await take_off(wish, text, actor=actor, now=now)
        return wish


async def lapse_wish(wish_id: int, *, actor: Viewer | None, now: datetime) -> Wish:
    """Ends a wish that stood too long: on the wall past its days, or never filed (R-37). `actor` None is the sweep."""
    async with in_transaction():
        wish = await lock_wish(wish_id) if actor is None else await lock_wish_for(wish_id, actor)
        return await move(wish, "lapse", actor=actor, now=now)


# --- what a claim does to a wish ---------------------------------------------------------------------------------


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
        await move(wish, "release", actor=actor, now=now, detail={"reason": _reason(reason)})
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
        return await move(wish, "withdraw", actor=actor, now=now, detail={"reason": _reason(reason)})


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


async def index_wish(wish: Wish) -> None:
    """Writes the search words of the public text; nothing sealed is ever indexed."""
    tokens = tokens_of(f"{wish.public_title} {wish.item} {wish.public_text}")
    await rows("UPDATE wish SET search = array_to_tsvector($2::text[]) WHERE id = $1", wish.id, tokens)


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


def _must(actor: Viewer, permission: Permission) -> None:
    if not holds(actor.role, permission):
        raise Forbidden


def _not_one_of(actor: Viewer, wish: Wish, field: str, sentence: str) -> None:
    if _id_of(wish, field) == actor.account_id:
        raise Forbidden(sentence)


def _id_of(model: Wish | Visit, field: str) -> int:
    found: int = getattr(model, f"{field}_id")
    return found


def _reason(text: str) -> str:
    if not text.strip():
        raise InvalidInput({"reason": "请写明原因。"})
    if len(text) > LONGEST_REASON:
        raise InvalidInput({"reason": f"太长了，最多 {LONGEST_REASON} 个字。"})
    return text.strip()
