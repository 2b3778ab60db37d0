"""What is late now, whose it is and since when: wishes on their way to the wall, claims on their way to the family.

Rows say a thing, a town and a role; nothing of a family. Each reader sees their own place.
"""

from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.fulfilment_rules import STAFFED_SQL, responsible
from cishan.claims.states import ClaimStatus
from cishan.database import JsonRow, rows
from cishan.divisions.queries import names_of
from cishan.divisions.rules import county_of, significant, town_of
from cishan.labels import label
from cishan.payouts.queries import STUCK_SINCE_SQL, STUCK_SQL
from cishan.payouts.states import PayoutStatus
from cishan.payouts.vouching import MISSING_SQL
from cishan.projects.states import AmendmentStatus
from cishan.wishes.states import WishStatus

MOST_OVERDUE = 200
MOST_UNITS = 60
COUNTY_DIGITS = 6

AMENDMENT_LATE_SQL = "((a.due_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')"
"""The instant from which an amendment `a` is late: the end of its last day in China."""

LATE = f"""
WITH late AS (
  SELECT 'claim' AS kind, c.id, c.status, c.escalation, w.item, w.division_code, coalesce(c.late_since, c.due_at) AS since
    FROM claim c JOIN wish w ON w.id = c.wish_id
   WHERE {"c." + STAFFED_SQL} AND (c.late_since IS NOT NULL OR c.due_at <= $3) AND w.division_code BETWEEN $1 AND $2
  UNION ALL
  SELECT 'wish', w.id, w.status, 0, w.item, w.division_code, w.due_at
    FROM wish w
   WHERE w.status IN ('filed', 'visited', 'worded') AND w.due_at <= $3 AND w.division_code BETWEEN $1 AND $2
  UNION ALL
  SELECT 'emergency', p.id, p.status, 0, p.name, p.area_code, p.filing_due_at
    FROM project p
   WHERE p.filed_on IS NULL AND p.filing_due_at <= $3 AND p.area_code BETWEEN $1 AND $2
  UNION ALL
  SELECT 'amendment', p.id, a.status, 0, p.name, p.area_code, {AMENDMENT_LATE_SQL}
    FROM project_amendment a JOIN project p ON p.id = a.project_id
   WHERE a.status IN ('proposed', 'decided') AND {AMENDMENT_LATE_SQL} <= $3 AND p.area_code BETWEEN $1 AND $2
  UNION ALL
  SELECT 'urgent', p.id, p.status, 0, p.what, p.division_code, coalesce(c.complete_by, c.decide_by)
    FROM urgent_case c JOIN payout p ON p.id = c.payout_id
   WHERE c.confirmed_at IS NULL AND coalesce(c.complete_by, c.decide_by) <= $3
     AND p.status IN ('applied', 'endorsed', 'paid') AND p.division_code BETWEEN $1 AND $2
  UNION ALL
  SELECT 'payout', p.id, p.status, 0, p.what, p.division_code, {STUCK_SINCE_SQL}
    FROM payout p
   WHERE {STUCK_SQL} AND {STUCK_SINCE_SQL} <= $3 AND p.division_code BETWEEN $1 AND $2
  UNION ALL
  SELECT 'proof', p.id, p.status, 0, p.what, p.division_code, p.paid_at + interval '30 days'
    FROM payout p
   WHERE {MISSING_SQL} AND p.paid_at <= $3 - interval '30 days' AND p.division_code BETWEEN $1 AND $2
)
"""  # noqa: S608 - a constant
ROWS = LATE + "SELECT * FROM late ORDER BY since, kind, id LIMIT $4"  # noqa: S608 - a constant
UNITS = (
    LATE
    + """
SELECT rpad(left(division_code, $4), 12, '0') AS unit, count(*) AS late, min(since) AS since
  FROM late GROUP BY 1 ORDER BY late DESC, unit LIMIT $5
"""
)

FILINGS = {"emergency": "补办备案", "amendment": "变更备案"}
"""What civil affairs must hear of a project, by the kind of its row."""

PAYOUT_TURN = {
    PayoutStatus.APPLIED: ("救助款等第一次审批", Role.EDITOR),
    PayoutStatus.ENDORSED: ("救助款等第二次审批", Role.FINANCE),
    PayoutStatus.AWAITING_THIRD: ("救助款等第三次审批", Role.FINANCE),
    PayoutStatus.APPROVED: ("批准的救助款等付款", Role.CASHIER),
    PayoutStatus.IN_FILE: ("救助款等付款结果", Role.CASHIER),
}
"""What a payout waits for, and whose turn it is."""

WISH_TURN = {
    WishStatus.FILED: Role.TOWN_REVIEWER,
    WishStatus.VISITED: Role.TOWN_REVIEWER,
    WishStatus.WORDED: Role.EDITOR,
}


@dataclass(frozen=True)
class Overdue:
    """One late thing: what, where, whose turn, since when."""

    what: str
    item: str
    unit: str
    whose: Role
    since: datetime
    href: str


@dataclass(frozen=True)
class UnitCount:
    """How many things are late in a county or a town, and since when the oldest."""

    unit: str
    late: int
    since: datetime


async def overdue_for(viewer: Viewer, *, now: datetime) -> tuple[Overdue, ...]:
    """What is late in the viewer's place, oldest first."""
    found = await rows(ROWS, *viewer.scope, now, MOST_OVERDUE)
    codes = {code for row in found for code in (town_of(row["division_code"]), county_of(row["division_code"]))}
    names = await names_of(sorted(codes))
    return tuple(_overdue(row, names) for row in found)


async def overdue_units(viewer: Viewer, *, now: datetime) -> tuple[UnitCount, ...]:
    """Counts by county for the city, by town below it; they count every late thing, listed or not."""
    digits = COUNTY_DIGITS if len(significant(viewer.division_code)) < COUNTY_DIGITS else 9
    found = await rows(UNITS, *viewer.scope, now, digits, MOST_UNITS)
    names = await names_of([row["unit"] for row in found])
    return tuple(UnitCount(str(names.get(row["unit"], row["unit"])), row["late"], row["since"]) for row in found)


def _overdue(row: JsonRow, names: dict[str, str]) -> Overdue:
    if row["kind"] in FILINGS:
        return _filing(row, names)
    county, town = county_of(row["division_code"]), town_of(row["division_code"])
    unit = names.get(county, "") + names.get(town, "")
    if row["kind"] == "payout":
        what, whose = PAYOUT_TURN[PayoutStatus(row["status"])]
        return Overdue(what, row["item"], unit, whose, row["since"], f"/desk/payouts/{row['id']}")
    if row["kind"] == "proof":
        href = f"/desk/payouts/{row['id']}"
        return Overdue("要登记发票", row["item"], unit, Role.TOWN_REVIEWER, row["since"], href)
    if row["kind"] == "urgent":
        paid = row["status"] == PayoutStatus.PAID
        what = "先行救助要补手续" if paid else "急难救助等作决定"
        return Overdue(what, row["item"], unit, Role.TOWN_REVIEWER, row["since"], f"/desk/urgent/{row['id']}")
    if row["kind"] == "wish":
        wish_status = WishStatus(row["status"])
        return Overdue(label(wish_status), row["item"], unit, WISH_TURN[wish_status], row["since"], "")
    status = ClaimStatus(row["status"])
    whose = responsible(status, row["escalation"])
    return Overdue(label(status), row["item"], unit, whose, row["since"], f"/desk/claims/{row['id']}")


def _filing(row: JsonRow, names: dict[str, str]) -> Overdue:
    """A filing with civil affairs that is late: the director's turn while a change is not decided, else the editor's."""
    undecided = row["kind"] == "amendment" and row["status"] == AmendmentStatus.PROPOSED
    whose = Role.DIRECTOR if undecided else Role.EDITOR
    unit = names.get(row["division_code"]) or names.get(county_of(row["division_code"]), "")
    return Overdue(FILINGS[row["kind"]], row["item"], unit, whose, row["since"], f"/desk/projects/{row['id']}")
