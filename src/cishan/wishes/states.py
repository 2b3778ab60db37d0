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
    "ask_rewording": (frozenset({WishStatus.WORDED}), WishStatus.VISITED),
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

STEP_LABELS: dict[str, str] = {
    "draft": "登记",
    "change": "修改",
    "record_visit": "记录走访",
    "remove_picture": "去掉照片",
    "follow_household": "随家庭迁到另一个村",
    "file": "提交",
    "confirm_visit": "确认走访",
    "word": "写公开文字",
    "ask_rewording": "退回改文字",
    "send_back": "退回",
    "publish": "发布",
    "take_off": "撤下墙",
    "claim": "认领",
    "release": "放回墙上",
    "fulfil": "圆梦",
    "lapse": "到期结束",
    "withdraw": "撤回",
}
"""The Chinese word of every step, for refusals and timelines."""


def can(verb: str, status: WishStatus) -> bool:
    """Whether the table allows this step from this status."""
    return status in MOVES[verb][0]
