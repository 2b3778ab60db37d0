"""What anyone may know of a wish: public words, county, price and dates; every list is bounded."""

from dataclasses import dataclass
from datetime import datetime

from cishan.database import JsonRow, rows
from cishan.divisions.queries import names_of
from cishan.errors import Conflict, NotFound
from cishan.households.states import Group
from cishan.wishes.states import Audience, WishKind, WishStatus

TAKEN = "刚刚被别人认领了。看看别的心愿吧。"

PUBLIC_COLUMNS = """
w.id, w.campaign_id, w.kind, w.status, w.item, w.audience, w.price_fen, w.hours, w.public_title, w.public_text,
w.public_group, w.county_code, w.published_at, w.status_since,
(SELECT p.id FROM picture p WHERE p.id = w.picture_id AND p.cleared_at IS NOT NULL) AS picture_id
"""
ONE = f"SELECT {PUBLIC_COLUMNS} FROM wish w WHERE w.id = $1 AND w.status IN ('published', 'claimed', 'fulfilled')"  # noqa: S608 - constants
COUNTS = """
SELECT (SELECT count(*) FROM wish WHERE status = 'published') AS published,
       (SELECT count(*) FROM wish WHERE status = 'claimed') AS claimed,
       (SELECT count(*) FROM wish WHERE status = 'fulfilled') AS fulfilled
"""
SIMILAR = f"""
SELECT * FROM (
  (SELECT {PUBLIC_COLUMNS}, 0 AS distance FROM wish w
    WHERE w.status = 'published' AND w.id <> $1 AND w.kind = $2 AND w.county_code = $3
    ORDER BY w.published_at, w.id LIMIT $5)
  UNION ALL
  (SELECT {PUBLIC_COLUMNS}, 1 AS distance FROM wish w
    WHERE w.status = 'published' AND w.id <> $1 AND w.kind = $2 AND w.county_code <> $3
    ORDER BY w.published_at, w.id LIMIT $5)
  UNION ALL
  (SELECT {PUBLIC_COLUMNS}, 2 AS distance FROM wish w
    WHERE w.status = 'published' AND w.id <> $1 AND w.kind <> $2
    ORDER BY w.published_at, w.id LIMIT $5)
) near ORDER BY distance, abs(price_fen - $4), published_at, id LIMIT $5
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class PublicWish:
    """A wish as the world may know it."""

    id: int
    campaign_id: int
    kind: WishKind
    status: WishStatus
    item: str
    audience: Audience
    group: Group | None
    price_fen: int
    hours: int
    title: str
    text: str
    county: str
    published_at: datetime
    status_since: datetime
    picture_id: int | None


@dataclass(frozen=True)
class WallCounts:
    """How many wishes wait, are being fulfilled, and have come true."""

    published: int
    claimed: int
    fulfilled: int


async def wall_counts() -> WallCounts:
    """True at the instant of asking; the page that shows them says so for no longer than a second."""
    return WallCounts(**(await rows(COUNTS))[0])


async def public_wish(wish_id: int) -> PublicWish:
    """A wish that is or was on the wall; drafts, withdrawn and lapsed ones are not there."""
    found = await to_public(await rows(ONE, wish_id))
    if not found:
        raise NotFound("这个心愿已经不在墙上了。看看别的心愿吧。")
    return found[0]


async def published_wish(wish_id: int) -> PublicWish:
    """A wish that can be claimed now; raises Conflict when somebody has been quicker."""
    wish = await public_wish(wish_id)
    if wish.status is not WishStatus.PUBLISHED:
        raise Conflict(TAKEN)
    return wish


async def similar_wishes(wish_id: int, limit: int = 3) -> tuple[PublicWish, ...]:
    """Wishes like this one that wait longest: same kind and county first, then the same kind, then any."""
    base = await rows("SELECT kind, county_code, price_fen FROM wish WHERE id = $1", wish_id)
    if not base:
        return ()
    kind, county, price_fen = base[0]["kind"], base[0]["county_code"], base[0]["price_fen"]
    return await to_public(await rows(SIMILAR, wish_id, kind, county, price_fen, limit))


async def to_public(found: list[JsonRow]) -> tuple[PublicWish, ...]:
    """Rows of PUBLIC_COLUMNS as public wishes, with the names of their counties."""
    names = await names_of(list({row["county_code"] for row in found})) if found else {}
    return tuple(_public_wish(row, names.get(row["county_code"], "")) for row in found)


def _public_wish(row: JsonRow, county: str) -> PublicWish:
    return PublicWish(
        id=row["id"],
        campaign_id=row["campaign_id"],
        kind=WishKind(row["kind"]),
        status=WishStatus(row["status"]),
        item=row["item"],
        audience=Audience(row["audience"]),
        group=Group(row["public_group"]) if row["public_group"] else None,
        price_fen=row["price_fen"],
        hours=row["hours"],
        title=row["public_title"],
        text=row["public_text"],
        county=county,
        published_at=row["published_at"],
        status_since=row["status_since"],
        picture_id=row["picture_id"],
    )
