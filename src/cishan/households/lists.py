"""Lists of households: the coordinator's own village, the reviewer's town. Names are sealed, so a search opens them."""

from dataclasses import dataclass
from datetime import date, datetime

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.errors import InvalidInput, NotFound
from cishan.households.registry import ADDRESS_LABEL, ID_LABEL, NAME_LABEL, filed_by
from cishan.households.rules import (
    Sight,
    birth_date,
    is_minor,
    mask_name,
    may_see_minor,
    sees_people,
    sight_of,
)
from cishan.households.states import SealedField
from cishan.sealing import Sealer

HOUSEHOLDS_A_PAGE = 20
MOST_SEARCHED = 20_000
"""Members whose names one search may open: several times the largest village."""
SEARCH_LONGEST = 40
MOST_GRANTS = 50

LIST = """
SELECT h.id, h.case_number, h.division_code, h.address_sealed, h.opened_by_id, h.imported, h.closed_at,
       d.name AS village, head.name_sealed, head.id_number_sealed, head.granted, head.people,
       count(*) OVER () AS total
  FROM household h
  LEFT JOIN division d ON d.code = h.division_code AND d.valid_to IS NULL
  LEFT JOIN LATERAL (
       SELECT p.name_sealed, p.id_number_sealed, count(*) OVER () AS people,
              EXISTS (SELECT FROM minor_grant g WHERE g.person_id = p.id AND g.grantee_id = $3
                         AND g.granted_at <= $4 AND g.expires_at > $4) AS granted
         FROM membership m JOIN person p ON p.id = m.person_id
        WHERE m.household_id = h.id AND m.to_on IS NULL ORDER BY m.relation <> '户主', m.id LIMIT 1) head ON true
 WHERE h.division_code BETWEEN $1 AND $2 AND ($5::bigint[] IS NULL OR h.id = ANY($5))
   AND ($6 = '' OR h.case_number LIKE $6 || '%')
 ORDER BY h.closed_at IS NOT NULL, h.division_code, h.id LIMIT $7 OFFSET $8
"""
NAMES = """
SELECT m.household_id, p.name_sealed, p.id_number_sealed, h.division_code, h.opened_by_id, h.imported
  FROM household h JOIN membership m ON m.household_id = h.id AND m.to_on IS NULL JOIN person p ON p.id = m.person_id
 WHERE h.division_code BETWEEN $1 AND $2 LIMIT $3
"""
NUMBERED = """
SELECT h.id, h.division_code, p.id AS person_id, p.id_number_sealed
  FROM household h JOIN membership m ON m.household_id = h.id JOIN person p ON p.id = m.person_id
 WHERE h.case_number = $1 ORDER BY m.id LIMIT 60
"""
GRANTS = """
SELECT g.grantee_id, g.reason, g.granted_at, g.expires_at, h.case_number,
       (SELECT count(*) FROM membership o WHERE o.household_id = h.id AND o.id <= m.id) AS number
  FROM minor_grant g
  JOIN LATERAL (SELECT id, household_id FROM membership WHERE person_id = g.person_id ORDER BY id DESC LIMIT 1) m ON true
  JOIN household h ON h.id = m.household_id
 WHERE h.division_code BETWEEN $1 AND $2 ORDER BY g.id DESC LIMIT $3
"""


@dataclass(frozen=True)
class ListedHousehold:
    """A row of a list: the head as this viewer may see them, None where nobody lives there or it is a hidden child."""

    id: int
    case_number: str
    village: str
    head: str | None
    address: str | None
    people: int
    is_closed: bool


@dataclass(frozen=True)
class HouseholdList:
    rows: tuple[ListedHousehold, ...]
    total: int


@dataclass(frozen=True)
class ChildForGrant:
    """A child named by case number and member number, so that the supervisor learns nothing else."""

    person_id: int
    household_id: int
    division_code: str


async def list_households(
    viewer: Viewer, search: str, number: int, *, sealer: Sealer, now: datetime, village: str = ""
) -> HouseholdList:
    """Page `number` (from 1) of the households in this person's place, by surname, name or the start of a case number.

    Reviewers, who see 张*, search by case number only.
    """
    if not sees_people(viewer.role):
        raise NotFound
    text = search.strip()[:SEARCH_LONGEST]
    scope = (village, village) if village and viewer.covers(village) else viewer.scope
    by_number = any(character.isascii() and character.isdigit() for character in text)
    ids = None
    if text and not by_number:
        ids = await _ids_by_name(viewer, text, scope, sealer, beijing_day(now))
    found = await rows(
        LIST,
        *scope,
        viewer.account_id,
        now,
        ids,
        _like(text.upper()) if by_number else "",
        HOUSEHOLDS_A_PAGE,
        (number - 1) * HOUSEHOLDS_A_PAGE,
    )
    today = beijing_day(now)
    return HouseholdList(tuple(_listed(viewer, row, sealer, today) for row in found), found[0]["total"] if found else 0)


async def child_for_grant(
    viewer: Viewer, case_number: str, number: int, *, sealer: Sealer, now: datetime
) -> ChildForGrant:
    """The child that a request for a grant speaks of; raises InvalidInput when there is none in this person's place."""
    found = await rows(NUMBERED, case_number.strip().upper())
    if not found or not viewer.covers(found[0]["division_code"]):
        raise InvalidInput({"case_number": "没有找到这个户编号，请核对。"})
    if not 1 <= number <= len(found):
        raise InvalidInput({"number": f"这一户没有第 {number} 位成员，请核对成员编号。"})
    row = found[number - 1]
    if not is_minor(birth_date(sealer.open(row["id_number_sealed"], ID_LABEL)), beijing_day(now)):
        raise InvalidInput({"number": "这位成员已经成年，不用授权。"})
    return ChildForGrant(row["person_id"], row["id"], row["division_code"])


async def grants_in(viewer: Viewer) -> list[JsonRow]:
    """The newest grants in this person's place: case and member number, grantee_id, reason, granted_at, expires_at."""
    return await rows(GRANTS, *viewer.scope, MOST_GRANTS)


async def _ids_by_name(viewer: Viewer, text: str, scope: tuple[str, str], sealer: Sealer, today: date) -> list[int]:
    """Households with a member of this name, among the names that the viewer sees plain."""
    if sight_of(viewer.role, SealedField.NAME) is not Sight.PLAIN:
        return []
    found = set()
    for row in await rows(NAMES, *scope, MOST_SEARCHED):
        if row["household_id"] in found or not sealer.open(row["name_sealed"], NAME_LABEL).startswith(text):
            continue
        if not _is_hidden_child(viewer, row, False, sealer, today):
            found.add(row["household_id"])
    return sorted(found)


def _listed(viewer: Viewer, row: JsonRow, sealer: Sealer, today: date) -> ListedHousehold:
    plain = viewer.role is Role.COORDINATOR
    return ListedHousehold(
        id=row["id"],
        case_number=row["case_number"],
        village=row["village"] or row["division_code"],
        head=_head(viewer, row, sealer, today),
        address=sealer.open(row["address_sealed"], ADDRESS_LABEL) if plain else None,
        people=row["people"] or 0,
        is_closed=row["closed_at"] is not None,
    )


def _head(viewer: Viewer, row: JsonRow, sealer: Sealer, today: date) -> str | None:
    if row["name_sealed"] is None or _is_hidden_child(viewer, row, row["granted"], sealer, today):
        return None
    name = sealer.open(row["name_sealed"], NAME_LABEL)
    if _is_child(row, sealer, today) and not filed_by(viewer, row):
        return mask_name(name)
    return name if sight_of(viewer.role, SealedField.NAME) is Sight.PLAIN else mask_name(name)


def _is_child(row: JsonRow, sealer: Sealer, today: date) -> bool:
    return is_minor(birth_date(sealer.open(row["id_number_sealed"], ID_LABEL)), today)


def _is_hidden_child(viewer: Viewer, row: JsonRow, granted: bool, sealer: Sealer, today: date) -> bool:
    return _is_child(row, sealer, today) and not may_see_minor(is_filer=filed_by(viewer, row), has_grant=granted)


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
