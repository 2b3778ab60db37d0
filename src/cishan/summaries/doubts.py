"""Doubts about a list: a family says that something is wrong, a town reviewer answers within five working days."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.sealing import Sealer
from cishan.summaries.queries import edition_by_id
from cishan.summaries.states import DOUBT
from cishan.summaries.wording import line_about
from cishan.working_days import end_of_working_days

ANSWER_WORKING_DAYS = 5
"""MZ/T 087-2017 asks for an answer to a report within five working days; a doubt about a list gets no less."""
MOST_OPEN_DOUBTS = 20
TEXT_LABEL = "concern.text"
CONTACT_LABEL = "concern.contact"

LOCK_HOUSEHOLD = "SELECT id FROM household WHERE id = $1 FOR NO KEY UPDATE"
OPEN_DOUBTS = """
SELECT count(*) AS open FROM concern c JOIN edition e ON e.id = c.subject_id
 WHERE c.kind = $1 AND e.household_id = $2 AND c.closed_at IS NULL
"""
RAISE = """
INSERT INTO concern (kind, about, subject_id, division_code, text_sealed, contact_sealed, raised_at, due_at, answer)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '') RETURNING id
"""
LOCK_DOUBT = """
SELECT c.id, c.division_code, c.closed_at, c.subject_id, e.household_id
  FROM concern c JOIN edition e ON e.id = c.subject_id
 WHERE c.id = $1 AND c.kind = $2 FOR UPDATE OF c
"""
CLOSE = "UPDATE concern SET closed_by_id = $2, closed_at = $3, answer = $4 WHERE id = $1"


async def raise_doubt(
    household_id: int, edition_id: int, line: int, text: str, *, contact: str, sealer: Sealer, now: datetime
) -> int:
    """A family's doubt about a line of its own list, or with line 0 about the list; returns the concern's id."""
    edition = await edition_by_id(edition_id)
    if edition.household_id != household_id:
        raise NotFound
    async with in_transaction():
        await rows(LOCK_HOUSEHOLD, household_id)
        if (await rows(OPEN_DOUBTS, DOUBT, household_id))[0]["open"] >= MOST_OPEN_DOUBTS:
            raise Conflict(f"已经有 {MOST_OPEN_DOUBTS} 条疑问在等答复。有急事请打清单上的电话。")
        found = await rows(
            RAISE,
            DOUBT,
            line_about(edition, line),
            edition_id,
            edition.division_code,
            sealer.seal(text, TEXT_LABEL),
            sealer.seal(contact, CONTACT_LABEL) if contact else None,
            now,
            end_of_working_days(now, ANSWER_WORKING_DAYS),
        )
        await record_event("edition", edition_id, "doubt", actor=None, now=now, detail={"line": line})
    return int(found[0]["id"])


async def close_doubt(concern_id: int, answer: str, *, actor: Viewer, now: datetime) -> None:
    """Answers a doubt of the reviewer's own town; the family reads the answer on its list."""
    if actor.role is not Role.TOWN_REVIEWER:
        raise Forbidden
    if not answer.strip():
        raise InvalidInput({"answer": "请写明核对的结果。"})
    async with in_transaction():
        found = await rows(LOCK_DOUBT, concern_id, DOUBT)
        if not found or not actor.covers(found[0]["division_code"]):
            raise NotFound
        doubt = found[0]
        if doubt["closed_at"] is not None:
            raise Conflict("这条疑问已经答复过了。请刷新页面。")
        await rows(LOCK_HOUSEHOLD, doubt["household_id"])
        await rows(CLOSE, concern_id, actor.account_id, now, answer.strip())
        detail: dict[str, object] = {"concern": concern_id}
        await record_event("edition", doubt["subject_id"], "answer_doubt", actor=actor, now=now, detail=detail)
