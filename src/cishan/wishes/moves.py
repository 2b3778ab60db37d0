"""The one place that changes a wish's status: locks, asks the table of moves, sets the deadline, records the event.

Beside it stand the questions that every writer of this room asks first: may they, is it another person, is there a reason.
"""

from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.errors import Forbidden, IllegalMove, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.labels import label
from cishan.wishes.campaigns import terms_on
from cishan.wishes.models import Visit, Wish
from cishan.wishes.rules import due_after
from cishan.wishes.states import MOVES, STEP_LABELS, WishStatus, can

SUBJECT = "wish"
LONGEST_REASON = 200


async def lock_wish(wish_id: int) -> Wish:
    """The wish with its row locked until the transaction ends; raises NotFound."""
    wish = await Wish.filter(id=wish_id).select_for_update().get_or_none()
    if wish is None:
        raise NotFound
    return wish


async def lock_wish_for(wish_id: int, actor: Viewer) -> Wish:
    """The same for a member of staff; outside their place it is not there."""
    wish = await lock_wish(wish_id)
    if not actor.covers(wish.division_code):
        raise NotFound
    return wish


def check_move(wish: Wish, verb: str) -> WishStatus:
    """The status that `verb` leads to; raises IllegalMove when the wish is not where it may start."""
    if not can(verb, wish.status):
        raise IllegalMove("这个心愿", label(wish.status), STEP_LABELS[verb])
    return MOVES[verb][1]


async def move(
    wish: Wish,
    verb: str,
    *,
    actor: Viewer | None,
    now: datetime,
    detail: dict[str, object] | None = None,
    reason_sealed: bytes | None = None,
    **changes: object,
) -> Wish:
    """Moves a locked wish and writes `changes` with it. `actor` None is the system keeping a deadline."""
    status = check_move(wish, verb)
    figures = await terms_on(wish.campaign_id, beijing_day(now))
    changes |= {"status": status, "status_since": now, "due_at": due_after(status, now, figures), "reminded_at": None}
    wish.update_from_dict(changes)
    await wish.save(update_fields=list(changes))
    await record_event(SUBJECT, wish.id, verb, actor=actor, now=now, detail=detail, reason_sealed=reason_sealed)
    return wish


def must_be_another(actor: Viewer, wish: Wish, field: str, sentence: str) -> None:
    """Raises Forbidden, with the sentence, for whoever has had another part in this wish (R-36)."""
    if id_of(wish, field) == actor.account_id:
        raise Forbidden(sentence)


def id_of(model: Wish | Visit, field: str) -> int:
    """The id of the row that a foreign key points to, without reading that row."""
    found: int = getattr(model, f"{field}_id")
    return found


def reason_of(text: str) -> str:
    """The reason as typed, without blanks around it; raises InvalidInput for none or a longer one."""
    if not text.strip():
        raise InvalidInput({"reason": "请写明原因。"})
    if len(text) > LONGEST_REASON:
        raise InvalidInput({"reason": f"太长了，最多 {LONGEST_REASON} 个字。"})
    return text.strip()
