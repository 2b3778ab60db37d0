"""What the desk's pages of projects show, each a frozen dataclass; templates compute nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cishan.clock import beijing_day
from cishan.labels import label
from cishan.page_parts import Step
from cishan.plans.plan import Plan
from cishan.plans.states import ProjectKind
from cishan.plans.storing import AMENDMENT_LABELS, with_text
from cishan.plans.words import STEP_OF_FIELD, Answer, answers_of, field_text, when
from cishan.projects.queries import AmendmentRow, DeskRow, StaffProject, StepRow, UpdateRow
from cishan.projects.states import FILED_AND_UNDER_WAY, LIVE, PUBLIC, STEP_LABELS, AmendmentStatus, ProjectStatus, can
from cishan.templating import day, moment, yuan

TONES = {
    ProjectStatus.DRAFT: "plain",
    ProjectStatus.DECIDED: "warn",
    ProjectStatus.FILED: "busy",
    ProjectStatus.OPEN: "good",
    ProjectStatus.PAUSED: "warn",
    ProjectStatus.CLOSED: "busy",
    ProjectStatus.SETTLED: "good",
    ProjectStatus.WITHDRAWN: "plain",
}
Choice = tuple[str, str]


@dataclass(frozen=True)
class DeskLine:
    """A row of the desk's list; `due` is the nearest thing to do, `is_late` when its day has passed."""

    href: str
    name: str
    area: str
    state_label: str
    state_tone: str
    period: str
    progress: str
    due: str
    is_late: bool


@dataclass(frozen=True)
class DeskPage:
    lines: tuple[DeskLine, ...]
    waiting: int
    late: int
    can_draft: bool


@dataclass(frozen=True)
class StepPage:
    """One step of the long form. `choices` are those of its selects and radios, by field."""

    project_id: int
    step: str
    fields: tuple[str, ...]
    title: str
    number: int
    last: int
    back: str
    name: str
    values: Mapping[str, object]
    errors: Mapping[str, str]
    choices: Mapping[str, tuple[tuple[str, ...], ...]]
    budget_rows: tuple[int, ...]
    reach_label: str


@dataclass(frozen=True)
class AmendmentLine:
    """A change of a filed field as the desk shows it."""

    id: int
    field: str
    old: str
    new: str
    reason: str
    state_label: str
    state_tone: str
    due: str
    is_late: bool
    can_decide: bool
    can_file: bool
    can_drop: bool


@dataclass(frozen=True)
class UpdateLine:
    id: int
    title: str
    text: str
    picture: str | None
    written_at: datetime
    state_label: str
    state_tone: str
    can_review: bool
    waits_for_another: bool


@dataclass(frozen=True)
class ProjectPage:
    """A project at the desk, with what this person can do now and what still keeps it from being decided on."""

    id: int
    name: str
    state_label: str
    state_tone: str
    since: str
    warning: str
    answers: tuple[Answer, ...]
    faults: tuple[tuple[str, str], ...]
    amendments: tuple[AmendmentLine, ...]
    updates: tuple[UpdateLine, ...]
    steps: tuple[Step, ...]
    today: str
    can_edit: bool
    can_decide: bool
    waits_for_director: bool
    can_reopen: bool
    can_file: bool
    can_open_at_once: bool
    can_pause: bool
    can_resume: bool
    can_settle: bool
    has_surplus_step: bool
    can_withdraw: bool
    can_amend: bool
    can_update: bool
    public_href: str
    errors: Mapping[str, str]


@dataclass(frozen=True)
class SignPage:
    """Check-your-answers before a decision or a filing, with the form that makes it; `blocked` says why there is none."""

    id: int
    title: str
    lead: str
    action: str
    answers: tuple[Answer, ...]
    number_name: str
    number_label: str
    number_hint: str
    date_name: str
    date_label: str
    button: str
    today: str
    blocked: str
    faults: tuple[str, ...]
    values: Mapping[str, object]
    errors: Mapping[str, str]


@dataclass(frozen=True)
class AmendPage:
    """Choosing what to change, then what it is to be. `field` is what the amendment names, `form_fields` what is typed."""

    id: int
    name: str
    fields: tuple[Choice, ...]
    field: str
    form_fields: tuple[str, ...]
    field_label: str
    old: str
    today: str
    days: int
    choices: Mapping[str, tuple[tuple[str, ...], ...]]
    budget_rows: tuple[int, ...]
    values: Mapping[str, object]
    errors: Mapping[str, str]


@dataclass(frozen=True)
class TermsPage:
    """The figures in force, and the form that sets others from a day on."""

    rows: tuple[Choice, ...]
    today: str
    values: Mapping[str, object]
    errors: Mapping[str, str]


@dataclass(frozen=True)
class UpdatePage:
    id: int
    name: str
    values: Mapping[str, object]
    errors: Mapping[str, str]


def desk_line(row: DeskRow, areas: Mapping[str, str], now: datetime) -> DeskLine:
    due, is_late = due_of(row, now)
    return DeskLine(
        href=f"/desk/projects/{row.id}",
        name=row.name or "没有名称的草稿",
        area=areas.get(row.area_code, row.area_code),
        state_label=label(row.status),
        state_tone=TONES[row.status],
        period=f"{when(row.starts_at)} 到 {when(row.ends_at)}" if row.starts_at else "没有写时间",
        progress=f"{yuan(row.given_fen)} / {yuan(row.target_fen)}" if row.target_fen else "没有写数额",
        due=due,
        is_late=is_late,
    )


def due_of(row: DeskRow, now: datetime) -> tuple[str, bool]:
    """What is to be done next with a project, and whether its day has passed."""
    if row.filing_due_at is not None and row.filed_on is None and row.status in LIVE:
        return f"{when(row.filing_due_at)} 前补办备案", row.filing_due_at <= now
    if row.amendment_due_on is not None:
        return f"{day(row.amendment_due_on)}前办好变更备案", row.amendment_due_on < beijing_day(now)
    if row.updates_waiting:
        return f"{row.updates_waiting} 条进展等着审", False
    if row.status is ProjectStatus.FILED and row.starts_at is not None and row.starts_at <= now:
        return "过了开始时间还没有开始，请核对指定平台的网址", True
    return {
        ProjectStatus.DRAFT: "写完以后请负责人决定",
        ProjectStatus.DECIDED: "到民政部门备案，把编号登记进来",
        ProjectStatus.PAUSED: "查清楚以后恢复",
        ProjectStatus.CLOSED: "公开情况、处理剩余财产以后结项",
    }.get(row.status, "没有要办的"), False


def project_page(
    project: StaffProject,
    *,
    account_id: int,
    may_manage: bool,
    may_decide: bool,
    leaders: Mapping[int, str],
    areas: Mapping[str, str],
    faults: Mapping[str, str],
    steps: tuple[StepRow, ...],
    now: datetime,
    errors: Mapping[str, str],
) -> ProjectPage:
    core = project.core
    status, edit = core.status, f"/desk/projects/{core.id}/edit/"
    is_draft = status is ProjectStatus.DRAFT
    unfiled_live = core.filed_on is None and status in LIVE
    return ProjectPage(
        id=core.id,
        name=core.plan.name or "没有名称的草稿",
        state_label=label(status),
        state_tone=TONES[status],
        since=f"备案编号 {core.filing_number}" if core.filing_number else "还没有备案",
        warning=_warning(project, now),
        answers=answers_of(
            core.plan,
            leader=leaders.get(core.plan.leader_id or 0, ""),
            area=areas.get(core.plan.area_code, core.plan.area_code),
            edit=edit if is_draft and may_manage else None,
        ),
        faults=tuple((sentence, fault_href(edit, field)) for field, sentence in faults.items()) if is_draft else (),
        amendments=tuple(
            _amendment_line(one, core.plan, account_id, may_manage, may_decide, leaders, areas, now)
            for one in project.amendments
        ),
        updates=tuple(_update_line(one, account_id, may_manage) for one in project.updates),
        steps=tuple(_step(one) for one in steps),
        today=beijing_day(now).isoformat(),
        can_edit=is_draft and may_manage,
        can_decide=is_draft and may_decide and not faults,
        waits_for_director=is_draft and may_manage and not faults,
        can_reopen=can("reopen_draft", status),
        can_file=may_manage and (can("file", status) or unfiled_live),
        can_open_at_once=may_manage
        and can("open_at_once", status)
        and core.plan.kind is ProjectKind.EMERGENCY
        and core.plan.starts_at is not None
        and core.plan.starts_at <= now,
        can_pause=can("pause", status),
        can_resume=may_decide and can("resume", status),
        can_settle=may_decide and can("settle", status),
        has_surplus_step=status is ProjectStatus.CLOSED and project.core.fund_id is not None,
        can_withdraw=may_manage and can("withdraw", status),
        can_amend=may_manage and core.filed_on is not None and status in FILED_AND_UNDER_WAY,
        can_update=may_manage and status in PUBLIC,
        public_href=f"/projects/{core.id}" if status in PUBLIC else "",
        errors=errors,
    )


def fault_href(edit: str, field: str) -> str:
    """Where a fault is mended; a fault of the charity itself is mended nowhere in the form."""
    return f"{edit}{STEP_OF_FIELD[field]}?check=1#f-{field}" if field in STEP_OF_FIELD else ""


def _warning(project: StaffProject, now: datetime) -> str:
    core = project.core
    if core.filing_due_at is not None and core.filed_on is None and core.status in LIVE:
        late = "已经晚了，请马上补办。" if core.filing_due_at <= now else ""
        return f"应急项目要在 {when(core.filing_due_at)} 前补办备案。{late}"
    return ""


def _amendment_line(
    row: AmendmentRow,
    plan: Plan,
    account_id: int,
    may_manage: bool,
    may_decide: bool,
    leaders: Mapping[int, str],
    areas: Mapping[str, str],
    now: datetime,
) -> AmendmentLine:
    is_open = row.status in {AmendmentStatus.PROPOSED, AmendmentStatus.DECIDED}
    late = row.due_on < (row.filed_on or beijing_day(now)) and row.status is not AmendmentStatus.DROPPED
    tone = {AmendmentStatus.FILED: "good", AmendmentStatus.DROPPED: "plain"}.get(row.status, "warn")
    old, new = (
        field_text(with_text(plan, row.field, text), row.field, leaders=leaders, areas=areas)
        for text in (row.old_value, row.new_value)
    )
    return AmendmentLine(
        id=row.id,
        field=AMENDMENT_LABELS[row.field],
        old=old,
        new=new,
        reason=row.reason,
        state_label=label(row.status),
        state_tone="bad" if late and is_open else tone,
        due=f"{day(row.filed_on)}备案" if row.filed_on else f"{day(row.due_on)}前备案",
        is_late=late,
        can_decide=may_decide and row.status is AmendmentStatus.PROPOSED and row.proposed_by_id != account_id,
        can_file=may_manage and row.status is AmendmentStatus.DECIDED,
        can_drop=is_open,
    )


def _update_line(row: UpdateRow, account_id: int, may_manage: bool) -> UpdateLine:
    waiting = row.reviewed_at is None
    own = row.written_by_id == account_id
    state_label, tone = (
        ("等另一位编辑审", "warn") if waiting else ("已发布", "good") if row.published else ("没有发布", "plain")
    )
    return UpdateLine(
        id=row.id,
        title=row.title,
        text=row.text,
        picture=f"/pictures/{row.picture_id}" if row.picture_id else None,
        written_at=row.written_at,
        state_label=state_label,
        state_tone=tone,
        can_review=waiting and may_manage and not own,
        waits_for_another=waiting and own,
    )


def _step(row: StepRow) -> Step:
    field = str(row.detail.get("field", ""))
    what = STEP_LABELS[row.verb] + (f"：{AMENDMENT_LABELS[field]}" if field in AMENDMENT_LABELS else "")
    number = str(row.detail.get("filing_number", ""))
    return Step(
        what=what,
        when=moment(row.at),
        who=label(row.role) if row.role else "系统",
        why=row.reason or (f"备案编号 {number}" if number else ""),
        stage="bad" if row.verb in {"pause", "withdraw", "reopen_draft"} else "done",
    )
