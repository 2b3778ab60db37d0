"""What the public pages of wishes show: one frozen object each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cishan.charities.queries import Site
from cishan.clock import beijing_day
from cishan.labels import label
from cishan.page_parts import Step
from cishan.templating import day, waited, yuan
from cishan.wishes.queries import PublicWish, WallCounts
from cishan.wishes.states import Audience, WishKind, WishStatus

Choice = tuple[str, str]
Link = tuple[str, str, bool]
"""Text, address, and whether the reader is there."""

FOR_WHOM = {
    Audience.CHILD: "给一个孩子",
    Audience.ELDER: "给一位老人",
    Audience.DISABLED: "给一位残疾人",
    Audience.ADULT: "给一位成年人",
    Audience.FAMILY: "给一家人",
}
ICONS = (
    ("chair", ("轮椅", "拐", "助行", "杖", "坐便")),
    ("school", ("桌", "辅导", "书柜", "书包")),
    ("book", ("书", "画", "本")),
    ("lamp", ("灯",)),
    ("bike", ("自行车", "车")),
    ("coat", ("衣", "鞋", "帽", "袜")),
    ("bed", ("被", "床", "褥")),
    ("stove", ("锅", "炉", "煲", "壶", "电", "机", "灶")),
    ("food", ("米", "面", "油", "糕", "奶")),
)
TONES = {
    WishStatus.DRAFT: "plain",
    WishStatus.FILED: "busy",
    WishStatus.VISITED: "busy",
    WishStatus.WORDED: "busy",
    WishStatus.PUBLISHED: "busy",
    WishStatus.CLAIMED: "busy",
    WishStatus.FULFILLED: "good",
    WishStatus.RETURNED: "warn",
    WishStatus.WITHDRAWN: "plain",
    WishStatus.LAPSED: "plain",
}
"""How a status is coloured, the same for a giver and for staff."""


@dataclass(frozen=True)
class WishCard:
    """A wish on the wall, in words."""

    href: str
    title: str
    for_whom: str
    county: str
    price: str
    waited: str
    icon: str
    picture: str | None


@dataclass(frozen=True)
class WallPage:
    """The wall: true counts, filters as links and choices, cards, and where the list goes on."""

    counts: WallCounts
    total: int
    cards: tuple[WishCard, ...]
    kinds: tuple[Link, ...]
    counties: tuple[Choice, ...]
    bands: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    sorts: tuple[Choice, ...]
    chosen: Mapping[str, str]
    is_filtered: bool
    has_more_filters: bool
    previous_href: str | None
    next_href: str | None


@dataclass(frozen=True)
class WishPage:
    """One wish: what it is, what happens with the money, whether it can be claimed now."""

    wish: PublicWish
    card: WishCard
    site: Site
    can_claim: bool
    needs_money: bool
    kind_label: str
    state_label: str
    state_tone: str
    steps: tuple[Step, ...]
    picture: str | None
    similar: tuple[WishCard, ...]


def card_of(wish: PublicWish, now: datetime) -> WishCard:
    return WishCard(
        href=f"/wishes/{wish.id}",
        title=wish.title,
        for_whom=FOR_WHOM[wish.audience],
        county=wish.county,
        price=price_text(wish.price_fen, wish.hours),
        waited=waited(min(beijing_day(wish.published_at), beijing_day(now)), now),
        icon=icon_of(wish.item, wish.kind),
        picture=f"/pictures/{wish.picture_id}" if wish.picture_id else None,
    )


def price_text(price_fen: int, hours: int) -> str:
    """What it takes: a sum, or hours."""
    return yuan(price_fen) if price_fen else f"约 {hours} 小时"


def icon_of(item: str, kind: WishKind) -> str:
    """The drawing for a wish without a picture."""
    found = next((icon for icon, words in ICONS if any(word in item for word in words)), None)
    return found or ("gift" if kind is WishKind.THING else "visit")


def state_of(wish: PublicWish) -> tuple[str, str]:
    """Label and tone of a public wish's status."""
    return label(wish.status), TONES[wish.status]


def steps_of(wish: PublicWish) -> tuple[Step, ...]:
    """What the world may know of a wish's way: dates, never who."""
    published = Step("发布在心愿墙", day(wish.published_at), why="两个人上门看过，文字又由慈善总会看过。")
    if wish.status is WishStatus.PUBLISHED:
        return published, Step("等人认领", stage="now"), Step("买好送到", stage="next"), Step("圆梦", stage="next")
    if wish.status is WishStatus.CLAIMED:
        claimed = Step("有人认领了", day(wish.status_since))
        return published, claimed, Step("买好送到，再问过这家人", stage="now"), Step("圆梦", stage="next")
    return (
        published,
        Step("有人认领，买好送到"),
        Step("圆梦", day(wish.status_since), why="另一个人问过这家人，心愿实现了。"),
    )
