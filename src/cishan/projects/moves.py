"""The one place that changes a project's status: locks, asks the table of moves, writes, records the event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import IllegalMove, InvalidInput, NotFound
from cishan.events.actions import REASON_LABEL, record_event
from cishan.labels import label
from cishan.plans.plan import Plan
from cishan.plans.storing import BUDGET_SQL, COLUMNS_SQL, plan_of
from cishan.projects.models import Project
from cishan.projects.states import MOVES, STEP_LABELS, ProjectStatus, can
from cishan.sealing import Sealer

SUBJECT = "project"
LONGEST_REASON = 200

LOCK = "SELECT id FROM project WHERE id = $1 FOR NO KEY UPDATE"
LOCKED = f"""
SELECT p.id, p.charity_id, p.fund_id, p.status, {COLUMNS_SQL}, {BUDGET_SQL}, p.filing_number, p.decided_on, p.filed_on,
       p.may_open_on, p.filing_due_at, p.opened_at, p.created_by_id
  FROM project p WHERE p.id = $1
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Locked:
    """A project whose row is held until the transaction ends."""

    id: int
    charity_id: int
    fund_id: int | None
    status: ProjectStatus
    plan: Plan
    filing_number: str | None
    decided_on: date | None
    filed_on: date | None
    may_open_on: date | None
    filing_due_at: datetime | None
    opened_at: datetime | None
    created_by_id: int


async def lock_project(project_id: int) -> Locked:
    """The project, locked; raises NotFound."""
    if not await rows(LOCK, project_id):
        raise NotFound
    return locked_of((await rows(LOCKED, project_id))[0])


def locked_of(row: JsonRow) -> Locked:
    """A row of LOCKED's columns, and perhaps more, as a value."""
    plain: JsonRow = {name: row[name] for name in Locked.__dataclass_fields__ if name not in {"status", "plan"}}
    return Locked(status=ProjectStatus(row["status"]), plan=plan_of(row), **plain)


async def lock_project_for(project_id: int, actor: Viewer) -> Locked:
    """The same for a member of staff; outside their place it is not there."""
    project = await lock_project(project_id)
    if not actor.covers(project.plan.area_code):
        raise NotFound
    return project


def check_move(project: Locked, verb: str) -> ProjectStatus:
    """The status that `verb` leads to; raises IllegalMove when the project is not where it may start."""
    if not can(verb, project.status):
        raise IllegalMove("这个项目", label(project.status), STEP_LABELS[verb])
    return MOVES[verb][1]


async def move(
    project: Locked,
    verb: str,
    *,
    actor: Viewer | None,
    now: datetime,
    detail: Mapping[str, object] | None = None,
    reason_sealed: bytes | None = None,
    **changes: object,
) -> None:
    """Moves a locked project and writes `changes` with it. `actor` None is the system keeping a minute."""
    status = check_move(project, verb)
    await Project.filter(id=project.id).update(**changes, status=status, status_since=now)
    await record_event(
        SUBJECT,
        project.id,
        verb,
        actor=actor,
        now=now,
        detail=dict(detail) if detail else None,
        reason_sealed=reason_sealed,
    )


def sealed_reason(text: str, sealer: Sealer) -> bytes:
    """The reason as typed, sealed; raises InvalidInput for none or a longer one."""
    if not text.strip():
        raise InvalidInput({"reason": "请写明原因。"})
    if len(text) > LONGEST_REASON:
        raise InvalidInput({"reason": f"太长了，最多 {LONGEST_REASON} 个字。"})
    return sealer.seal(text.strip(), REASON_LABEL)
