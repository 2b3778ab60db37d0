"""The editor's writers: a project from its first word until somebody decides on it, or it is withdrawn."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.charities.models import Charity, Fund
from cishan.charities.states import LegalMode
from cishan.database import JsonRow, rows
from cishan.errors import IllegalMove, InvalidInput
from cishan.events.actions import record_event
from cishan.labels import label
from cishan.ledger.free import SHARE_FEN
from cishan.money import yuan_text
from cishan.permissions import Permission, must
from cishan.plans.plan import REACH_OF_MODE, BudgetItem, Plan
from cishan.plans.storing import columns_of
from cishan.projects.models import Project
from cishan.projects.moves import SUBJECT, lock_project_for, move, sealed_reason
from cishan.projects.rules import Line, check_not_filed, keep_lines
from cishan.projects.states import STEP_LABELS, ProjectStatus
from cishan.sealing import Sealer

BUDGET = f"""
SELECT b.id, b.name,
       coalesce((SELECT sum({SHARE_FEN}) FROM allocation a WHERE a.budget_line_id = b.id), 0)::bigint AS set_aside_fen
  FROM budget_line b WHERE b.project_id = $1 ORDER BY b.position
"""  # noqa: S608 - constants
DROP_LINES = "DELETE FROM budget_line WHERE project_id = $1 AND NOT id = ANY($2::bigint[])"
MOVE_ASIDE = "UPDATE budget_line SET position = position + 1000 WHERE project_id = $1"
"""Out of the way of each other, for no two lines of a plan have one place."""
CHANGE_LINE = "UPDATE budget_line SET position = $2, name = $3, amount_fen = $4 WHERE id = $1"
ADD_LINE = "INSERT INTO budget_line (project_id, position, name, amount_fen) VALUES ($1, $2, $3, $4)"


async def draft_project(charity_id: int, *, actor: Viewer, now: datetime) -> int:
    """Starts a project in the editor's place with what is known of the charity; returns its id."""
    must(actor, Permission.MANAGE_PROJECTS)
    charity = await Charity.get(id=charity_id)
    plan = Plan(
        reach=REACH_OF_MODE[LegalMode(charity.legal_mode)],
        area_code=actor.division_code,
        office=charity.address,
        bank_account_name=charity.name,
        platform_url=charity.platform_url or "",
    )
    async with in_transaction():
        project = await Project.create(
            charity_id=charity_id,
            status=ProjectStatus.DRAFT,
            status_since=now,
            created_by_id=actor.account_id,
            created_at=now,
            **columns_of(plan),
        )
        project_id: int = project.id
        await record_event(SUBJECT, project_id, "draft", actor=actor, now=now)
    return project_id


async def change_plan(project_id: int, plan: Plan, *, actor: Viewer, now: datetime) -> None:
    """Writes the whole plan of a draft, complete or not. What is filed changes by amendment only (art. 17)."""
    must(actor, Permission.MANAGE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        check_not_filed(project.filed_on)
        if project.status is not ProjectStatus.DRAFT:
            raise IllegalMove("这个项目", label(project.status), STEP_LABELS["change"])
        if not actor.covers(plan.area_code):
            raise InvalidInput({"area_code": "只能选您负责的地方。"})
        if plan.leader_id is not None and not await rows("SELECT 1 FROM account WHERE id = $1", plan.leader_id):
            raise InvalidInput({"leader": "请从列出的人中选择。"})
        await Project.filter(id=project_id).update(**columns_of(plan))
        if plan.budget != project.plan.budget:
            await write_budget(project_id, plan.budget)
        await record_event(SUBJECT, project_id, "change", actor=actor, now=now)


async def write_budget(project_id: int, budget: tuple[BudgetItem, ...]) -> None:
    """Makes the lines of a plan these, in order. A line keeps its row, which allocations name, by its name or else its place.

    Raises InvalidInput for a line that would go, or have less, than money is set aside of it.
    """
    lines = await rows(BUDGET, project_id)
    kept = keep_lines([Line(line["id"], line["name"]) for line in lines], budget)
    _check_set_aside(lines, {line_id: item.amount_fen for line_id, item in zip(kept, budget, strict=True) if line_id})
    await rows(DROP_LINES, project_id, [line_id for line_id in kept if line_id])
    await rows(MOVE_ASIDE, project_id)
    for position, (line_id, item) in enumerate(zip(kept, budget, strict=True), start=1):
        if line_id:
            await rows(CHANGE_LINE, line_id, position, item.name, item.amount_fen)
        else:
            await rows(ADD_LINE, project_id, position, item.name, item.amount_fen)


def _check_set_aside(lines: list[JsonRow], amounts: dict[int, int]) -> None:
    for line in lines:
        if amounts.get(line["id"], 0) < line["set_aside_fen"]:
            aside = f"“{line['name']}”已经分配了 {yuan_text(line['set_aside_fen'])} 元"
            raise InvalidInput({"budget": f"{aside}，这一项不能删掉，金额也不能比它少。先把没用的分配收回，再改。"})


async def withdraw_project(project_id: int, *, actor: Viewer, sealer: Sealer, now: datetime, reason: str) -> None:
    """Ends a project that has not begun."""
    must(actor, Permission.MANAGE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        await move(project, "withdraw", actor=actor, now=now, reason_sealed=sealed_reason(reason, sealer))
        if project.fund_id is not None:
            await Fund.filter(id=project.fund_id).update(takes_until=now)
