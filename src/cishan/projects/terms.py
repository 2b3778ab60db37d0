"""The only writer of the dated figures that rules set for projects. A figure is never changed for days that are gone."""

from dataclasses import asdict
from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.errors import Conflict, InvalidInput
from cishan.events.actions import record_event
from cishan.permissions import Permission, must
from cishan.plans.plan import DEFAULT_TERMS, Terms
from cishan.plans.rules import PERMILLE
from cishan.projects.models import ProjectTerms

LOCK_CHARITY = "SELECT id FROM charity WHERE id = $1 FOR NO KEY UPDATE"
LONGEST_DAYS = 365
STRICTER = ("notice_days",)
"""Figures of which more is stricter; of the others the law's default is the most that may be set."""


async def set_terms(charity_id: int, terms: Terms, *, valid_from: date, actor: Viewer, now: datetime) -> None:
    """Sets the figures from a day on, today or later. Nobody sets figures that are laxer than the law's own."""
    must(actor, Permission.DECIDE_PROJECTS)
    _check(terms, valid_from, today=beijing_day(now))
    async with in_transaction():
        await rows(LOCK_CHARITY, charity_id)
        if await ProjectTerms.filter(charity_id=charity_id, valid_from=valid_from).exists():
            raise Conflict("这一天起的规定已经定过了，请换一天。")
        await ProjectTerms.create(charity_id=charity_id, valid_from=valid_from, **asdict(terms))
        detail: dict[str, object] = {"valid_from": valid_from.isoformat(), **asdict(terms)}
        await record_event("charity", charity_id, "set_project_terms", actor=actor, now=now, detail=detail)


def _check(terms: Terms, valid_from: date, *, today: date) -> None:
    wrong: dict[str, str] = {}
    if valid_from < today:
        wrong["valid_from"] = "只能从今天或者以后的日子起。"
    for name in ("notice_days", "longest_years", "longest_emergency_years", "emergency_filing_days", "amendment_days"):
        value, law = getattr(terms, name), getattr(DEFAULT_TERMS, name)
        if name in STRICTER and not law <= value <= LONGEST_DAYS:
            wrong[name] = f"法规规定最少 {law}，再长也不超过 {LONGEST_DAYS}。"
        elif name not in STRICTER and not 0 < value <= law:
            wrong[name] = f"法规规定最多 {law}。"
    if terms.capacity_fen <= 0:
        wrong["capacity_fen"] = "请填写金额。"
    if not 0 < terms.cost_permille <= PERMILLE:
        wrong["cost_permille"] = "请填写 0.1% 到 100%。"
    if wrong:
        raise InvalidInput(wrong)
