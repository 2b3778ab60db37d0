"""Keeps the calendar: what follows from each project's dates stands in rows, and people are reminded in time."""

from collections.abc import Sequence
from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.accounts.queries import staff_covering
from cishan.accounts.states import Role
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.disclosures.rules import PlannedDuty, ProjectDates, annual_duty, duties_of, reminder_due
from cishan.disclosures.states import DutyKind
from cishan.errors import Conflict
from cishan.labels import label
from cishan.messages.actions import queue_notice
from cishan.plans.states import ProjectKind
from cishan.sealing import Sealer
from cishan.templating import day

MOST_PROJECTS = 2_000
MOST_TOLD = 20
FIRST_YEAR = 2016
"""The law on charities is of 2016; no report of an earlier year is asked for."""

PROJECTS = """
SELECT id FROM project WHERE status IN ('open', 'paused', 'closed', 'settled') ORDER BY id LIMIT $1
"""
LOCK_PROJECT = """
SELECT id, charity_id, kind, starts_at, ends_at, opened_at, closed_at, use_ends_on, partner_name
  FROM project WHERE id = $1 FOR NO KEY UPDATE
"""
LOCK_CHARITY = "SELECT id, created_at FROM charity ORDER BY id LIMIT 1 FOR NO KEY UPDATE"
OF_PROJECT = "SELECT id, kind, period_from, period_until, due_on, published_at, dropped_at FROM disclosure_duty WHERE project_id = $1"
ANNUAL = """
SELECT id, kind, period_from, period_until, due_on, published_at, dropped_at FROM disclosure_duty
 WHERE charity_id = $1 AND project_id IS NULL
"""
ADD = """
INSERT INTO disclosure_duty (charity_id, project_id, kind, period_from, period_until, due_on)
SELECT $1, $2, * FROM unnest($3::varchar[], $4::date[], $5::date[], $6::date[])
"""
MOVE = """
UPDATE disclosure_duty SET period_until = $2, due_on = $3, reminded_days = NULL, dropped_at = NULL WHERE id = $1
"""
DROP = "UPDATE disclosure_duty SET dropped_at = $2 WHERE id = ANY($1)"
TO_REMIND = """
SELECT id FROM disclosure_duty
 WHERE published_at IS NULL AND dropped_at IS NULL AND due_on <= $1 AND coalesce(reminded_days, 99) >= 0
 ORDER BY due_on, id LIMIT $2
"""
LOCK_DUTY = """
SELECT d.id, d.kind, d.due_on, d.reminded_days, d.published_at, d.dropped_at, coalesce(p.name, c.name) AS name,
       c.division_code
  FROM disclosure_duty d JOIN charity c ON c.id = d.charity_id LEFT JOIN project p ON p.id = d.project_id
 WHERE d.id = $1 FOR UPDATE OF d
"""
REMINDED = "UPDATE disclosure_duty SET reminded_days = $2 WHERE id = $1"
LATE = """
SELECT d.kind, d.due_on, coalesce(p.name, '') AS name, count(*) OVER () AS total
  FROM disclosure_duty d LEFT JOIN project p ON p.id = d.project_id
 WHERE d.charity_id = $1 AND d.published_at IS NULL AND d.dropped_at IS NULL AND d.due_on < $2 ORDER BY d.due_on, d.id LIMIT 1
"""


async def plan_duties(*, now: datetime) -> int:
    """Brings every project's calendar, and the charity's own, up to their dates; returns how many rows changed."""
    changed = await _plan_annual(now=now)
    for row in await rows(PROJECTS, MOST_PROJECTS):
        changed += await plan_project(row["id"], now=now)
    return changed


async def plan_project(project_id: int, *, now: datetime) -> int:
    """The same for one project: what was published stays, whatever its dates have become."""
    async with in_transaction():
        project = (await rows(LOCK_PROJECT, project_id))[0]
        planned = duties_of(dates_of(project))
        return await _bring_up(project["charity_id"], project_id, planned, await rows(OF_PROJECT, project_id), now=now)


async def _plan_annual(*, now: datetime) -> int:
    async with in_transaction():
        found = await rows(LOCK_CHARITY)
        if not found:
            return 0
        charity = found[0]
        years = range(max(beijing_day(charity["created_at"]).year, FIRST_YEAR), beijing_day(now).year + 1)
        planned = [annual_duty(year) for year in years]
        return await _bring_up(charity["id"], None, planned, await rows(ANNUAL, charity["id"]), now=now)


async def _bring_up(
    charity_id: int, project_id: int | None, planned: Sequence[PlannedDuty], known: Sequence[JsonRow], *, now: datetime
) -> int:
    wanted = {(duty.kind.value, duty.period_from): duty for duty in planned}
    rows_by_key = {(row["kind"], row["period_from"]): row for row in known}
    new = [duty for key, duty in wanted.items() if key not in rows_by_key]
    if new:
        await rows(
            ADD,
            charity_id,
            project_id,
            [duty.kind.value for duty in new],
            [duty.period_from for duty in new],
            [duty.period_until for duty in new],
            [duty.due_on for duty in new],
        )
    open_rows = [(key, row) for key, row in rows_by_key.items() if row["published_at"] is None]
    moved = [(row["id"], wanted[key]) for key, row in open_rows if key in wanted and _differs(row, wanted[key])]
    for duty_id, duty in moved:
        await rows(MOVE, duty_id, duty.period_until, duty.due_on)
    dropped = [row["id"] for key, row in open_rows if key not in wanted and row["dropped_at"] is None]
    if dropped:
        await rows(DROP, dropped, now)
    return len(new) + len(moved) + len(dropped)


def _differs(row: JsonRow, duty: PlannedDuty) -> bool:
    return (row["period_until"], row["due_on"]) != (duty.period_until, duty.due_on) or row["dropped_at"] is not None


def dates_of(project: JsonRow) -> ProjectDates:
    """A campaign that closed before its filed end ended on the day it closed."""
    ended_at = min(project["closed_at"] or project["ends_at"], project["ends_at"])
    starts_on = beijing_day(project["opened_at"] or project["starts_at"])
    campaign_ends_on = max(beijing_day(ended_at), starts_on)
    return ProjectDates(
        kind=ProjectKind(project["kind"]),
        starts_on=starts_on,
        campaign_ends_on=campaign_ends_on,
        use_ends_on=max(project["use_ends_on"], campaign_ends_on),
        has_partner=bool(project["partner_name"]),
    )


async def remind_of_duties(*, limit: int, sealer: Sealer, now: datetime) -> int:
    """Tells editors and finance 30, 7 and 1 day before a duty's day, and supervisors too when it is late."""
    reminded = 0
    for row in await rows(TO_REMIND, date.fromordinal(beijing_day(now).toordinal() + 30), limit):
        reminded += await _remind(row["id"], sealer=sealer, now=now)
    return reminded


async def _remind(duty_id: int, *, sealer: Sealer, now: datetime) -> bool:
    async with in_transaction():
        duty = (await rows(LOCK_DUTY, duty_id))[0]
        if duty["published_at"] is not None or duty["dropped_at"] is not None:
            return False
        step = reminder_due(duty["due_on"], beijing_day(now), reminded_days=duty["reminded_days"])
        if step is None:
            return False
        await rows(REMINDED, duty_id, step)
        roles = (Role.EDITOR, Role.FINANCE, *((Role.SUPERVISOR,) if step < 0 else ()))
        for role in roles:
            for staff in (await staff_covering(duty["division_code"], role))[:MOST_TOLD]:
                key = f"disclosure:{duty_id}:{duty['due_on']}:{step}:{staff['account_id']}"
                await queue_notice(key, staff["account_id"], _sentence(duty, step), sealer=sealer, now=now)
        return True


def _sentence(duty: JsonRow, step: int) -> str:
    what = f"“{duty['name']}”的{label(DutyKind(duty['kind']))}"
    if step < 0:
        return f"{what}应当在 {day(duty['due_on'])}前公开，已经超期。公开以前不能备案新的项目。"
    return f"{what}要在 {day(duty['due_on'])}前公开，请准备。"


async def check_nothing_late(charity_id: int, *, now: datetime) -> None:
    """Raises Conflict naming what should have been published: until then no new project is filed or begun (R-12)."""
    found = await rows(LATE, charity_id, beijing_day(now))
    if found:
        late = found[0]
        whose = f"“{late['name']}”的" if late["name"] else ""
        others = f"，另外还有 {late['total'] - 1} 项" if late["total"] > 1 else ""
        raise Conflict(
            f"{whose}{label(DutyKind(late['kind']))}应当在 {day(late['due_on'])}前公开，已经超期{others}。请先公开，再备案新的项目。"
        )
