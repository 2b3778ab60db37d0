"""The wall: its filters, and its pages by keyset, so that page 500 costs what page 1 costs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cishan.database import rows
from cishan.households.states import Group
from cishan.wishes.queries import PUBLIC_COLUMNS, PublicWish, to_public
from cishan.wishes.search import query_of
from cishan.wishes.states import WishKind

PAGE_SIZE = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Sort(StrEnum):
    NEWEST = "newest"
    CHEAPEST = "cheapest"


class Band(StrEnum):
    """Price bands of the wall."""

    TIME = "time"
    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


BANDS_FEN: dict[Band, tuple[int, int]] = {
    Band.TIME: (0, 0),
    Band.LOW: (1, 10_000),
    Band.MIDDLE: (10_001, 30_000),
    Band.HIGH: (30_001, 2**62),
}


@dataclass(frozen=True)
class WallFilter:
    """What a reader looks for; every part stands in the address of the page."""

    kind: WishKind | None = None
    county_code: str = ""
    band: Band | None = None
    group: Group | None = None
    search: str = ""
    sort: Sort = Sort.NEWEST


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: behind (or before) the wish with this sort value and id."""

    value: int
    id: int
    backwards: bool = False


@dataclass(frozen=True)
class WallSlice:
    """One page of the wall; a cursor is None where there is nothing further."""

    wishes: tuple[PublicWish, ...]
    total: int
    before: Cursor | None
    after: Cursor | None


async def wall_slice(wanted: WallFilter, cursor: Cursor | None = None) -> WallSlice:
    """The published wishes that match, PAGE_SIZE at a time, in the order asked for."""
    total_sql, total_values = total_query(wanted)
    page_sql, page_values = page_query(wanted, cursor)
    total = (await rows(total_sql, *total_values))[0]["n"]
    found = await rows(page_sql, *page_values)
    backwards = cursor is not None and cursor.backwards
    more = len(found) > PAGE_SIZE
    kept = found[:PAGE_SIZE][::-1] if backwards else found[:PAGE_SIZE]
    wishes = await to_public(kept)
    earlier = more if backwards else cursor is not None
    later = bool(backwards) or more
    return WallSlice(
        wishes=wishes,
        total=total,
        before=_cursor(wanted, wishes[0], backwards=True) if wishes and earlier else None,
        after=_cursor(wanted, wishes[-1], backwards=False) if wishes and later else None,
    )


def total_query(wanted: WallFilter) -> tuple[str, list[object]]:
    """How many published wishes match."""
    conditions, values = _conditions(wanted)
    return f"SELECT count(*) AS n FROM wish w WHERE {conditions}", values  # noqa: S608 - constants


def page_query(wanted: WallFilter, cursor: Cursor | None) -> tuple[str, list[object]]:
    """One page and one wish more; newest or cheapest first, read the other way when the reader goes back."""
    conditions, values = _conditions(wanted)
    newest = wanted.sort is Sort.NEWEST
    key = "w.published_at" if newest else "w.price_fen"
    descending = newest != (cursor is not None and cursor.backwards)
    if cursor is not None:
        value = EPOCH + cursor.value * MICROSECOND if newest else cursor.value
        conditions += f" AND ({key}, w.id) {'<' if descending else '>'} (${len(values) + 1}, ${len(values) + 2})"
        values += [value, cursor.id]
    direction = "DESC" if descending else "ASC"
    sql = (
        f"SELECT {PUBLIC_COLUMNS} FROM wish w WHERE {conditions} "  # noqa: S608 - constants
        f"ORDER BY {key} {direction}, w.id {direction} LIMIT {PAGE_SIZE + 1}"
    )
    return sql, values


def _conditions(wanted: WallFilter) -> tuple[str, list[object]]:
    """The WHERE of a filter; the status stands as a word, so that the partial indexes serve."""
    parts, values = ["w.status = 'published'"], list[object]()

    def add(condition: str, *given: object) -> None:
        parts.append(condition.format(*(f"${len(values) + number}" for number in range(1, len(given) + 1))))
        values.extend(given)

    if wanted.kind:
        add("w.kind = {}", wanted.kind.value)
    if wanted.county_code:
        add("w.county_code = {}", wanted.county_code)
    if wanted.band:
        add("w.price_fen BETWEEN {} AND {}", *BANDS_FEN[wanted.band])
    if wanted.group:
        add("w.public_group = {}", wanted.group.value)
    if wanted.search:
        add("w.search @@ {}::text::tsquery", query_of(wanted.search))
    return " AND ".join(parts), values


def _cursor(wanted: WallFilter, wish: PublicWish, *, backwards: bool) -> Cursor:
    newest = wanted.sort is Sort.NEWEST
    value = (wish.published_at - EPOCH) // MICROSECOND if newest else wish.price_fen
    return Cursor(value, wish.id, backwards)
