"""What staff read of wishes: their queues and one wish with all that their role may know; every list is bounded and scoped."""

import json
from dataclasses import dataclass
from datetime import date, datetime

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.divisions.queries import names_of
from cishan.divisions.rules import county_of, subtree, town_of
from cishan.errors import NotFound
from cishan.events.actions import REASON_LABEL
from cishan.households.states import Group
from cishan.sealing import Sealer
from cishan.wishes.states import Audience, WishKind, WishStatus

MOST_IN_QUEUE = 200
MOST_SHOWN = 30
"""Rows of a queue on its page, the most pressing first: with more, a page with several queues would weigh over 60 kB."""
MOST_COLLEAGUES = 100

STAFF_COLUMNS = """
w.id, w.campaign_id, w.household_id, w.kind, w.status, w.item, w.audience, w.price_fen, w.hours, w.note_sealed, w.school_sealed,
w.picture_id, w.public_title, w.public_text, w.public_group, w.filed_by_id, w.reviewed_by_id, w.published_by_id,
w.created_at, w.status_since, w.published_at, w.due_at, w.returned_reason, w.division_code, w.county_code,
h.case_number, p.cleared_at AS picture_cleared_at
"""
FROM = "FROM wish w JOIN household h ON h.id = w.household_id LEFT JOIN picture p ON p.id = w.picture_id"
ONE = f"SELECT {STAFF_COLUMNS} {FROM} WHERE w.id = $1"
QUEUE = f"""
SELECT {STAFF_COLUMNS} {FROM}
 WHERE w.status = ANY($1) AND w.division_code BETWEEN $2 AND $3
 ORDER BY w.due_at NULLS LAST, w.status_since, w.id LIMIT $4
"""
WAITING = """
SELECT count(*) AS waiting, count(*) FILTER (WHERE due_at < $4) AS late
  FROM wish WHERE status = ANY($1) AND division_code BETWEEN $2 AND $3
"""
OPEN_VISIT = """
SELECT id, visitor_id, second_visitor_id, visited_on, findings_sealed, confirmed_at FROM visit
 WHERE wish_id = $1 ORDER BY id DESC LIMIT 1
"""
MY_VISITS = """
SELECT v.id, v.wish_id, v.visited_on, v.findings_sealed, w.item, w.audience, h.case_number, a.name_sealed
  FROM visit v JOIN wish w ON w.id = v.wish_id JOIN household h ON h.id = w.household_id
  JOIN account a ON a.id = v.visitor_id
 WHERE v.second_visitor_id = $1 AND v.confirmed_at IS NULL ORDER BY v.visited_on, v.id LIMIT $2
"""
COLLEAGUES = """
SELECT a.id, a.name_sealed, g.division_code
  FROM role_grant g JOIN account a ON a.id = g.account_id AND a.disabled_at IS NULL
 WHERE g.ended_at IS NULL AND g.role IN ('coordinator', 'town_reviewer') AND g.division_code BETWEEN $1 AND $2
   AND a.id <> $3 AND a.id <> $4
 ORDER BY g.division_code, a.id LIMIT $5
"""
TIMELINE = """
SELECT e.verb, e.at, e.detail, g.role, s.text_sealed FROM event e
  LEFT JOIN event_reason s ON s.event_id = e.id
  LEFT JOIN LATERAL (
    SELECT role FROM role_grant r WHERE r.account_id = e.actor_id AND r.granted_at <= e.at ORDER BY r.id DESC LIMIT 1
  ) g ON true
 WHERE e.subject_kind = 'wish' AND e.subject_id = $1 ORDER BY e.number LIMIT $2
"""


@dataclass(frozen=True)
class StaffWish:
    """A wish as staff of its place work on it. `note` and `school` are empty for those who may not read them."""

    id: int
    campaign_id: int
    household_id: int
    case_number: str
    kind: WishKind
    status: WishStatus
    item: str
    audience: Audience
    price_fen: int
    hours: int
    note: str
    school: str
    picture_id: int | None
    picture_cleared: bool
    public_title: str
    public_text: str
    public_group: Group | None
    filed_by_id: int
    reviewed_by_id: int | None
    county: str
    division_code: str
    created_at: datetime
    status_since: datetime
    due_at: datetime | None
    returned_reason: str


@dataclass(frozen=True)
class VisitView:
    """A visit that waits for its second visitor, or the last one confirmed."""

    id: int
    visitor_id: int
    second_visitor_id: int
    visited_on: date
    findings: str
    is_confirmed: bool


@dataclass(frozen=True)
class VisitToConfirm:
    """What the second visitor reads before saying "I was there"."""

    id: int
    visited_on: date
    findings: str
    item: str
    audience: Audience
    case_number: str
    with_whom: str


async def staff_wish(viewer: Viewer, wish_id: int, *, sealer: Sealer | None = None) -> StaffWish:
    """A wish of the viewer's place; with a sealer the family's own words too. Elsewhere it is not there."""
    found = await rows(ONE, wish_id)
    if not found or not viewer.covers(found[0]["division_code"]):
        raise NotFound
    return (await _staff_wishes(found, sealer))[0]


async def queue_of(viewer: Viewer, statuses: tuple[WishStatus, ...]) -> tuple[StaffWish, ...]:
    """The most pressing MOST_SHOWN wishes in these statuses in the viewer's place."""
    low, high = viewer.scope
    return await _staff_wishes(await rows(QUEUE, [s.value for s in statuses], low, high, MOST_SHOWN), None)


async def waiting_in(viewer: Viewer, statuses: tuple[WishStatus, ...], now: datetime) -> tuple[int, int]:
    """How many wishes are in these statuses in the viewer's place, and how many of them are late."""
    low, high = viewer.scope
    found = (await rows(WAITING, [s.value for s in statuses], low, high, now))[0]
    return found["waiting"], found["late"]


async def last_visit(wish_id: int, *, sealer: Sealer) -> VisitView | None:
    """The newest visit of a wish the caller has already been given."""
    found = await rows(OPEN_VISIT, wish_id)
    if not found:
        return None
    row = found[0]
    return VisitView(
        id=row["id"],
        visitor_id=row["visitor_id"],
        second_visitor_id=row["second_visitor_id"],
        visited_on=row["visited_on"],
        findings=sealer.open(row["findings_sealed"], "visit.findings"),
        is_confirmed=row["confirmed_at"] is not None,
    )


async def visits_to_confirm(viewer: Viewer, *, sealer: Sealer) -> tuple[VisitToConfirm, ...]:
    """The visits that wait for this person's word."""
    return tuple(
        VisitToConfirm(
            id=row["id"],
            visited_on=row["visited_on"],
            findings=sealer.open(row["findings_sealed"], "visit.findings"),
            item=row["item"],
            audience=Audience(row["audience"]),
            case_number=row["case_number"],
            with_whom=sealer.open(row["name_sealed"], "account.name"),
        )
        for row in await rows(MY_VISITS, viewer.account_id, MOST_IN_QUEUE)
    )


async def colleagues_for(wish: StaffWish, viewer: Viewer, *, sealer: Sealer) -> tuple[tuple[str, str], ...]:
    """Who of the town may go along on the visit: value and label for a choice; never the filer or the viewer."""
    low, high = subtree(town_of(wish.division_code))
    found = await rows(COLLEAGUES, low, high, viewer.account_id, wish.filed_by_id, MOST_COLLEAGUES)
    places = await names_of([row["division_code"] for row in found])
    return tuple(
        (
            str(row["id"]),
            f"{sealer.open(row['name_sealed'], 'account.name')}（{places.get(row['division_code'], '')}）",
        )
        for row in found
    )


async def timeline_of(wish_id: int, *, sealer: Sealer) -> list[JsonRow]:
    """What happened to a wish the caller has already been given: verb, instant, the actor's role, the reason."""
    return [{**row, "reason": _reason_in(row, sealer)} for row in await rows(TIMELINE, wish_id, MOST_IN_QUEUE)]


def _reason_in(row: JsonRow, sealer: Sealer) -> str:
    """What a person wrote, or our own sentence in the detail; empty when there was none, or it was erased."""
    if row["text_sealed"] is not None:
        return sealer.open(row["text_sealed"], REASON_LABEL)
    detail = json.loads(row["detail"]) if isinstance(row["detail"], str) else row["detail"]
    return str(detail.get("reason", ""))


async def _staff_wishes(found: list[JsonRow], sealer: Sealer | None) -> tuple[StaffWish, ...]:
    names = await names_of(list({county_of(row["division_code"]) for row in found})) if found else {}
    return tuple(_staff_wish(row, names, sealer) for row in found)


def _staff_wish(row: JsonRow, names: dict[str, str], sealer: Sealer | None) -> StaffWish:
    school = row["school_sealed"]
    return StaffWish(
        id=row["id"],
        campaign_id=row["campaign_id"],
        household_id=row["household_id"],
        case_number=row["case_number"],
        kind=WishKind(row["kind"]),
        status=WishStatus(row["status"]),
        item=row["item"],
        audience=Audience(row["audience"]),
        price_fen=row["price_fen"],
        hours=row["hours"],
        note=sealer.open(row["note_sealed"], "wish.note") if sealer else "",
        school=sealer.open(school, "wish.school") if sealer and school else "",
        picture_id=row["picture_id"],
        picture_cleared=row["picture_cleared_at"] is not None,
        public_title=row["public_title"],
        public_text=row["public_text"],
        public_group=Group(row["public_group"]) if row["public_group"] else None,
        filed_by_id=row["filed_by_id"],
        reviewed_by_id=row["reviewed_by_id"],
        county=names.get(row["county_code"], ""),
        division_code=row["division_code"],
        created_at=row["created_at"],
        status_since=row["status_since"],
        due_at=row["due_at"],
        returned_reason=row["returned_reason"],
    )
