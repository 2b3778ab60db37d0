"""What the donor's pages of a claim show: one frozen object each, and the timeline built by a pure function."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cishan.claims.queries import Gift, GiftOrder
from cishan.claims.rules import MOST_ATTEMPTS
from cishan.claims.states import CheckAnswer, ClaimStatus, ClaimWay
from cishan.labels import label
from cishan.page_parts import Step
from cishan.payments.rules import is_payable
from cishan.payments.states import OrderStatus
from cishan.refunds.queries import GiftRefund
from cishan.refunds.states import RefundStatus
from cishan.templating import moment, yuan

Choice = tuple[str, str, str]
"""A radio button: value, label, hint."""


@dataclass(frozen=True)
class ClaimPage:
    """Check your answers: what is claimed, how, and what happens with the money."""

    wish_id: int
    title: str
    county: str
    price_fen: int
    choices: tuple[Choice, ...]
    chosen: str
    pay_minutes: int
    promise_days: int
    fund_name: str
    filing_number: str
    charity_name: str
    can_pay: bool
    late_choices: tuple[Choice, ...]
    late_chosen: str
    cooling_hours: int
    asks_again: bool
    sources: tuple[tuple[str, str], ...]
    errors: Mapping[str, str]

    @property
    def late_words(self) -> str:
        return next((words for value, words, _ in self.late_choices if value == self.late_chosen), "")


@dataclass(frozen=True)
class SimilarWish:
    id: int
    title: str
    county: str
    price_fen: int


@dataclass(frozen=True)
class TakenPage:
    """For the donor who was a moment too late."""

    sentence: str
    similar: tuple[SimilarWish, ...]


@dataclass(frozen=True)
class GiftCard:
    """A gift in the list of one's own."""

    href: str
    title: str
    county: str
    price_fen: int
    state_label: str
    state_tone: str
    claimed_at: datetime


@dataclass(frozen=True)
class MyPage:
    """All that this donor has taken on."""

    waiting: tuple[GiftCard, ...]
    under_way: tuple[GiftCard, ...]
    fulfilled: tuple[GiftCard, ...]
    over: tuple[GiftCard, ...]
    given_fen: int


@dataclass(frozen=True)
class GiftPage:
    """The path of one gift, from the claim to the family's answer (慈善法 art. 42: the donor's right to know)."""

    id: int
    title: str
    county: str
    state_label: str
    state_tone: str
    price_fen: int
    spent_fen: int | None
    steps: tuple[Step, ...]
    pay_until: datetime | None
    promise_until: datetime | None
    is_confirming: bool
    is_just_paid: bool
    can_cancel: bool
    can_hand_back: bool
    can_pay_anew: bool
    picture_href: str | None
    thanks: str
    unassigned_fen: int
    out_trade_no: str
    wish_href: str
    take_back_until: datetime | None
    refunded_fen: int
    now: datetime


@dataclass(frozen=True)
class TakeBackPage:
    """Check your answers before a gift is taken back."""

    id: int
    title: str
    amount_fen: int
    until: datetime
    errors: Mapping[str, str]


LATE_CHOICES: tuple[Choice, ...] = (
    ("refund", "原路退给我", "退回您付款的支付宝，不用再来申请。"),
    ("similar", "换一件相近的心愿", "自动认领一件价钱相近的；多出的留在微心愿项目，没有合适的就转入项目。"),
    ("fund", "转入微心愿项目", "用来圆别的心愿。"),
)
CHOICES: dict[ClaimWay, Choice] = {
    ClaimWay.PAY: ("pay", "付钱，由协理员买好送去", "用支付宝付款。钱进入备案的微心愿项目，不经过任何人的口袋。"),
    ClaimWay.BRING: ("bring", "我自己买了送来", "送到乡镇服务点，由协理员转交。送实物不能开捐赠票据抵税。"),
    ClaimWay.GIVE_TIME: ("give_time", "我出时间", "工作人员会和您联系，约好时间并陪同前往。"),
}

TONES: dict[ClaimStatus, str] = {
    ClaimStatus.RESERVED: "warn",
    ClaimStatus.QUESTIONED: "warn",
    ClaimStatus.CONFIRMED: "good",
    ClaimStatus.LAPSED: "plain",
    ClaimStatus.CANCELLED: "plain",
    ClaimStatus.HANDED_BACK: "plain",
    ClaimStatus.ENDED: "plain",
}
"""How a status is coloured; what is not named is under way."""


def tone_of(status: ClaimStatus) -> str:
    return TONES.get(status, "busy")


WAITING = frozenset({ClaimStatus.RESERVED})
UNDER_WAY = frozenset(
    {
        ClaimStatus.PROMISED,
        ClaimStatus.PAID,
        ClaimStatus.ADVANCED,
        ClaimStatus.BOUGHT,
        ClaimStatus.DELIVERED,
        ClaimStatus.QUESTIONED,
    }
)


def gift_page(gift: Gift, now: datetime) -> GiftPage:
    """Everything the page of a gift shows, decided from the gift and the hour."""
    reserved = gift.status is ClaimStatus.RESERVED
    open_orders = [order for order in gift.orders if order.status is OrderStatus.PENDING]
    payable = [order for order in open_orders if is_payable(order.status, order.expires_at, now)]
    current = payable[-1] if payable else None
    return GiftPage(
        id=gift.id,
        title=gift.title,
        county=gift.county,
        state_label=label(gift.status),
        state_tone=tone_of(gift.status),
        price_fen=gift.price_fen,
        spent_fen=gift.spent_fen,
        steps=steps_of(gift),
        pay_until=current.expires_at if reserved and current else None,
        promise_until=gift.due_at if gift.status is ClaimStatus.PROMISED else None,
        is_confirming=reserved and bool(open_orders) and (current is None or any(o.is_unknown for o in open_orders)),
        is_just_paid=gift.status is ClaimStatus.PAID,
        can_cancel=reserved,
        can_hand_back=gift.status is ClaimStatus.PROMISED,
        can_pay_anew=reserved and current is not None and len(gift.orders) < MOST_ATTEMPTS,
        picture_href=f"/pictures/{gift.picture_id}" if gift.picture_id else None,
        thanks=gift.thanks,
        unassigned_fen=sum(order.unassigned_fen for order in gift.orders),
        out_trade_no=_paid_number(gift.orders),
        wish_href=f"/wishes/{gift.wish_id}",
        take_back_until=gift.cooling_until if gift.cooling_until and now < gift.cooling_until else None,
        refunded_fen=gift.refunded_fen,
        now=now,
    )


def steps_of(gift: Gift) -> tuple[Step, ...]:
    """The money's path in plain words; what has not happened yet is shown as what comes next."""
    done = [Step("您认领了这件心愿", when=moment(gift.claimed_at))]
    paid = next((order for order in gift.orders if order.status is OrderStatus.PAID), None)
    if paid is not None and paid.paid_at and paid.paid_fen is not None:
        done.append(Step(f"收到您的捐款 {yuan(paid.paid_fen)}", when=moment(paid.paid_at), why="记入微心愿项目的专账"))
    if gift.advanced_at:
        done.append(Step("财务把钱拨到乡镇，准备采购", when=moment(gift.advanced_at)))
    if gift.bought_at and gift.spent_fen is not None:
        done.append(Step(f"协理员已买好，花了 {yuan(gift.spent_fen)}", when=moment(gift.bought_at), why=_left(gift)))
    if gift.delivered_at:
        done.append(Step("已送到这户人家手里", when=moment(gift.delivered_at)))
    if gift.asked_at:
        done.append(_check_step(gift))
    done.extend(_refund_step(refund) for refund in gift.refunds)
    return (*done, *_coming(gift))


def _refund_step(refund: GiftRefund) -> Step:
    if refund.status is RefundStatus.SUCCEEDED:
        return Step(f"{yuan(refund.amount_fen)} 已经原路退回您的支付宝", when=moment(refund.status_since))
    if refund.status is RefundStatus.CANCELLED:
        return Step(f"{yuan(refund.amount_fen)} 没有能退回，已转入微心愿项目", when=moment(refund.status_since))
    if refund.status is RefundStatus.REFUSED:
        why = "支付宝没有退成，慈善总会财务正在处理，会和您联系"
        return Step(f"{yuan(refund.amount_fen)} 正在退回", when=moment(refund.created_at), why=why, stage="now")
    why = "退回您付款的支付宝，一般几分钟就到"
    return Step(f"{yuan(refund.amount_fen)} 正在退回", when=moment(refund.created_at), why=why, stage="now")


def _left(gift: Gift) -> str:
    left = gift.price_fen - (gift.spent_fen or 0)
    return f"省下的 {yuan(left)}留在微心愿项目，用于别的心愿" if left > 0 else ""


def _check_step(gift: Gift) -> Step:
    when = moment(gift.asked_at) if gift.asked_at else ""
    if gift.answer is CheckAnswer.YES:
        return Step("另一位工作人员问过这家人：收到了，心愿圆了", when=when)
    return Step("这家人说还有问题，工作人员正在处理", when=when, stage="now")


COMING: dict[ClaimStatus, str] = {
    ClaimStatus.RESERVED: "等您付款",
    ClaimStatus.PROMISED: "等您送来或约好时间",
    ClaimStatus.PAID: "接下来：财务拨款，协理员去买",
    ClaimStatus.ADVANCED: "接下来：协理员去买",
    ClaimStatus.BOUGHT: "接下来：送到这户人家",
    ClaimStatus.DELIVERED: "接下来：另一位工作人员问这家人是否收到",
}


def _coming(gift: Gift) -> tuple[Step, ...]:
    if gift.status in COMING:
        return (Step(COMING[gift.status], stage="next"),)
    if gift.over_reason:
        return (Step(f"认领结束：{gift.over_reason}", stage="bad"),)
    return ()


def _paid_number(orders: tuple[GiftOrder, ...]) -> str:
    return next((order.out_trade_no for order in orders if order.status is OrderStatus.PAID), "")
