"""The editor's writers: a project from its first word until somebody decides on it, or it is withdrawn."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.charities.models import Charity, Fund
from cishan.charities.states import LegalMode
from cishan.database import rows
from cishan.errors import IllegalMove, InvalidInput
from cishan.events.actions import record_event
from cishan.labels import label
from cishan.permissions import Permission
from cishan.plans.plan import REACH_OF_MODE, BudgetItem, Plan
from cishan.plans.storing import columns_of
from cishan.projects.models import BudgetLine, Project
from cishan.projects.moves import SUBJECT, lock_project_for, move, must, sealed_reason
from cishan.projects.rules import check_not_filed
from cishan.projects.states import STEP_LABELS, ProjectStatus
from cishan.sealing import Sealer


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
    """Makes the lines of a plan these, in order; a line that stays in its place keeps its row, which payouts may name."""
    await BudgetLine.filter(project_id=project_id, position__gt=len(budget)).delete()
    for position, item in enumerate(budget, start=1):
        await BudgetLine.update_or_create(
            project_id=project_id, position=position, defaults={"name": item.name, "amount_fen": item.amount_fen}
        )


async def withdraw_project(project_id: int, *, actor: Viewer, sealer: Sealer, now: datetime, reason: str) -> None:
    """Ends a project that has not begun."""
    must(actor, Permission.MANAGE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        await move(project, "withdraw", actor=actor, now=now, reason_sealed=sealed_reason(reason, sealer))
        if project.fund_id is not None:
            await Fund.filter(id=project.fund_id).update(takes_until=now)
