"""Editions, keys and doubts as pages and desks read them; every list is bounded and scoped."""

import json
from collections.abc import Iterable

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.sealing import Sealer
from cishan.summaries.editions import EditionView, Office
from cishan.summaries.keys import key_hash
from cishan.summaries.rules import Line, line_of
from cishan.summaries.states import DOUBT, LineKind

HOUSEHOLDS_A_PAGE = 40
"""With 50 rows, each with its own form, a page of the roll weighs 58 kB."""
MOST_DOUBTS = 100
MOST_YEARS = 30
HEAD = "户主"
"""The relation that the registry gives the head of a household."""
NAME_LABEL = "person.name"

EDITION = """
SELECT e.id, e.household_id, e.year, e.number, e.lines, e.total_fen, e.sha256, e.frozen_at, h.division_code
  FROM edition e JOIN household h ON h.id = e.household_id
"""
LATEST = (
    EDITION
    + """
 WHERE e.household_id = ANY($1) AND e.year = $2
   AND NOT EXISTS (SELECT FROM edition n WHERE n.household_id = e.household_id AND n.year = e.year AND n.number > e.number)
"""
)
BY_ID = EDITION + " WHERE e.id = $1"
YEARS = "SELECT DISTINCT year FROM edition WHERE household_id = $1 ORDER BY year DESC LIMIT $2"
LINK_KEY = "SELECT id FROM list_key WHERE link_hash = $1 AND revoked_at IS NULL"
CODE_KEY = "SELECT id FROM list_key WHERE code_hash = $1 AND revoked_at IS NULL"
LIVE_KEY = "SELECT id, household_id FROM list_key WHERE id = $1 AND revoked_at IS NULL"
MEMBERS = """
SELECT household_id, person_id FROM membership
 WHERE household_id = ANY($1) AND to_on IS NULL ORDER BY household_id, relation <> $2, from_on, id
"""
NAMES = "SELECT id, name_sealed FROM person WHERE id = ANY($1)"
PROGRAMMES = "SELECT code, name, office, hotline FROM programme WHERE code = ANY($1) ORDER BY code"
DOUBTS = """
SELECT c.id, c.about, c.subject_id, c.division_code, c.text_sealed, c.contact_sealed, c.raised_at, c.due_at, c.closed_at,
       c.answer, e.year, e.number, h.case_number, h.id AS household_id
  FROM concern c JOIN edition e ON e.id = c.subject_id JOIN household h ON h.id = e.household_id
 WHERE c.kind = $1
"""
DESK_DOUBTS = (
    DOUBTS + " AND c.division_code BETWEEN $2 AND $3 AND (c.closed_at IS NULL) = $4 ORDER BY c.due_at, c.id LIMIT $5"
)
OWN_DOUBTS = DOUBTS + " AND e.household_id = $2 AND e.year = $3 ORDER BY c.raised_at DESC, c.id DESC LIMIT $4"


async def edition_for(household_id: int, year: int) -> EditionView | None:
    """The newest edition of a household's list of a year."""
    return (await editions_for([household_id], year)).get(household_id)


async def editions_for(household_ids: list[int], year: int) -> dict[int, EditionView]:
    """The newest editions of many households' lists of a year, by household."""
    return {row["household_id"]: _edition(row) for row in await rows(LATEST, household_ids, year)}


async def edition_by_id(edition_id: int) -> EditionView:
    found = await rows(BY_ID, edition_id)
    if not found:
        raise NotFound
    return _edition(found[0])


async def years_of(household_id: int) -> list[int]:
    """The years a household has a list for, newest first."""
    return [row["year"] for row in await rows(YEARS, household_id, MOST_YEARS)]


async def key_of_link(token: str) -> int:
    """The id of the live key that this link belongs to; 0 when there is none, which nobody is told."""
    return await _key_id(LINK_KEY, token)


async def key_of_code(code: str) -> int:
    """The id of the live key that this code belongs to; 0 when there is none, which nobody is told."""
    return await _key_id(CODE_KEY, code)


async def key_is_live(key_id: int) -> bool:
    return bool(await rows(LIVE_KEY, key_id))


async def members_of(household_ids: list[int]) -> dict[int, list[int]]:
    """Present members of each household, its head first, then as they joined."""
    found: dict[int, list[int]] = {}
    for row in await rows(MEMBERS, household_ids, HEAD):
        found.setdefault(row["household_id"], []).append(row["person_id"])
    return found


async def names_of_people(person_ids: list[int], sealer: Sealer) -> dict[int, str]:
    """Names in plain, for the family's own page and paper."""
    return {row["id"]: sealer.open(row["name_sealed"], NAME_LABEL) for row in await rows(NAMES, person_ids)}


async def offices_of(lines: Iterable[Line]) -> dict[str, Office]:
    """Who answers for the programmes on some lists, by the programme's code."""
    found = await rows(PROGRAMMES, sorted({line.source for line in lines if line.kind is LineKind.BENEFIT}))
    return {row["code"]: Office(row["name"], row["office"], row["hotline"]) for row in found}


async def doubts_in_scope(viewer: Viewer, *, closed: bool) -> list[JsonRow]:
    """Doubts about lists in the viewer's place, the most urgent first."""
    low, high = viewer.scope
    return await rows(DESK_DOUBTS, DOUBT, low, high, not closed, MOST_DOUBTS)


async def doubts_of_household(household_id: int, year: int) -> list[JsonRow]:
    """What a family has asked about its list of a year, with the answers."""
    return await rows(OWN_DOUBTS, DOUBT, household_id, year, MOST_DOUBTS)


async def _key_id(sql: str, secret: str) -> int:
    found = await rows(sql, key_hash(secret))
    return int(found[0]["id"]) if found else 0


def _edition(row: JsonRow) -> EditionView:
    stored = json.loads(row["lines"]) if isinstance(row["lines"], str) else row["lines"]
    return EditionView(
        id=row["id"],
        household_id=row["household_id"],
        division_code=row["division_code"],
        year=row["year"],
        number=row["number"],
        lines=tuple(line_of(facts) for facts in stored),
        total_fen=row["total_fen"],
        sha256=row["sha256"],
        frozen_at=row["frozen_at"],
    )
