"""The only writer of editions: freezes what a household received, as a new edition whenever its sources have changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.divisions.rules import subtree
from cishan.errors import NotFound
from cishan.events.actions import record_events
from cishan.summaries.rules import Line, digest_of, in_order, total_fen
from cishan.summaries.sources import lines_of_many

HOUSEHOLDS_AT_ONCE = 1_000
MOST_HOUSEHOLDS = 300_000
SUBJECT = "edition"

# The lock keeps edition numbers without gaps; it lets other rooms go on referring to the household.
LOCK = """
SELECT id, division_code FROM household WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
"""
NEWEST = """
SELECT DISTINCT ON (household_id) household_id, id, number, sha256
  FROM edition WHERE household_id = ANY($1) AND year = $2 ORDER BY household_id, number DESC
"""
INSERT = """
INSERT INTO edition (household_id, year, number, lines, total_fen, sha256, frozen_at)
SELECT household_id, $1, number, lines, total_fen, sha256, $2
  FROM unnest($3::bigint[], $4::int[], $5::jsonb[], $6::bigint[], $7::text[])
       AS given (household_id, number, lines, total_fen, sha256)
RETURNING id, household_id, number
"""
NEXT_HOUSEHOLDS = """
SELECT id FROM household WHERE division_code BETWEEN $1 AND $2 AND id > $3 ORDER BY id LIMIT $4
"""


@dataclass(frozen=True)
class Frozen:
    """What a freeze came to, in households."""

    new: int = 0
    same: int = 0
    empty: int = 0

    @property
    def households(self) -> int:
        return self.new + self.same + self.empty

    def __add__(self, other: "Frozen") -> "Frozen":
        return Frozen(self.new + other.new, self.same + other.same, self.empty + other.empty)


async def freeze_list(household_id: int, year: int, *, now: datetime, actor: Viewer | None = None) -> int | None:
    """Freezes a household's list of a year and returns its edition's id: a new one only where the sources differ.

    None when nothing was received and nothing was ever frozen.
    """
    _, editions = await _freeze([household_id], year, now=now, actor=actor)
    return editions.get(household_id)


async def freeze_lists(
    division_code: str,
    year: int,
    *,
    now: datetime,
    limit: int = MOST_HOUSEHOLDS,
    actor: Viewer | None = None,
) -> Frozen:
    """Freezes the lists of up to `limit` households of a division and all below it, some thousand in a transaction.

    Killed halfway and run again it ends in the same editions: what has been frozen is found unchanged.
    """
    if actor is not None and not actor.covers(division_code):
        raise NotFound
    low, high = subtree(division_code)
    done, last = Frozen(), 0
    while done.households < limit:
        size = min(HOUSEHOLDS_AT_ONCE, limit - done.households)
        ids = [row["id"] for row in await rows(NEXT_HOUSEHOLDS, low, high, last, size)]
        if not ids:
            break
        counts, _ = await _freeze(ids, year, now=now, actor=actor)
        done, last = done + counts, ids[-1]
    return done


async def record_printing(
    editions: Mapping[int, int], missing: Mapping[int, Sequence[str]], *, actor: Viewer, now: datetime
) -> None:
    """Notes who printed which edition (id by household), and the code points that no font had, by edition."""
    async with in_transaction():
        await rows(LOCK, sorted(editions))
        details: dict[int, dict[str, object]] = {
            edition_id: {"missing": list(missing.get(edition_id, ()))} for edition_id in editions.values()
        }
        await record_events(SUBJECT, details, "print", actor=actor, now=now)


async def _freeze(
    household_ids: Sequence[int], year: int, *, now: datetime, actor: Viewer | None
) -> tuple[Frozen, dict[int, int]]:
    """Freezes some households in one transaction; returns counts, and the newest edition of each that has one."""
    ids = list(household_ids)
    async with in_transaction():
        places = [row["division_code"] for row in await rows(LOCK, ids)]
        if actor is not None and not all(actor.covers(place) for place in places):
            raise NotFound
        newest = {row["household_id"]: row for row in await rows(NEWEST, ids, year)}
        sources = await lines_of_many(ids, year)
        editions = {household_id: int(row["id"]) for household_id, row in newest.items()}
        new = [
            (household_id, sources.get(household_id, []))
            for household_id in ids
            if _has_changed(household_id, year, sources.get(household_id, []), newest.get(household_id))
        ]
        numbers = [newest[household_id]["number"] + 1 if household_id in newest else 1 for household_id, _ in new]
        editions.update(await _insert(new, numbers, year, now=now, actor=actor))
    empty = sum(1 for household_id in ids if household_id not in editions)
    return Frozen(new=len(new), same=len(ids) - len(new) - empty, empty=empty), editions


def _has_changed(household_id: int, year: int, lines: Sequence[Line], newest: dict[str, object] | None) -> bool:
    if newest is None:
        return bool(lines)
    return digest_of(household_id, year, lines) != newest["sha256"]


async def _insert(
    new: Sequence[tuple[int, Sequence[Line]]],
    numbers: Sequence[int],
    year: int,
    *,
    now: datetime,
    actor: Viewer | None,
) -> dict[int, int]:
    if not new:
        return {}
    found = await rows(
        INSERT,
        year,
        now,
        [household_id for household_id, _ in new],
        list(numbers),
        [_stored(lines) for _, lines in new],
        [total_fen(lines) for _, lines in new],
        [digest_of(household_id, year, lines) for household_id, lines in new],
    )
    details: dict[int, dict[str, object]] = {row["id"]: {"number": row["number"]} for row in found}
    await record_events(SUBJECT, details, "freeze", actor=actor, now=now)
    return {row["household_id"]: row["id"] for row in found}


def _stored(lines: Sequence[Line]) -> str:
    return json.dumps([line.facts() for line in in_order(lines)], ensure_ascii=False)
