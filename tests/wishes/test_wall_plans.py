"""No reader of the wall makes the database read the whole table, whatever they look for."""

import itertools
import time

import pytest

from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.households.states import Group
from cishan.sealing import Sealer
from cishan.wishes.states import WishKind
from cishan.wishes.wall import Band, Cursor, Sort, WallFilter, page_query, total_query, wall_slice
from makers import VILLAGE, make_wish

COPY = """
INSERT INTO wish (campaign_id, household_id, division_code, county_code, kind, status, item, audience, price_fen, hours,
                  note_sealed, public_title, public_text, public_group, search, filed_by_id, reviewed_by_id, published_by_id,
                  created_at, status_since, published_at, returned_reason)
SELECT w.campaign_id, w.household_id, w.division_code,
       CASE WHEN n % 10 < 7 THEN '371402000000' ELSE '3714' || lpad((20 + n % 8)::text, 2, '0') || '000000' END,
       CASE WHEN n % 20 = 0 THEN 'visit' WHEN n % 10 = 1 THEN 'service' ELSE 'thing' END,
       CASE WHEN n <= $2 THEN 'published' WHEN n % 9 = 0 THEN 'claimed' ELSE 'fulfilled' END,
       w.item, w.audience, (n * 7919 % 500) * 100, 1, w.note_sealed, w.public_title, w.public_text,
       CASE WHEN n % 5 = 0 THEN 'extreme_hardship' ELSE 'minimum_living' END,
       array_to_tsvector(CASE WHEN n % 3 = 0 THEN ARRAY['书桌', '想要'] WHEN n % 50 = 1 THEN ARRAY['轮椅'] ELSE ARRAY['棉被', '想要'] END),
       w.filed_by_id, w.reviewed_by_id, w.published_by_id, w.created_at, w.status_since,
       w.published_at - n * interval '1 minute', ''
  FROM wish w, generate_series(1, $3::int) n WHERE w.id = $1
"""
FILTERS = [
    WallFilter(kind=kind, county_code=county, band=band, group=group, search=search, sort=sort)
    for kind, county, band, group, search, sort in itertools.product(
        (None, WishKind.THING, WishKind.VISIT),
        ("", "371402000000", "371423000000"),
        (None, Band.LOW, Band.HIGH),
        (None, Group.EXTREME_HARDSHIP),
        ("", "书桌", "轮椅"),
        Sort,
    )
]


@pytest.mark.usefixtures("transaction")
@pytest.mark.parametrize(
    ("published", "total"), [(2_000, 20_000), pytest.param(10_000, 100_000, marks=pytest.mark.slow)]
)
async def test_every_filter_is_served_by_an_index(
    sealer: Sealer, clock: SteppedClock, published: int, total: int
) -> None:
    await fill(sealer, clock, published, total)
    scanned = []
    for wanted in FILTERS:
        cursor = Cursor(20_000 if wanted.sort is Sort.CHEAPEST else 1_740_000_000_000_000, 1)
        for sql, values in (total_query(wanted), page_query(wanted, None), page_query(wanted, cursor)):
            plan = "\n".join(row["QUERY PLAN"] for row in await rows(f"EXPLAIN {sql}", *values))
            if "Seq Scan on wish" in plan:
                scanned.append((wanted, plan))
    assert scanned == []


@pytest.mark.slow
@pytest.mark.usefixtures("transaction")
async def test_how_long_the_wall_takes(sealer: Sealer, clock: SteppedClock) -> None:
    """Prints what `make bench` will measure; asserts only that every filter gives a page."""
    await fill(sealer, clock, 10_000, 100_000)
    taken = []
    for wanted in FILTERS:
        began = time.perf_counter()
        piece = await wall_slice(wanted)
        taken.append((time.perf_counter() - began, wanted, piece.total))
    taken.sort(key=lambda row: row[0])
    print(f"median {taken[len(taken) // 2][0] * 1000:.1f} ms, worst {taken[-1][0] * 1000:.1f} ms for {taken[-1][1:]}")
    assert any(total == 10_001 for _, _, total in taken)


async def fill(sealer: Sealer, clock: SteppedClock, published: int, total: int) -> None:
    wish = await make_wish(sealer=sealer, now=clock.now(), village=VILLAGE)
    await rows(COPY, wish.id, published, total)
    owner = (await rows("SELECT session_user AS name"))[0]["name"]
    role = (await rows("SELECT current_user AS name"))[0]["name"]
    await rows(f'SET LOCAL ROLE "{owner}"')
    await rows("ANALYZE wish")
    await rows(f'SET LOCAL ROLE "{role}"')
