"""Closes a month: the bookkeeper proposes, somebody else closes, and from then on the database refuses entries booked in it."""

from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_midnight
from cishan.database import rows
from cishan.errors import Conflict, Forbidden
from cishan.events.actions import record_event
from cishan.permissions import Permission, holds
from cishan.reconciliation.queries import month_facts
from cishan.reconciliation.rules import first_of_next, obstacles

LOCK_CHARITY = "SELECT id FROM charity WHERE id = $1 FOR UPDATE"
LOCK_MONTH = "SELECT id, proposed_by_id, closed_at FROM month_closing WHERE charity_id = $1 AND month = $2 FOR UPDATE"
PROPOSE = """
INSERT INTO month_closing (charity_id, month, proposed_by_id, proposed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (charity_id, month) DO NOTHING RETURNING id
"""
CLOSE = """
UPDATE month_closing SET closed_by_id = $2, closed_at = $3,
       entries = (SELECT count(*) FROM ledger_entry WHERE charity_id = $4 AND booked_at >= $5 AND booked_at < $6)
 WHERE id = $1
"""


async def propose_closing(charity_id: int, month: date, *, actor: Viewer, now: datetime) -> None:
    """The bookkeeper says that a month is done; raises Conflict with what still stands in the way."""
    if not holds(actor.role, Permission.KEEP_BOOKS):
        raise Forbidden
    async with in_transaction():
        await _check(charity_id, month, now)
        added = await rows(PROPOSE, charity_id, month, actor.account_id, now)
        if added:
            await record_event("month", added[0]["id"], "propose", actor=actor, now=now)


async def close_month(charity_id: int, month: date, *, actor: Viewer, now: datetime) -> None:
    """Closes a proposed month, by another person than who proposed it. What is booked meanwhile is waited for."""
    if not holds(actor.role, Permission.MANAGE_MONEY):
        raise Forbidden
    async with in_transaction():
        # Every entry holds this row FOR KEY SHARE until it is committed: none can slip into the month while it closes.
        await rows(LOCK_CHARITY, charity_id)
        found = await rows(LOCK_MONTH, charity_id, month)
        if not found:
            raise Conflict("会计还没有提出结账。")
        if found[0]["closed_at"] is not None:
            raise Conflict("这个月已经结账了。")
        if found[0]["proposed_by_id"] == actor.account_id:
            raise Conflict("结账是您提出的，要由另一位同事来结。")
        await _check(charity_id, month, now)
        start, end = beijing_midnight(month), beijing_midnight(first_of_next(month))
        await rows(CLOSE, found[0]["id"], actor.account_id, now, charity_id, start, end)
        await record_event("month", found[0]["id"], "close", actor=actor, now=now)


async def _check(charity_id: int, month: date, now: datetime) -> None:
    facts = await month_facts(charity_id, month)
    if facts.closed:
        raise Conflict("这个月已经结账了。")
    found = obstacles(facts, now)
    if found:
        raise Conflict("".join(found))
