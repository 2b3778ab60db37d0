"""The only writers of amendments: a filed field changes in the transaction that files the change, and not sooner.

Proposed by the editor, decided by the legal representative, filed by the editor; the clock of ten days runs from the day on
which the change came about (募捐办法 art. 12).
"""

from dataclasses import dataclass
from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.charities.models import Fund
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.errors import Conflict, IllegalMove, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.labels import label
from cishan.permissions import Permission, must
from cishan.plans import laws
from cishan.plans.facts import facts_for, terms_on
from cishan.plans.plan import Plan
from cishan.plans.rules import plan_faults
from cishan.plans.storing import AMENDMENT_LABELS, columns_of, text_of, with_text
from cishan.projects.archive import keep_filed_plan
from cishan.projects.drafting import write_budget
from cishan.projects.models import Amendment, Project
from cishan.projects.moves import SUBJECT, Locked, lock_project_for
from cishan.projects.rules import amendment_decision_fault, amendment_due_on, amendment_faults, takes_until
from cishan.projects.states import AMENDMENT_MOVES, FILED_AND_UNDER_WAY, AmendmentStatus, ProjectStatus

VERB_LABELS = {"decide": "决定", "file": "登记备案", "drop": "撤回"}
STILL_OPEN = (
    "SELECT 1 FROM project_amendment WHERE project_id = $1 AND field = $2 AND status IN ('proposed', 'decided')"
)


@dataclass(frozen=True)
class Change:
    """What is to be another: a filed field, its new value as text, why, and on which day it came about."""

    field: str
    new_value: str
    reason: str
    changed_on: date


async def propose_amendment(project_id: int, change: Change, *, actor: Viewer, now: datetime) -> int:
    """Writes down a change of a filed field; the plan with it must be lawful. Returns its id; raises InvalidInput."""
    must(actor, Permission.MANAGE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        _check_amendable(project, change.field)
        if change.changed_on > beijing_day(now):
            raise InvalidInput({"changed_on": f"{laws.ONE_NUMBER}：变更发生的日期不能在今天以后。"})
        if await rows(STILL_OPEN, project_id, change.field):
            raise Conflict("这一项已经有一个变更在办，办完再提。")
        after = _changed(project.plan, change.field, change.new_value)
        await _check_lawful(project, after, change.field, change.reason, now=now)
        terms = await terms_on(project.charity_id, change.changed_on)
        amendment = await Amendment.create(
            project_id=project_id,
            field=change.field,
            old_value=text_of(project.plan, change.field),
            new_value=text_of(after, change.field),
            reason=change.reason.strip(),
            status=AmendmentStatus.PROPOSED,
            changed_on=change.changed_on,
            due_on=amendment_due_on(change.changed_on, terms),
            proposed_by_id=actor.account_id,
            proposed_at=now,
        )
        await record_event(
            SUBJECT, project_id, "propose_amendment", actor=actor, now=now, detail={"field": change.field}
        )
    amendment_id: int = amendment.id
    return amendment_id


async def decide_amendment(amendment_id: int, *, actor: Viewer, now: datetime) -> None:
    """The legal representative agrees to a change that another has proposed."""
    must(actor, Permission.DECIDE_PROJECTS)
    async with in_transaction():
        project, amendment = await _lock(amendment_id, actor)
        status = _next(amendment, "decide")
        is_proposer = _id_of(amendment, "proposed_by") == actor.account_id
        fault = amendment_decision_fault(is_proposer=is_proposer, is_director=True)
        if fault:
            raise InvalidInput({"": fault})
        changes = {"status": status, "decided_by_id": actor.account_id, "decided_at": now}
        await Amendment.filter(id=amendment_id).update(**changes)
        await record_event(
            SUBJECT, project.id, "decide_amendment", actor=actor, now=now, detail={"field": amendment.field}
        )


async def drop_amendment(amendment_id: int, *, actor: Viewer, now: datetime) -> None:
    """Gives a change up before it is filed: by whoever decides, or by the editor."""
    must(actor, Permission.SEE_PROJECTS)
    async with in_transaction():
        project, amendment = await _lock(amendment_id, actor)
        await Amendment.filter(id=amendment_id).update(status=_next(amendment, "drop"))
        await record_event(
            SUBJECT, project.id, "drop_amendment", actor=actor, now=now, detail={"field": amendment.field}
        )


async def file_amendment(amendment_id: int, filed_on: date, *, actor: Viewer, now: datetime) -> None:
    """Enters the filing of a change: from now on the project, its fund and its archive say the new value.

    A filing after `due_on` is entered too - it is late, and supervision sees that it was.
    """
    must(actor, Permission.MANAGE_PROJECTS)
    async with in_transaction():
        project, amendment = await _lock(amendment_id, actor)
        status = _next(amendment, "file")
        if not amendment.changed_on <= filed_on <= beijing_day(now):
            raise InvalidInput({"filed_on": f"{laws.ONE_NUMBER}：备案日期要在变更发生以后、今天以前。"})
        after = _changed(project.plan, amendment.field, amendment.new_value)
        await _check_lawful(project, after, amendment.field, amendment.reason, now=now)
        await Amendment.filter(id=amendment_id).update(status=status, filed_on=filed_on, applied_at=now)
        await _apply(project, after, now=now)
        await keep_filed_plan(project.id, filed_on, now=now)
        await record_event(
            SUBJECT, project.id, "file_amendment", actor=actor, now=now, detail={"field": amendment.field}
        )


async def _apply(project: Locked, after: Plan, *, now: datetime) -> None:
    """Writes the changed plan, and what the fund says of it; a paused campaign's fund goes on taking nothing."""
    await Project.filter(id=project.id).update(**columns_of(after))
    if after.budget != project.plan.budget:
        await write_budget(project.id, after.budget)
    of_fund: dict[str, object] = {"name": after.name, "purpose": after.purpose, "cap_fen": after.cap_fen}
    of_fund["takes_from"] = after.starts_at
    if project.status is not ProjectStatus.PAUSED:
        of_fund["takes_until"] = takes_until(after, project.filing_due_at, is_filed=project.filed_on is not None)
    await Fund.filter(id=project.fund_id).update(**of_fund)


async def _check_lawful(project: Locked, after: Plan, field: str, reason: str, *, now: datetime) -> None:
    facts = await facts_for(project.charity_id, after.leader_id, now=now)
    faults_after = plan_faults(after, facts, await terms_on(project.charity_id, beijing_day(now)))
    has_begun = project.opened_at is not None
    found = amendment_faults(project.plan, after, faults_after, field, reason, has_begun=has_begun, now=now)
    if found:
        raise InvalidInput(found)


def _check_amendable(project: Locked, field: str) -> None:
    if field not in AMENDMENT_LABELS:
        raise InvalidInput({"field": f"{laws.ONE_NUMBER}：这一项不能变更，要另办一次募捐活动。"})
    if project.filed_on is None or project.status not in FILED_AND_UNDER_WAY:
        raise IllegalMove("这个项目", label(project.status), "提出变更")
    if project.status is ProjectStatus.CLOSED and field in {"starts_at", "ends_at", "at_target", "ways"}:
        raise Conflict(f"{laws.WITHIN_FILED}：募捐已经结束，不能再变更募捐的时间和方式。")


def _changed(plan: Plan, field: str, text: str) -> Plan:
    try:
        return with_text(plan, field, text)
    except (ValueError, KeyError) as error:
        raise InvalidInput({"new_value": "填写的内容不对，请检查。"}) from error


async def _lock(amendment_id: int, actor: Viewer) -> tuple[Locked, Amendment]:
    """The amendment with its project, the project's row locked first."""
    found = await rows("SELECT project_id FROM project_amendment WHERE id = $1", amendment_id)
    if not found:
        raise NotFound
    project = await lock_project_for(found[0]["project_id"], actor)
    return project, await Amendment.filter(id=amendment_id).select_for_update().get()


def _next(amendment: Amendment, verb: str) -> AmendmentStatus:
    allowed, target = AMENDMENT_MOVES[verb]
    if amendment.status not in allowed:
        raise IllegalMove("这个变更", label(amendment.status), VERB_LABELS[verb])
    return target


def _id_of(amendment: Amendment, field: str) -> int:
    found: int = getattr(amendment, f"{field}_id")
    return found
