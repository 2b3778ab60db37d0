"""The life of a wish: statuses, moves and who a wish is for. Pure."""

from enum import StrEnum


class WishKind(StrEnum):
    THING = "thing"
    SERVICE = "service"
    VISIT = "visit"


class Audience(StrEnum):
    """For whom in general; never a name or an age."""

    CHILD = "child"
    ELDER = "elder"
    DISABLED = "disabled"
    ADULT = "adult"
    FAMILY = "family"


class WishStatus(StrEnum):
    DRAFT = "draft"
    FILED = "filed"
    VISITED = "visited"
    WORDED = "worded"
    PUBLISHED = "published"
    CLAIMED = "claimed"
    FULFILLED = "fulfilled"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


_OPEN = {
    WishStatus.DRAFT,
    WishStatus.FILED,
    WishStatus.VISITED,
    WishStatus.WORDED,
    WishStatus.PUBLISHED,
    WishStatus.CLAIMED,
    WishStatus.RETURNED,
}

MOVES: dict[str, tuple[frozenset[WishStatus], WishStatus]] = {
    "file": (frozenset({WishStatus.DRAFT, WishStatus.RETURNED}), WishStatus.FILED),
    "confirm_visit": (frozenset({WishStatus.FILED}), WishStatus.VISITED),
    "word": (frozenset({WishStatus.VISITED, WishStatus.WORDED}), WishStatus.WORDED),
    "send_back": (
        frozenset({WishStatus.FILED, WishStatus.VISITED, WishStatus.WORDED}),
        WishStatus.RETURNED,
    ),
    "publish": (frozenset({WishStatus.WORDED}), WishStatus.PUBLISHED),
    "take_off": (frozenset({WishStatus.PUBLISHED}), WishStatus.WORDED),
    "claim": (frozenset({WishStatus.PUBLISHED}), WishStatus.CLAIMED),
    "release": (frozenset({WishStatus.CLAIMED}), WishStatus.PUBLISHED),
    "fulfil": (frozenset({WishStatus.CLAIMED}), WishStatus.FULFILLED),
    "lapse": (
        frozenset({WishStatus.DRAFT, WishStatus.PUBLISHED, WishStatus.RETURNED}),
        WishStatus.LAPSED,
    ),
    "withdraw": (frozenset(_OPEN), WishStatus.WITHDRAWN),
}
"""verb -> (statuses it may start from, status it leads to). The diagram in docs/architecture.md is made from it."""
