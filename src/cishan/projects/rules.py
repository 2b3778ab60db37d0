"""What the law asks when a plan is filed, begun, changed and ended: pure, each fault with its article."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cishan.clock import beijing_day, beijing_midnight
from cishan.errors import Conflict
from cishan.plans import laws
from cishan.plans.plan import BudgetItem, Plan, Terms
from cishan.plans.states import ProjectKind, Reach
from cishan.projects.states import ProjectStatus

LONGEST_REASON = 300


@dataclass(frozen=True)
class Filing:
    """What civil affairs gave: their number, and the day of the filing in China."""

    number: str
    filed_on: date


def may_open_on(plan: Plan, filed_on: date, terms: Terms) -> date | None:
    """The first day on which a filed campaign may begin; None for an emergency, and where the public is not asked."""
    if plan.kind is ProjectKind.EMERGENCY or plan.reach is not Reach.PUBLIC:
        return None
    return filed_on + timedelta(days=terms.notice_days)


def filing_due_at(starts_at: datetime, terms: Terms) -> datetime:
    """The instant by which an emergency is filed: the end of the tenth day after it began (art. 13)."""
    return beijing_midnight(beijing_day(starts_at) + timedelta(days=terms.emergency_filing_days + 1))


def takes_until(plan: Plan, filing_due: datetime | None, *, is_filed: bool) -> datetime | None:
    """When a campaign's fund takes its last gift: at the filed end, and of an emergency that is not filed yet no later than
    its filing is due (慈善法 art. 72)."""
    if is_filed or filing_due is None or plan.ends_at is None:
        return plan.ends_at
    return min(plan.ends_at, filing_due)


def filing_faults(
    filing: Filing, plan: Plan, terms: Terms, *, decided_on: date, today: date, is_number_taken: bool
) -> dict[str, str]:
    """What keeps a decided plan from being entered as filed (arts 11 to 13)."""
    found: dict[str, str] = {}
    if not filing.number:
        found["filing_number"] = f"{laws.ONE_NUMBER}：请写民政部门给的备案编号。"
    elif is_number_taken:
        found["filing_number"] = f"{laws.ONE_NUMBER}：一个备案编号只用于一次募捐活动，这个编号已经用过了。"
    if filing.filed_on > today:
        found["filed_on"] = f"{laws.NOTICE}：备案日期不能在今天以后。"
    elif filing.filed_on < decided_on:
        found["filed_on"] = f"{laws.DECISION}：备案日期不能早于内部决定的日期。"
    elif fault := _too_late(filing.filed_on, plan, terms):
        found["filed_on"] = fault
    return found


def _too_late(filed_on: date, plan: Plan, terms: Terms) -> str:
    assert plan.starts_at is not None
    if plan.kind is ProjectKind.EMERGENCY:
        late = beijing_midnight(filed_on) >= filing_due_at(plan.starts_at, terms)
        return (
            f"{laws.EMERGENCY}：应急募捐要在开始后 {terms.emergency_filing_days} 日内补办备案，已经晚了。请先向民政部门说明。"
            if late
            else ""
        )
    first = may_open_on(plan, filed_on, terms)
    if first is not None and plan.starts_at < beijing_midnight(first):
        return f"{laws.NOTICE}：募捐开始的 {terms.notice_days} 日前就要备案。请把开始时间改到 {first:%Y-%m-%d} 以后，再决定一次。"
    return ""


def check_may_begin(
    plan: Plan, *, status: ProjectStatus, may_open_on: date | None, platform_needed: bool, now: datetime
) -> None:
    """Raises Conflict naming the article for a campaign that would begin too soon, too late or unfiled."""
    assert plan.starts_at is not None
    assert plan.ends_at is not None
    if status is ProjectStatus.DECIDED and plan.kind is not ProjectKind.EMERGENCY:
        raise Conflict(f"{laws.NOTICE}：没有备案，不能开始募捐。")
    if now < plan.starts_at:
        raise Conflict(f"{laws.WITHIN_FILED}：还没有到备案的开始时间。")
    if now >= plan.ends_at:
        raise Conflict(f"{laws.WITHIN_FILED}：备案的募捐时间已经过了，不能再开始。")
    if may_open_on is not None and now < beijing_midnight(may_open_on):
        raise Conflict(f"{laws.NOTICE}：备案满 10 日才能开始募捐。")
    if platform_needed and not plan.platform_url:
        raise Conflict(f"{laws.PLATFORM}：没有指定平台的网址，不能向社会公开募捐。")


def check_not_filed(filed_on: date | None) -> None:
    """Raises Conflict where somebody would write over what is filed: from the filing on there are amendments only."""
    if filed_on is not None:
        raise Conflict(f"{laws.WORDING}：内容要和备案的一致，备案以后不能直接改。要改请提出变更，重新备案。")


def amendment_due_on(changed_on: date, terms: Terms) -> date:
    """The last day for filing a change with civil affairs (art. 12)."""
    return changed_on + timedelta(days=terms.amendment_days)


def amendment_faults(
    before: Plan,
    after: Plan,
    faults_after: Mapping[str, str],
    field: str,
    reason: str,
    *,
    has_begun: bool,
    now: datetime,
) -> dict[str, str]:
    """What keeps a filed field from being changed to this; `faults_after` are those of the plan with the change in it."""
    found: dict[str, str] = dict(faults_after)
    if before == after:
        found[field] = f"{laws.ONE_NUMBER}：和备案的一样，没有变更。"
    if not reason.strip():
        found["reason"] = f"{laws.ONE_NUMBER}：变更备案要说明理由。"
    elif len(reason) > LONGEST_REASON:
        found["reason"] = f"太长了，最多 {LONGEST_REASON} 个字。"
    if has_begun and field in {"starts_at", "kind"}:
        found[field] = f"{laws.WITHIN_FILED}：募捐已经开始，开始时间和项目类型不能再变更。"
    if len(after.budget) < len(before.budget):
        found["budget"] = (
            f"{laws.CHANGE_OF_USE}：备案过的预算项不能去掉，已经有钱按它安排；可以改名称和金额，也可以加。"
        )
    if before.ends_at is not None and before.ends_at <= now and field in {"ends_at", "at_target"}:
        found[field] = f"{laws.WITHIN_FILED}：备案的募捐时间已经过了，不能再延长。要再募捐，请另办一次。"
    elif field == "ends_at" and after.ends_at is not None and after.ends_at <= now:
        found[field] = f"{laws.WITHIN_FILED}：变更后的结束时间要在现在以后；要马上停，请先暂停募捐。"
    return found


def amendment_decision_fault(*, is_proposer: bool, is_director: bool) -> str:
    """Why this person can't decide on a change; empty when they can."""
    if is_proposer:
        return f"{laws.DECISION}：提出变更的人不能自己决定，要由另一个人决定。"
    return "" if is_director else f"{laws.DECISION}：变更要由法定代表人审批。"


@dataclass(frozen=True)
class Line:
    """A line of a budget as it is stored."""

    id: int
    name: str


def keep_lines(lines: Sequence[Line], budget: Sequence[BudgetItem]) -> list[int | None]:
    """For each item of a changed budget the line it goes on from: the one of its name, else the one in its place; None is new."""
    left = {line.id: line.name for line in lines}
    kept: list[int | None] = []
    for item in budget:
        found = next((line_id for line_id, name in left.items() if name == item.name), None)
        if found is not None:
            del left[found]
        kept.append(found)
    for place, line in enumerate(lines[: len(kept)]):
        if kept[place] is None and line.id in left:
            kept[place] = line.id
            del left[line.id]
    return kept
