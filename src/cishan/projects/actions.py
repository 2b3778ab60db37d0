"""The only writers of projects: here the decision, the filing, and the minutes at which a campaign begins and ends.

A draft is written in `drafting.py`, whose steps are reached through this module too; a filed field is changed in `amending.py`.
"""

from datetime import datetime
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.charities.models import Fund
from cishan.charities.states import FundKind
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.errors import Conflict, InvalidInput
from cishan.events.actions import record_event
from cishan.permissions import Permission, must
from cishan.plans.facts import facts_for, terms_on
from cishan.plans.rules import Decision, decision_faults, plan_faults
from cishan.plans.states import Reach
from cishan.projects.archive import keep_filed_plan
from cishan.projects.drafting import change_plan, draft_project, withdraw_project
from cishan.projects.duties import Duties
from cishan.projects.models import Project
from cishan.projects.moves import SUBJECT, Locked, check_move, lock_project, lock_project_for, move, sealed_reason
from cishan.projects.rules import Filing, check_may_begin, filing_due_at, filing_faults, may_open_on, takes_until
from cishan.projects.states import LIVE, ProjectStatus
from cishan.sealing import Sealer

__all__ = [
    "change_plan",
    "close_due_projects",
    "decide_project",
    "draft_project",
    "file_project",
    "open_at_once",
    "open_due_projects",
    "pause_project",
    "reopen_draft",
    "resume_project",
    "settle_project",
    "withdraw_project",
]

NUMBER_TAKEN = """
SELECT 1 FROM fund WHERE filing_number = $1 UNION ALL SELECT 1 FROM project WHERE filing_number = $1 LIMIT 1
"""
HAS_DRAFTED = "SELECT 1 FROM event WHERE subject_kind = 'project' AND subject_id = $1 AND actor_id = $2 AND verb = ANY($3) LIMIT 1"
DRAFTING = ["draft", "change"]
TO_OPEN = """
SELECT id FROM project WHERE status = 'filed' AND starts_at <= $1 AND ends_at > $1 ORDER BY starts_at, id LIMIT $2
"""
TO_CLOSE = """
SELECT id FROM project WHERE status IN ('open', 'paused') AND ends_at <= $1 ORDER BY ends_at, id LIMIT $2
"""


async def decide_project(project_id: int, decision: Decision, *, actor: Viewer, now: datetime) -> None:
    """The legal representative signs a whole and lawful plan; whoever drafted it can't (art. 15). Raises InvalidInput."""
    must(actor, Permission.DECIDE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        check_move(project, "decide")
        is_drafter = bool(await rows(HAS_DRAFTED, project_id, actor.account_id, DRAFTING))
        faults = decision_faults(decision, is_drafter=is_drafter, is_director=True, today=beijing_day(now))
        faults |= await faults_now(project, now=now)
        if faults:
            raise InvalidInput(faults)
        await move(
            project,
            "decide",
            actor=actor,
            now=now,
            decision_no=decision.number,
            decided_on=decision.decided_on,
            decided_by_id=actor.account_id,
        )


async def reopen_draft(project_id: int, *, actor: Viewer, sealer: Sealer, now: datetime, reason: str) -> None:
    """Gives a decided plan back to be written again: by whoever decided, or by the editor before it is filed."""
    must(actor, Permission.SEE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        await move(
            project,
            "reopen_draft",
            actor=actor,
            now=now,
            reason_sealed=sealed_reason(reason, sealer),
            decision_no="",
            decided_on=None,
            decided_by_id=None,
        )


async def file_project(project_id: int, filing: Filing, *, duties: Duties, actor: Viewer, now: datetime) -> None:
    """Enters the filing of a decided plan, or of an emergency that has begun already, and opens its fund.

    From here on the plan's fields are locked and kept with their digest. Raises InvalidInput naming the article, Conflict
    while a disclosure is late; an emergency that has begun is filed all the same, for its ten days run.
    """
    must(actor, Permission.MANAGE_PROJECTS)
    try:
        async with in_transaction():
            project = await lock_project_for(project_id, actor)
            afterwards = project.filed_on is None and project.status in LIVE
            if not afterwards:
                check_move(project, "file")
                await duties.check_nothing_late(project.charity_id, now=now)
            await _file(project, filing, afterwards=afterwards, actor=actor, now=now)
    except IntegrityError as error:
        raise InvalidInput({"filing_number": "这个备案编号刚刚被用掉了。请核对编号。"}) from error


async def _file(project: Locked, filing: Filing, *, afterwards: bool, actor: Viewer, now: datetime) -> None:
    terms = await terms_on(project.charity_id, filing.filed_on)
    assert project.decided_on is not None
    faults = filing_faults(
        filing,
        project.plan,
        terms,
        decided_on=project.decided_on,
        today=beijing_day(now),
        is_number_taken=bool(await rows(NUMBER_TAKEN, filing.number)),
    )
    faults |= await faults_now(project, now=now)
    if faults:
        raise InvalidInput(faults)
    fund_id = await _open_fund(project, filing.number, now=now)
    changes: dict[str, Any] = {
        "filing_number": filing.number,
        "filed_on": filing.filed_on,
        "may_open_on": may_open_on(project.plan, filing.filed_on, terms),
        "fund_id": fund_id,
    }
    detail = {"filing_number": filing.number}
    if afterwards:
        if project.status is ProjectStatus.OPEN:
            await Fund.filter(id=fund_id).update(takes_until=project.plan.ends_at)
        await Project.filter(id=project.id).update(**changes)
        await record_event(SUBJECT, project.id, "file_afterwards", actor=actor, now=now, detail=dict(detail))
    else:
        await move(project, "file", actor=actor, now=now, detail=detail, **changes)
    await keep_filed_plan(project.id, filing.filed_on, now=now)


async def _open_fund(project: Locked, number: str, *, now: datetime) -> int:
    """The project's own fund, which takes money within the filed time only; one that stands gets the filed number."""
    if project.fund_id is not None:
        await Fund.filter(id=project.fund_id).update(filing_number=number)
        return project.fund_id
    plan = project.plan
    fund = await Fund.create(
        charity_id=project.charity_id,
        kind=FundKind.PROJECT,
        name=plan.name,
        filing_number=number,
        purpose=plan.purpose,
        opened_on=beijing_day(now),
        takes_from=plan.starts_at,
        takes_until=plan.ends_at,
        cap_fen=plan.cap_fen,
    )
    fund_id: int = fund.id
    return fund_id


async def open_due_projects(*, limit: int, duties: Duties, now: datetime) -> int:
    """Begins the campaigns whose filed minute has come; returns how many. One that is not lawful any more stays closed."""
    opened = 0
    for row in await rows(TO_OPEN, now, limit):
        opened += await _open(row["id"], duties=duties, now=now)
    return opened


async def _open(project_id: int, *, duties: Duties, now: datetime) -> bool:
    async with in_transaction():
        project = await lock_project(project_id)
        if project.status is not ProjectStatus.FILED:
            return False
        try:
            await _check_may_begin(project, now=now)
            await duties.check_nothing_late(project.charity_id, now=now)
        except Conflict:
            # Its platform's address is gone, or a report is late: it stays filed, and red on the desk, until that is mended.
            return False
        await move(project, "open", actor=None, now=now, opened_at=now)
        await duties.plan(project_id, now=now)
        return True


async def open_at_once(project_id: int, *, duties: Duties, actor: Viewer, now: datetime) -> None:
    """Begins an emergency before its filing, which then falls due within ten days (慈善法 art. 72, 募捐办法 art. 13)."""
    must(actor, Permission.MANAGE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        check_move(project, "open_at_once")
        await duties.check_nothing_late(project.charity_id, now=now)
        await _check_may_begin(project, now=now)
        faults = await faults_now(project, now=now)
        if faults:
            raise InvalidInput(faults)
        assert project.plan.starts_at is not None
        due_at = filing_due_at(project.plan.starts_at, await terms_on(project.charity_id, beijing_day(now)))
        fund_id = await _open_fund(project, f"应急待备案-{project.id}", now=now)
        await Fund.filter(id=fund_id).update(takes_until=takes_until(project.plan, due_at, is_filed=False))
        await move(project, "open_at_once", actor=actor, now=now, opened_at=now, fund_id=fund_id, filing_due_at=due_at)
        await duties.plan(project_id, now=now)


async def _check_may_begin(project: Locked, *, now: datetime) -> None:
    facts = await facts_for(project.charity_id, project.plan.leader_id, now=now)
    check_may_begin(
        project.plan,
        status=project.status,
        may_open_on=project.may_open_on,
        platform_needed=project.plan.reach is Reach.PUBLIC and not facts.designation_number,
        now=now,
    )


async def pause_project(project_id: int, *, actor: Viewer, sealer: Sealer, now: datetime, reason: str) -> None:
    """Takes a campaign from the public for a time: its page is gone and its fund takes nothing from this instant on."""
    must(actor, Permission.SEE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        await move(project, "pause", actor=actor, now=now, reason_sealed=sealed_reason(reason, sealer))
        await Fund.filter(id=project.fund_id).update(takes_until=now)


async def resume_project(project_id: int, *, actor: Viewer, now: datetime) -> None:
    """The legal representative lets a paused campaign go on until its filed end."""
    must(actor, Permission.DECIDE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        check_move(project, "resume")
        await _check_may_begin(project, now=now)
        await move(project, "resume", actor=actor, now=now)
        until = takes_until(project.plan, project.filing_due_at, is_filed=project.filed_on is not None)
        await Fund.filter(id=project.fund_id).update(takes_until=until)


async def close_due_projects(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Ends the campaigns whose filed end minute has come; returns how many. Their funds took nothing from it on."""
    closed = 0
    for row in await rows(TO_CLOSE, now, limit):
        closed += await _close(row["id"], now=now)
    return closed


async def _close(project_id: int, *, now: datetime) -> bool:
    async with in_transaction():
        project = await lock_project(project_id)
        ends_at = project.plan.ends_at
        if project.status not in {ProjectStatus.OPEN, ProjectStatus.PAUSED} or ends_at is None or ends_at > now:
            return False
        await move(project, "close", actor=None, now=now, closed_at=ends_at)
        return True


async def settle_project(project_id: int, *, duties: Duties, actor: Viewer, now: datetime) -> None:
    """Ends a closed project for good. Whoever keeps the duties of disclosure is asked here, and may raise Conflict."""
    must(actor, Permission.DECIDE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        check_move(project, "settle")
        if project.filed_on is None:
            raise Conflict("这个应急项目还没有补办备案，不能结项。")
        await duties.check_may_settle(project_id, now=now)
        await move(project, "settle", actor=actor, now=now, settled_at=now)


async def faults_now(project: Locked, *, now: datetime) -> dict[str, str]:
    """What is wrong with the plan as it stands, today."""
    facts = await facts_for(project.charity_id, project.plan.leader_id, now=now)
    return plan_faults(project.plan, facts, await terms_on(project.charity_id, beijing_day(now)))
