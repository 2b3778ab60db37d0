"""What staff see of urgent help: one frozen object each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.labels import label
from cishan.page_parts import Column, Pagination, Step
from cishan.payouts.choices import Share
from cishan.permissions import Permission, holds
from cishan.templating import moment, yuan
from cishan.urgent.queries import CaseRow, CaseView
from cishan.urgent.rules import PANEL
from cishan.urgent.states import CaseStage, UrgentCause

SUM = Column("金额", number=True)
TONES = {
    CaseStage.DECISION: "bad",
    CaseStage.PAYMENT: "busy",
    CaseStage.FINDING: "warn",
    CaseStage.SECOND: "warn",
    CaseStage.COMPLETED: "good",
    CaseStage.UNDUE: "bad",
    CaseStage.REFUSED: "plain",
    CaseStage.RETURNED: "plain",
}
CAUSES = tuple((cause.value, label(cause)) for cause in UrgentCause)
STANDS = (("yes", "应当救助"), ("no", "不应当救助，要把钱追回来"))


@dataclass(frozen=True)
class CaseLine:
    row: CaseRow
    href: str
    tone: str
    is_late: bool


@dataclass(frozen=True)
class CasesPage:
    lines: tuple[CaseLine, ...]
    may_open: bool
    pagination: Pagination | None
    now: datetime
    sum_column: Column = SUM


@dataclass(frozen=True)
class NewCasePage:
    """The form; `shares` are the town's reserves that have money left."""

    shares: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    error: str
    causes: tuple[tuple[str, str], ...] = CAUSES


@dataclass(frozen=True)
class CasePage:
    """One case and the step that this viewer may take."""

    case: CaseView
    tone: str
    is_late: bool
    steps: tuple[Step, ...]
    may_decide: bool
    has_acted: bool
    may_find: bool
    may_confirm: bool
    may_print: bool
    values: Mapping[str, str]
    errors: Mapping[str, str]
    error: str
    now: datetime
    stands: tuple[tuple[str, str], ...] = STANDS


def case_line(row: CaseRow, now: datetime) -> CaseLine:
    return CaseLine(row, f"/desk/urgent/{row.payout_id}", TONES[row.stage], row.clock is not None and row.clock <= now)


def new_case_page(
    shares: tuple[Share, ...], *, values: Mapping[str, str], errors: Mapping[str, str], error: str
) -> NewCasePage:
    choices = tuple(
        (
            str(one.id),
            f"{one.fund} · {one.category}（每件最多 {yuan(one.case_limit_fen or 0)}，还剩 {yuan(one.left_fen)}）",
        )
        for one in shares
    )
    return NewCasePage(choices, values, errors, error)


def case_page(
    case: CaseView,
    viewer: Viewer,
    *,
    now: datetime,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    error: str,
) -> CasePage:
    stage, me = case.row.stage, viewer.account_id
    votes = holds(viewer.role, Permission.DECIDE_URGENT) and stage is CaseStage.DECISION
    acted = me == case.opened_by_id or me in case.decided_by_ids
    visits = holds(viewer.role, Permission.VISIT)
    return CasePage(
        case=case,
        tone=TONES[stage],
        is_late=case.row.clock is not None and case.row.clock <= now,
        steps=_steps(case),
        may_decide=votes and not acted,
        has_acted=votes and acted,
        may_find=visits and stage is CaseStage.FINDING and me != case.opened_by_id,
        may_confirm=visits and stage is CaseStage.SECOND and me != case.found_by_id,
        may_print=holds(viewer.role, Permission.REVIEW) and len(case.opinions) >= PANEL,
        values=values,
        errors=errors,
        error=error,
        now=now,
    )


def _steps(case: CaseView) -> tuple[Step, ...]:
    """Opened, decided, paid, visited: what happened, and what comes next."""
    steps = [Step("提出", moment(case.row.opened_at), case.opened_by)]
    steps += [Step("同意", moment(one.at), one.who, one.words) for one in case.opinions]
    stage = case.row.stage
    if stage is CaseStage.DECISION:
        steps.append(Step("两个人作决定", stage="now", why="从提出起 24 小时内"))
    if stage is CaseStage.REFUSED:
        steps.append(Step("没有同意", stage="bad"))
    if case.paid_at is not None:
        steps.append(Step("钱付给这家人", moment(case.paid_at)))
    elif stage in {CaseStage.DECISION, CaseStage.PAYMENT}:
        steps.append(Step("出纳付款", stage="now" if stage is CaseStage.PAYMENT else "next"))
    if stage is CaseStage.RETURNED:
        steps.append(Step("钱退回来了", stage="bad"))
    if case.found_at is not None:
        steps.append(Step("走访核实", moment(case.found_at), case.found_by, case.finding))
    elif stage in {CaseStage.DECISION, CaseStage.PAYMENT, CaseStage.FINDING}:
        words = "两个人走访，补手续"
        why = "付款以后 10 个工作日内"
        steps.append(Step(words, stage="now" if stage is CaseStage.FINDING else "next", why=why))
    if case.confirmed_at is not None:
        what = "确认：应当救助" if case.stands else "确认：不应当救助，要把钱追回来"
        steps.append(Step(what, moment(case.confirmed_at), case.confirmed_by, stage="done" if case.stands else "bad"))
    elif stage is CaseStage.SECOND:
        steps.append(Step("第二位走访人确认", stage="now"))
    return tuple(steps)
