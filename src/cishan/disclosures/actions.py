"""The only writer of reports: one person drafts, another publishes; what is published is only ever added to."""

import json
from datetime import date, datetime
from typing import TypedDict

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.disclosures.rules import check_period_over, check_text
from cishan.disclosures.statements import Statement, add_up, statement_for
from cishan.disclosures.states import DutyKind
from cishan.errors import Conflict, NotFound
from cishan.events.actions import record_event
from cishan.labels import label
from cishan.permissions import Permission, must
from cishan.templating import day

MOST_FUNDS = 500

LOCK_DUTY = """
SELECT d.id, d.charity_id, d.kind, d.period_from, d.period_until, d.published_at, d.dropped_at, p.fund_id,
       coalesce(p.name, c.name) AS name
  FROM disclosure_duty d JOIN charity c ON c.id = d.charity_id LEFT JOIN project p ON p.id = d.project_id
 WHERE d.id = $1 AND d.charity_id = $2 FOR UPDATE OF d
"""
FUNDS = "SELECT id FROM fund WHERE charity_id = $1 ORDER BY id LIMIT $2"
SAVE_DRAFT = """
INSERT INTO disclosure_draft (duty_id, body, reason, written_by_id, written_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (duty_id) DO UPDATE SET body = $2, reason = $3, written_by_id = $4, written_at = $5
"""
DRAFT = "SELECT id, body, reason, written_by_id, written_at FROM disclosure_draft WHERE duty_id = $1"
DROP_DRAFT = "DELETE FROM disclosure_draft WHERE duty_id = $1"
VERSIONS = "SELECT count(*) AS n FROM disclosure WHERE duty_id = $1"
ADD = """
INSERT INTO disclosure (duty_id, version, title, body, figures, reason, written_by_id, published_by_id, published_at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9) RETURNING id
"""
MARK_PUBLISHED = "UPDATE disclosure_duty SET published_at = coalesce(published_at, $2) WHERE id = $1"


class Who(TypedDict):
    """Whose step it is, of which charity, and when: every action here takes these three."""

    charity_id: int
    actor: Viewer
    now: datetime


async def save_draft(duty_id: int, body: str, reason: str, *, charity_id: int, actor: Viewer, now: datetime) -> None:
    """Keeps the words of a report, or of a correction of a published one, until another person publishes them.

    Raises Conflict for a period that is not over, InvalidInput for a report without words.
    """
    must(actor, Permission.DISCLOSE)
    async with in_transaction():
        duty = await _lock(duty_id, charity_id)
        check_period_over(duty["period_until"], beijing_day(now))
        is_correction = duty["published_at"] is not None
        check_text(body, reason, is_correction=is_correction)
        kept = reason.strip() if is_correction else ""
        await rows(SAVE_DRAFT, duty_id, body.strip(), kept, actor.account_id, now)
        await record_event("disclosure", duty_id, "draft", actor=actor, now=now)


async def publish(duty_id: int, written_at: datetime, *, charity_id: int, actor: Viewer, now: datetime) -> int:
    """Publishes the draft that the person has read, written at `written_at`; returns the report's id.

    Raises Conflict when there is none, when it was changed since, or when the person wrote it.
    """
    must(actor, Permission.DISCLOSE)
    async with in_transaction():
        duty = await _lock(duty_id, charity_id)
        check_period_over(duty["period_until"], beijing_day(now))
        draft = await _draft(duty_id, written_at)
        if draft["written_by_id"] == actor.account_id:
            raise Conflict("起草的人不能自己公开。请另一位同事看过以后公开。")
        version: int = (await rows(VERSIONS, duty_id))[0]["n"] + 1
        period = (duty["period_from"], duty["period_until"])
        figures = (await figures_for(duty["charity_id"], duty["fund_id"], *period)).as_figures()
        values = (title_of(duty), draft["body"], json.dumps(figures), draft["reason"], draft["written_by_id"])
        added = await rows(ADD, duty_id, version, *values, actor.account_id, now)
        await rows(DROP_DRAFT, duty_id)
        await rows(MARK_PUBLISHED, duty_id, now)
        verb = "publish" if version == 1 else "correct"
        await record_event("disclosure", duty_id, verb, actor=actor, now=now, detail={"version": version})
        published_id: int = added[0]["id"]
        return published_id


async def drop_draft(duty_id: int, *, charity_id: int, actor: Viewer, now: datetime) -> None:
    """Throws a draft away, as when the words must be written anew."""
    must(actor, Permission.DISCLOSE)
    async with in_transaction():
        await _lock(duty_id, charity_id)
        await rows(DROP_DRAFT, duty_id)
        await record_event("disclosure", duty_id, "drop_draft", actor=actor, now=now)


async def figures_for(charity_id: int, fund_id: int | None, period_from: date, period_until: date) -> Statement:
    """What the books say of a duty's period: of the project's fund, or of all funds for the yearly report."""
    if fund_id is not None:
        return await statement_for(fund_id, period_from, period_until)
    funds = await rows(FUNDS, charity_id, MOST_FUNDS)
    return add_up([await statement_for(fund["id"], period_from, period_until) for fund in funds])


def title_of(duty: JsonRow) -> str:
    period = f"{day(duty['period_from'])}至{day(duty['period_until'])}"
    return f"{duty['name']}：{label(DutyKind(duty['kind']))}（{period}）"


async def _draft(duty_id: int, written_at: datetime) -> JsonRow:
    found = await rows(DRAFT, duty_id)
    if not found:
        raise Conflict("现在没有等着公开的草稿，可能已经有人公开了。请刷新后再看。")
    if found[0]["written_at"] != written_at:
        raise Conflict("草稿刚刚有人改过。请看过新的内容以后再公开。")
    return found[0]


async def _lock(duty_id: int, charity_id: int) -> JsonRow:
    found = await rows(LOCK_DUTY, duty_id, charity_id)
    if not found or found[0]["dropped_at"] is not None:
        raise NotFound
    return found[0]
