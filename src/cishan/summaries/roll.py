"""The roll of households on the desk that issues lists: a page at a time, in the viewer's place only."""

from dataclasses import dataclass

from cishan.accounts.viewer import Viewer
from cishan.database import JsonRow, rows
from cishan.divisions.rules import contains, subtree
from cishan.summaries.queries import HEAD, HOUSEHOLDS_A_PAGE

COUNT = """
SELECT count(*) AS households FROM household
 WHERE division_code BETWEEN $1 AND $2 AND ($3 = '' OR case_number = $3)
"""
ROLL = """
SELECT h.id, h.case_number, h.division_code, v.name AS village, p.name_sealed AS head_sealed,
       e.number, e.total_fen, jsonb_array_length(e.lines) AS lines, k.issued_at, k.locked_at, t.detail AS printed
  FROM household h
  LEFT JOIN division v ON v.code = h.division_code AND v.valid_to IS NULL
  LEFT JOIN LATERAL (SELECT p.name_sealed FROM membership m JOIN person p ON p.id = m.person_id
                      WHERE m.household_id = h.id AND m.to_on IS NULL
                      ORDER BY m.relation <> $5, m.from_on, m.id LIMIT 1) p ON true
  LEFT JOIN LATERAL (SELECT id, number, total_fen, lines FROM edition
                      WHERE household_id = h.id AND year = $4 ORDER BY number DESC LIMIT 1) e ON true
  LEFT JOIN LATERAL (SELECT detail FROM event WHERE subject_kind = 'edition' AND subject_id = e.id AND verb = 'print'
                      ORDER BY number DESC LIMIT 1) t ON true
  LEFT JOIN list_key k ON k.household_id = h.id AND k.revoked_at IS NULL
 WHERE h.division_code BETWEEN $1 AND $2 AND ($3 = '' OR h.case_number = $3)
 ORDER BY h.division_code, h.id LIMIT $6 OFFSET $7
"""
WITH_LINES = """
SELECT h.id FROM household h JOIN LATERAL (
       SELECT lines FROM edition WHERE household_id = h.id AND year = $3 ORDER BY number DESC LIMIT 1) e ON true
 WHERE h.division_code BETWEEN $1 AND $2 AND jsonb_array_length(e.lines) > 0 ORDER BY h.division_code, h.id LIMIT $4
"""


@dataclass(frozen=True)
class Roll:
    """One page of the roll, and how many households there are in all."""

    rows: list[JsonRow]
    total: int
    number: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // HOUSEHOLDS_A_PAGE))


async def roll_of(viewer: Viewer, *, place: str, year: int, case_number: str, page: int) -> Roll:
    """The households of a place in the viewer's scope; another place is read as the viewer's own."""
    low, high = scope_in(viewer, place)
    total = (await rows(COUNT, low, high, case_number))[0]["households"]
    number = min(max(1, page), max(1, -(-total // HOUSEHOLDS_A_PAGE)))
    skipped = (number - 1) * HOUSEHOLDS_A_PAGE
    found = await rows(ROLL, low, high, case_number, year, HEAD, HOUSEHOLDS_A_PAGE, skipped)
    return Roll(found, total, number)


async def households_with_lines(viewer: Viewer, *, place: str, year: int, limit: int) -> list[int]:
    """Households of a place whose newest list of the year has something on it, in the order of the roll."""
    low, high = scope_in(viewer, place)
    return [row["id"] for row in await rows(WITH_LINES, low, high, year, limit)]


def scope_in(viewer: Viewer, place: str) -> tuple[str, str]:
    return subtree(place) if place and contains(viewer.division_code, place) else viewer.scope
