"""The only writer of costs and of their limits."""

from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.costs.models import CostTerms, ManagementCost
from cishan.costs.rules import Limits, check_cost, check_limits
from cishan.events.actions import record_event
from cishan.permissions import Permission, must


async def enter_cost(
    charity_id: int, year: int, cost_fen: int, until: date, note: str, *, actor: Viewer, now: datetime
) -> None:
    """Enters what a year has cost up to a day; what stood there before is kept. Raises InvalidInput by field."""
    must(actor, Permission.KEEP_BOOKS)
    check_cost(cost_fen, until, year, note, today=beijing_day(now))
    async with in_transaction():
        entered = await ManagementCost.create(
            charity_id=charity_id,
            year=year,
            cost_fen=cost_fen,
            until=until,
            note=note.strip(),
            entered_by_id=actor.account_id,
            entered_at=now,
        )
        detail: dict[str, object] = {"year": year, "cost_fen": cost_fen}
        await record_event("management_cost", entered.id, "enter", actor=actor, now=now, detail=detail)


async def set_limits(charity_id: int, limits: Limits, *, valid_from: date, actor: Viewer, now: datetime) -> None:
    """Sets the limits from a day on, today or later; the days before keep theirs."""
    must(actor, Permission.MANAGE_MONEY)
    check_limits(limits, valid_from, today=beijing_day(now))
    async with in_transaction():
        await CostTerms.update_or_create(
            charity_id=charity_id,
            valid_from=valid_from,
            defaults={
                "least_spent_permille": limits.least_spent,
                "most_cost_permille": limits.most_cost,
                "set_by_id": actor.account_id,
            },
        )
        detail: dict[str, object] = {"valid_from": valid_from.isoformat(), **vars(limits)}
        await record_event("charity", charity_id, "set_cost_limits", actor=actor, now=now, detail=detail)
