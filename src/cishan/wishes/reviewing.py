"""The town reviewer's writers: the visit by two people, the public words, and giving a wish back.

Filer, reviewer and publisher are three people (R-36); so says each action here and in `publishing.py`, and so does the table.
"""

from dataclasses import dataclass
from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import REASON_LABEL, record_event
from cishan.households.states import Group
from cishan.permissions import Permission, holds, must
from cishan.sealing import Sealer
from cishan.wishes.checks import check_wording, second_visitor_faults
from cishan.wishes.models import Visit, Wish
from cishan.wishes.moves import SUBJECT, check_move, id_of, lock_wish, lock_wish_for, move, must_be_another, reason_of

FINDINGS_LABEL = "visit.findings"


@dataclass(frozen=True)
class Wording:
    """The public text of a wish: it names nobody and no place below the county."""

    title: str
    text: str
    group: Group | None


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
    must(actor, Permission.REVIEW)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        check_move(wish, "confirm_visit")
        must_be_another(actor, wish, "filed_by", "登记这个心愿的人不能审核它。")
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
        if found is None or id_of(found, "second_visitor") != actor.account_id:
            raise NotFound
        wish = await lock_wish(id_of(found, "wish"))
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
    must(actor, Permission.REVIEW)
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        check_move(wish, "word")
        must_be_another(actor, wish, "filed_by", "登记这个心愿的人不能审核它。")
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


async def send_back(wish_id: int, *, actor: Viewer, sealer: Sealer, now: datetime, reason: str) -> Wish:
    """Gives a wish back to the coordinator with a reason; by its reviewer's town or an editor."""
    if not (holds(actor.role, Permission.REVIEW) or holds(actor.role, Permission.PUBLISH)):
        raise Forbidden
    async with in_transaction():
        wish = await lock_wish_for(wish_id, actor)
        text = reason_of(reason)
        await Visit.filter(wish_id=wish_id, confirmed_at=None).delete()
        sealed = sealer.seal(text, REASON_LABEL)
        return await move(wish, "send_back", actor=actor, now=now, returned_reason=text, reason_sealed=sealed)
