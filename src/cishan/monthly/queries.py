"""A donor's own plan with the donation of this month, if it still waits to be paid."""

from dataclasses import dataclass
from datetime import date, datetime

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.errors import NotFound
from cishan.monthly.states import PlanStatus

MOST_TURNS = 24
MOST_PLANS = 50

PLAN = """
SELECT p.id, p.status, p.amount_fen, p.day, p.next_on, p.shows_name, f.name AS fund_name
  FROM monthly_plan p JOIN fund f ON f.id = p.fund_id
 WHERE p.donor_id = $1 AND p.fund_id = $2 AND p.status <> 'ended'
"""
OTHERS = """
SELECT p.fund_id, f.name AS fund_name FROM monthly_plan p JOIN fund f ON f.id = p.fund_id
 WHERE p.donor_id = $1 AND p.fund_id <> $2 AND p.status <> 'ended' ORDER BY p.id LIMIT $3
"""
FUND = """
SELECT f.id, f.name, f.takes_from, f.takes_until, p.id AS project_id
  FROM fund f LEFT JOIN project p ON p.fund_id = f.id WHERE f.id = $1 AND f.charity_id = $2
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


@dataclass(frozen=True)
class OtherPlan:
    """Another fund that one gives to every month."""

    fund_id: int
    fund_name: str


@dataclass(frozen=True)
class MonthlyFund:
    """A fund that may be given to every month; `project_id` is None for the 微心愿 fund."""

    id: int
    name: str
    takes_from: datetime | None
    takes_until: datetime | None
    project_id: int | None


async def monthly_fund(fund_id: int, charity_id: int) -> MonthlyFund:
    """A fund of the charity; raises NotFound."""
    found = await rows(FUND, fund_id, charity_id)
    if not found:
        raise NotFound
    return MonthlyFund(**found[0])


async def other_plans(viewer: Viewer, fund_id: int) -> tuple[OtherPlan, ...]:
    """One's own live plans for other funds."""
    return tuple(OtherPlan(**row) for row in await rows(OTHERS, viewer.account_id, fund_id, MOST_PLANS))


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
