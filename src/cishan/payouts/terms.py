"""The charity's limits of help, by day: read by all, set by the director. A figure is never changed for days that are gone."""

from dataclasses import asdict
from datetime import date, datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.errors import Conflict, InvalidInput
from cishan.events.actions import record_event
from cishan.payouts.rules import DEFAULT_TERMS, Terms
from cishan.permissions import Permission, must

TERMS = """
SELECT third_person_over_fen, large_donor_fen FROM payout_terms
 WHERE charity_id = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1
"""
ADD = """
INSERT INTO payout_terms (charity_id, valid_from, third_person_over_fen, large_donor_fen, set_by_id) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING id
"""


async def terms_on(charity_id: int, now: datetime) -> Terms:
    """The limits of a day in Beijing."""
    found = await rows(TERMS, charity_id, beijing_day(now))
    return Terms(**found[0]) if found else DEFAULT_TERMS


async def set_terms(charity_id: int, terms: Terms, *, valid_from: date, actor: Viewer, now: datetime) -> None:
    """Sets the limits from a day on, today or later; raises Conflict for a day that has its limits already."""
    must(actor, Permission.DECIDE_PROJECTS)
    _check(terms, valid_from, today=beijing_day(now))
    async with in_transaction():
        values = (terms.third_person_over_fen, terms.large_donor_fen, actor.account_id)
        if not await rows(ADD, charity_id, valid_from, *values):
            raise Conflict("这一天起的规定已经定过了，请换一天。")
        detail: dict[str, object] = {"valid_from": valid_from.isoformat(), **asdict(terms)}
        await record_event("charity", charity_id, "set_payout_terms", actor=actor, now=now, detail=detail)


def _check(terms: Terms, valid_from: date, *, today: date) -> None:
    wrong: dict[str, str] = {}
    if valid_from < today:
        wrong["valid_from"] = "只能从今天或者以后的日子起。"
    if terms.third_person_over_fen < 0:
        wrong["third_person_over"] = "请填写金额，0 就是每笔都要三个人批。"
    if terms.large_donor_fen <= 0:
        wrong["large_donor"] = "请填写大于 0 的金额。"
    if wrong:
        raise InvalidInput(wrong)
