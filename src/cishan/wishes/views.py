"""The wall and the page of a wish, for everyone."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from cishan.divisions.queries import children_of
from cishan.divisions.rules import is_code
from cishan.households.states import Group
from cishan.labels import LABELS
from cishan.navigation import home_of
from cishan.public_pages import is_bare, public_mark
from cishan.templating import page_response
from cishan.web import path_id, see_other, services_of, viewer_or_none
from cishan.wishes.memory import BriefMemory
from cishan.wishes.pages import WallPage, WishPage, card_of, state_of, steps_of
from cishan.wishes.queries import public_wish, similar_wishes, wall_counts
from cishan.wishes.states import WishKind, WishStatus
from cishan.wishes.wall import Band, Cursor, Sort, WallFilter, wall_slice

LONGEST_SEARCH = 40
BAND_LABELS = {
    Band.TIME: "不花钱，花时间",
    Band.LOW: "100 元以内",
    Band.MIDDLE: "100 到 300 元",
    Band.HIGH: "300 元以上",
}
SORT_LABELS = {Sort.NEWEST: "最新发布", Sort.CHEAPEST: "价格从低到高"}

Word = TypeVar("Word", bound=StrEnum)


async def show_front(request: Request) -> Response:
    """The front door: staff go to their work, everyone else to the wall."""
    viewer = viewer_or_none(request)
    return see_other(home_of(viewer.role) if viewer else "/wishes")


async def show_wall(request: Request) -> Response:
    """The wall. What stands in the address is all there is to its state, so a link can be shared."""
    wanted, cursor = filter_of(request.query_params), cursor_of(request.query_params)
    now = services_of(request).clock.now()

    async def read() -> WallPage:
        return await wall_page(wanted, cursor, request.state.site.division_code, now)

    page = await read() if is_bare(request) else await memory_of(request).get((wanted, cursor), read)
    return page_response(request, "wishes/wall.html", page, headers=public_mark(request))


async def show_wish(request: Request) -> Response:
    wish = await public_wish(path_id(request))
    now, state = services_of(request).clock.now(), state_of(wish)
    can_claim = wish.status is WishStatus.PUBLISHED
    similar = () if can_claim else await similar_wishes(wish.id)
    page = WishPage(
        wish=wish,
        card=card_of(wish, now),
        site=request.state.site,
        can_claim=can_claim,
        needs_money=wish.price_fen > 0,
        kind_label=LABELS[WishKind][wish.kind],
        state_label=state[0],
        state_tone=state[1],
        steps=steps_of(wish),
        picture=f"/pictures/{wish.picture_id}" if wish.picture_id else None,
        similar=tuple(card_of(other, now) for other in similar),
    )
    return page_response(request, "wishes/wish.html", page, headers=public_mark(request))


def filter_of(query: Mapping[str, str]) -> WallFilter:
    """Reads the filter from the address; what can't be read asks for nothing, so an old link still works."""
    county = query.get("county", "")
    return WallFilter(
        kind=_word(WishKind, query.get("kind")),
        county_code=county if is_code(county) else "",
        band=_word(Band, query.get("band")),
        group=_word(Group, query.get("group")),
        search=query.get("q", "").strip().replace("\x00", "")[:LONGEST_SEARCH],
        sort=_word(Sort, query.get("sort")) or Sort.NEWEST,
    )


def cursor_of(query: Mapping[str, str]) -> Cursor | None:
    """Reads `after` or `before`: two whole numbers with a line between."""
    for name in ("after", "before"):
        parts = query.get(name, "").split("-")
        if len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            return Cursor(min(int(parts[0]), 2**52), int(parts[1]), backwards=name == "before")
    return None


def address_of(wanted: WallFilter, **changes: str) -> str:
    """The address of the wall with this filter, changed."""
    values = {**_values(wanted), **changes}
    kept = {name: value for name, value in values.items() if value}
    return f"/wishes?{urlencode(kept)}" if kept else "/wishes"


def memory_of(request: Request) -> BriefMemory[WallPage]:
    state = request.app.state
    if not hasattr(state, "wall_memory"):
        state.wall_memory = BriefMemory()
    memory: BriefMemory[WallPage] = state.wall_memory
    return memory


async def wall_page(wanted: WallFilter, cursor: Cursor | None, city: str, now: datetime) -> WallPage:
    piece = await wall_slice(wanted, cursor)
    values = _values(wanted)
    return WallPage(
        counts=await wall_counts(),
        total=piece.total,
        cards=tuple(card_of(wish, now) for wish in piece.wishes),
        kinds=tuple(
            (text, address_of(wanted, kind=value), values["kind"] == value)
            for value, text in [("", "全部"), *((str(kind), text) for kind, text in LABELS[WishKind].items())]
        ),
        counties=tuple((row["code"], row["name"]) for row in await children_of(city)),
        bands=tuple((band.value, text) for band, text in BAND_LABELS.items()),
        groups=tuple((group.value, text) for group, text in LABELS[Group].items()),
        sorts=tuple((sort.value, text) for sort, text in SORT_LABELS.items()),
        chosen=values,
        is_filtered=any(value for name, value in values.items() if name != "sort"),
        has_more_filters=any(values[name] for name in ("county", "band", "group", "sort")),
        previous_href=_cursor_href(wanted, "before", piece.before),
        next_href=_cursor_href(wanted, "after", piece.after),
    )


def _cursor_href(wanted: WallFilter, name: str, cursor: Cursor | None) -> str | None:
    return address_of(wanted, **{name: f"{cursor.value}-{cursor.id}"}) if cursor else None


def _values(wanted: WallFilter) -> dict[str, str]:
    return {
        "kind": wanted.kind.value if wanted.kind else "",
        "county": wanted.county_code,
        "band": wanted.band.value if wanted.band else "",
        "group": wanted.group.value if wanted.group else "",
        "q": wanted.search,
        "sort": wanted.sort.value if wanted.sort is not Sort.NEWEST else "",
    }


def _word(words: type[Word], text: str | None) -> Word | None:
    return words(text) if text in {word.value for word in words} else None
