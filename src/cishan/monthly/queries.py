"""A donor's own plan with the donation of this month, if it still waits to be paid."""

from dataclasses import dataclass
from datetime import date

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.monthly.states import PlanStatus

MOST_TURNS = 24

PLAN = """
SELECT p.id, p.status, p.amount_fen, p.day, p.next_on, p.shows_name, f.name AS fund_name
  FROM monthly_plan p JOIN fund f ON f.id = p.fund_id
 WHERE p.donor_id = $1 AND p.fund_id = $2 AND p.status <> 'ended'
"""
TURNS = """
SELECT t.month, t.donation_id, d.status, d.amount_fen, d.left_fen FROM monthly_turn t JOIN donation d ON d.id = t.donation_id
 WHERE t.plan_id = $1 ORDER BY t.month DESC LIMIT $2
"""


@dataclass(frozen=True)
class Turn:
    """A month of a plan; `waits` while it may still be paid."""

    month: date
    donation_id: int
    amount_fen: int
    waits: bool
    paid: bool


@dataclass(frozen=True)
class OwnPlan:
    id: int
    fund_name: str
    status: PlanStatus
    amount_fen: int
    day: int
    next_on: date
    shows_name: bool
    turns: tuple[Turn, ...]


async def own_plan(viewer: Viewer, fund_id: int) -> OwnPlan | None:
    """One's own live plan for a fund; None without one."""
    found = await rows(PLAN, viewer.account_id, fund_id)
    if not found:
        return None
    plan = found[0]
    turns = tuple(
        Turn(row["month"], row["donation_id"], row["amount_fen"], row["status"] == "pledged", row["left_fen"] > 0)
        for row in await rows(TURNS, plan["id"], MOST_TURNS)
    )
    return OwnPlan(
        id=plan["id"],
        fund_name=plan["fund_name"],
        status=PlanStatus(plan["status"]),
        amount_fen=plan["amount_fen"],
        day=plan["day"],
        next_on=plan["next_on"],
        shows_name=plan["shows_name"],
        turns=turns,
    )
