"""What a wish must be before it is filed or worded, and when its status is due. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cishan.wishes.states import WishKind, WishStatus

LONGEST_TEXT = 400
SHORTEST_TEXT = 10
MOST_HOURS = 100

CASH = ("现金", "红包", "转账", "汇款", "欠款", "债", "贷款", "购物卡", "充值", "生活费", "打钱")
MEDICINE = ("药", "针剂", "疫苗", "医疗器械", "手术")
RESTRICTED = ("烟", "酒", "枪", "刀具", "鞭炮", "烟花", "农药", "彩票", "活禽", "宠物")
ALLOWED_WORDS = ("药箱", "晒药架", "酒店式", "吸油烟机", "抽油烟机", "油烟机", "排烟管", "烟囱")


class Figures(Protocol):
    """The part of a campaign's terms that decides deadlines."""

    review_days: int
    wall_days: int


@dataclass(frozen=True)
class WishContent:
    """What the family asks for, in the coordinator's words. Sums in fen; `note` and `school` are sealed when stored."""

    kind: WishKind
    item: str
    price_fen: int
    hours: int
    note: str


def due_after(status: WishStatus, now: datetime, figures: Figures) -> datetime | None:
    """When a wish that enters this status now is late; None where nobody has to act by a day."""
    if status in {WishStatus.FILED, WishStatus.VISITED, WishStatus.WORDED}:
        return now + timedelta(days=figures.review_days)
    if status is WishStatus.PUBLISHED:
        return now + timedelta(days=figures.wall_days)
    return None


def fitting_figures(kind: WishKind, price_fen: int, hours: int) -> tuple[int, int]:
    """Price and hours as this kind of wish can have them: a thing takes no hours, time costs nothing."""
    return (price_fen, 0) if kind is WishKind.THING else (0, hours)


def filing_faults(content: WishContent, value_cap_fen: int) -> dict[str, str]:
    """What keeps a wish from being filed, a sentence for each field (R-34); empty when nothing does."""
    faults: dict[str, str] = {}
    refusal = item_refusal(content.item)
    if refusal:
        faults["item"] = refusal
    if not content.note:
        faults["note"] = "请写上这家人为什么需要它。"
    if content.kind is WishKind.THING and content.price_fen <= 0:
        faults["price"] = "请填写价格。"
    if content.price_fen > value_cap_fen:
        faults["price"] = f"价格不能超过 {value_cap_fen // 100} 元。更贵的请走慈善项目。"
    if content.kind is not WishKind.THING and not 0 < content.hours <= MOST_HOURS:
        faults["hours"] = f"请填写大约要多少小时，1 到 {MOST_HOURS} 之间。"
    return faults


def item_refusal(item: str) -> str:
    """Why this can't be wished for; empty when it can. No cash, medicine or restricted goods (R-34)."""
    if not item:
        return "请填写想要什么。"
    plain = item
    for word in ALLOWED_WORDS:
        plain = plain.replace(word, "")
    if any(word in plain for word in CASH):
        return "心愿不能是现金、转账或还债。请写具体的物品或服务。"
    if any(word in plain for word in MEDICINE):
        return "药品和医疗不能作为心愿，请走医疗救助。"
    if any(word in plain for word in RESTRICTED):
        return "这类物品不能作为心愿，请换一样。"
    return ""


def wording_faults(title: str, text: str) -> dict[str, str]:
    """What is missing from a public text, a sentence for each field; whether it names someone is another check."""
    faults: dict[str, str] = {}
    if not title:
        faults["title"] = "请写标题，例如“一张能写字的书桌”。"
    if len(text) < SHORTEST_TEXT:
        faults["text"] = f"请写得清楚一些，至少 {SHORTEST_TEXT} 个字。"
    elif len(text) > LONGEST_TEXT:
        faults["text"] = f"太长了，最多 {LONGEST_TEXT} 个字。"
    return faults


@dataclass(frozen=True)
class Marked:
    """The part of a wish that decides its risk marks."""

    is_child: bool
    has_school: bool
    has_picture: bool
    price_fen: int
    was_returned: bool


def risk_marks(wish: Marked, value_cap_fen: int) -> tuple[str, ...]:
    """Why a reviewer should look twice, in words (R-23, R-34)."""
    marks = (
        ("涉及孩子", wish.is_child),
        ("有学校名", wish.has_school),
        ("有照片", wish.has_picture),
        ("价格接近上限", wish.price_fen * 10 >= value_cap_fen * 9),
        ("退回过", wish.was_returned),
    )
    return tuple(words for words, holds in marks if holds)
