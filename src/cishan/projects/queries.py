"""What staff read of projects in their place: the list with what is due, and one project whole. Each is bounded."""

import json
from dataclasses import dataclass
from datetime import date, datetime

from cishan.accounts.queries import names_of, staff_in
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.events.actions import REASON_LABEL
from cishan.plans.facts import FULL_TIME
from cishan.plans.states import ProjectKind
from cishan.plans.storing import BUDGET_SQL, COLUMNS_SQL
from cishan.projects.moves import Locked, locked_of
from cishan.projects.states import AmendmentStatus, ProjectStatus
from cishan.sealing import Sealer

MOST_PROJECTS = 200
MOST_AMENDMENTS = 60
MOST_UPDATES = 60
MOST_STEPS = 300
MOST_LEADERS = 100

DESK = """
SELECT p.id, p.name, p.kind, p.status, p.status_since, p.area_code, p.starts_at, p.ends_at, p.target_fen, p.filed_on, p.filing_due_at,
       coalesce(t.given_fen, 0)::bigint AS given_fen,
       (SELECT min(a.due_on) FROM project_amendment a
         WHERE a.project_id = p.id AND a.status IN ('proposed', 'decided')) AS amendment_due_on,
       (SELECT count(*) FROM project_update u WHERE u.project_id = p.id AND u.reviewed_at IS NULL) AS updates_waiting
  FROM project p
  LEFT JOIN LATERAL (SELECT sum(given_fen) AS given_fen FROM fund_total WHERE fund_id = p.fund_id) t ON true
 WHERE p.area_code BETWEEN $1 AND $2
 ORDER BY array_position(ARRAY['draft', 'decided', 'filed', 'open', 'paused', 'closed', 'settled', 'withdrawn'], p.status::text),
          p.starts_at NULLS FIRST, p.id DESC LIMIT $3
"""
ONE = f"""
SELECT p.id, p.charity_id, p.fund_id, p.status, {COLUMNS_SQL}, {BUDGET_SQL}, p.filing_number, p.decided_on, p.filed_on,
       p.may_open_on, p.filing_due_at, p.opened_at, p.created_by_id, p.decision_no, p.closed_at, p.settled_at
  FROM project p WHERE p.id = $1 AND p.area_code BETWEEN $2 AND $3
"""  # noqa: S608 - constants
AMENDMENTS = """
SELECT id, field, old_value, new_value, reason, status, changed_on, due_on, filed_on, proposed_by_id FROM project_amendment
 WHERE project_id = $1 ORDER BY id DESC LIMIT $2
"""
UPDATES = """
SELECT u.id, u.title, u.text, u.picture_id, u.written_by_id, u.written_at, u.reviewed_at, u.published FROM project_update u
 WHERE u.project_id = $1 ORDER BY u.id DESC LIMIT $2
"""
TIMELINE = """
SELECT e.verb, e.at, e.detail, g.role, s.text_sealed FROM event e
  LEFT JOIN event_reason s ON s.event_id = e.id
  LEFT JOIN LATERAL (
    SELECT role FROM role_grant r WHERE r.account_id = e.actor_id AND r.granted_at <= e.at ORDER BY r.id DESC LIMIT 1
  ) g ON true
 WHERE e.subject_kind = 'project' AND e.subject_id = $1 AND e.verb <> 'change' ORDER BY e.number LIMIT $2
"""


@dataclass(frozen=True)
class DeskRow:
    """A project in the list of the desk, with the days on which something of it is due."""

    id: int
    name: str
    kind: ProjectKind
    status: ProjectStatus
    area_code: str
    starts_at: datetime | None
    ends_at: datetime | None
    target_fen: int
    given_fen: int
    filed_on: date | None
    filing_due_at: datetime | None
    amendment_due_on: date | None
    updates_waiting: int


@dataclass(frozen=True)
class AmendmentRow:
    id: int
    field: str
    old_value: str
    new_value: str
    reason: str
    status: AmendmentStatus
    changed_on: date
    due_on: date
    filed_on: date | None
    proposed_by_id: int


@dataclass(frozen=True)
class UpdateRow:
    id: int
    title: str
    text: str
    picture_id: int | None
    written_by_id: int
    written_at: datetime
    reviewed_at: datetime | None
    published: bool


@dataclass(frozen=True)
class StepRow:
    """One step of a project's life; `role` is the post of who took it then, None for the system."""

    verb: str
    at: datetime
    role: Role | None
    detail: dict[str, object]
    reason: str


@dataclass(frozen=True)
class StaffProject:
    """A project as the desk sees it. `core` is what the actions decide by, read without a lock."""

    core: Locked
    decision_no: str
    closed_at: datetime | None
    settled_at: datetime | None
    amendments: tuple[AmendmentRow, ...]
    updates: tuple[UpdateRow, ...]


async def desk_projects(viewer: Viewer) -> tuple[DeskRow, ...]:
    """The projects in the viewer's place, those that wait for a step first."""
    found = await rows(DESK, *viewer.scope, MOST_PROJECTS)
    return tuple(
        DeskRow(
            kind=ProjectKind(row["kind"]),
            status=ProjectStatus(row["status"]),
            **{name: row[name] for name in DeskRow.__dataclass_fields__ if name not in {"kind", "status"}},
        )
        for row in found
    )


async def staff_project(viewer: Viewer, project_id: int) -> StaffProject:
    """A project in the viewer's place with its amendments and updates; elsewhere it is not there."""
    found = await rows(ONE, project_id, *viewer.scope)
    if not found:
        raise NotFound
    row = found[0]
    amendments = await rows(AMENDMENTS, project_id, MOST_AMENDMENTS)
    updates = await rows(UPDATES, project_id, MOST_UPDATES)
    return StaffProject(
        core=locked_of(row),
        decision_no=row["decision_no"],
        closed_at=row["closed_at"],
        settled_at=row["settled_at"],
        amendments=tuple(AmendmentRow(**{**one, "status": AmendmentStatus(one["status"])}) for one in amendments),
        updates=tuple(UpdateRow(**one) for one in updates),
    )


async def steps_of(project_id: int, *, sealer: Sealer) -> tuple[StepRow, ...]:
    """What happened to a project the caller has already been given."""
    return tuple(_step(row, sealer) for row in await rows(TIMELINE, project_id, MOST_STEPS))


async def leaders_in(viewer: Viewer, *, sealer: Sealer) -> tuple[tuple[int, str], ...]:
    """Who may lead a campaign in the viewer's place: full-time staff of the charity, by name."""
    ids: list[int] = []
    for role in FULL_TIME:
        ids += [row["account_id"] for row in await staff_in(viewer.division_code, role)]
    names = await names_of(ids[:MOST_LEADERS], sealer)
    return tuple(sorted(names.items(), key=lambda pair: pair[1]))


def _step(row: JsonRow, sealer: Sealer) -> StepRow:
    detail = json.loads(row["detail"]) if isinstance(row["detail"], str) else row["detail"]
    return StepRow(
        verb=row["verb"],
        at=row["at"],
        role=Role(row["role"]) if row["role"] else None,
        detail=detail,
        reason=sealer.open(row["text_sealed"], REASON_LABEL) if row["text_sealed"] else "",
    )
