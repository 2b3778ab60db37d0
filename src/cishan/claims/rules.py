"""Pure decisions about claims: who may claim, what a move needs, when the next deadline falls."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cishan.accounts.rules import wait_sentence
from cishan.claims.states import MOVES, OVER, ClaimStatus, ClaimWay
from cishan.clock import beijing_day, beijing_midnight
from cishan.errors import Conflict, IllegalMove, TooMany
from cishan.labels import label
from cishan.payments.owners import Unspent
from cishan.payments.states import UnassignedReason
from cishan.wishes.states import WishKind

PAY_GRACE = timedelta(minutes=2)
"""A reservation outlives its last payable minute by this, so that a payment made in time is heard of first."""
MOST_ATTEMPTS = 3
"""Orders a donor may open for one claim."""
LAST_MINUTES_TO_PAY = timedelta(minutes=2)
"""The gateway takes no order that must be paid within a minute."""
REST_AFTER_LAPSE = timedelta(minutes=30)
"""So long a wish is left to others by a donor whose claim of it ran out unpaid."""
MOST_LAPSES = 3
LAPSES_COUNT_FOR = timedelta(days=1)
"""So many unpaid lapses in that time pause claiming by payment until the next day in China."""


@dataclass(frozen=True)
class Terms:
    """The figures of the campaign that a claim lives by, in days and minutes (R-34)."""

    claims_at_once: int
    pay_minutes: int
    promise_days: int
    purchase_days: int
    delivery_days: int
    check_after_days: int
    check_days: int
    grace_days: int


WAYS: dict[WishKind, tuple[ClaimWay, ...]] = {
    WishKind.THING: (ClaimWay.PAY, ClaimWay.BRING),
    WishKind.SERVICE: (ClaimWay.GIVE_TIME,),
    WishKind.VISIT: (ClaimWay.GIVE_TIME,),
}
"""How each kind of wish can be claimed today."""


def ways_for(kind: WishKind, price_fen: int) -> tuple[ClaimWay, ...]:
    """A wish without a price cannot be paid for."""
    return tuple(way for way in WAYS[kind] if way is not ClaimWay.PAY or price_fen > 0)


def next_status(status: ClaimStatus, verb: str) -> ClaimStatus:
    """Where a move leads; raises IllegalMove naming the status and the step."""
    allowed, target = MOVES[verb]
    if status not in allowed:
        raise IllegalMove("这次认领", label(status), VERBS[verb])
    return target


def can_end(status: ClaimStatus) -> bool:
    return status in MOVES["end"][0]


VERBS = {
    "pay": "付款",
    "pay_late": "付款",
    "refund": "退款",
    "lapse": "作废",
    "cancel": "取消",
    "hand_back": "退回",
    "advance": "拨付备用金",
    "buy": "登记采购",
    "deliver": "登记送达",
    "confirm": "确认圆梦",
    "question": "登记疑问",
    "end": "终止",
}


def check_may_claim(*, live_claims: int, terms: Terms, live_same_wish: bool) -> None:
    """Raises Conflict when this donor already holds the wish, TooMany at the limit of claims at once."""
    if live_same_wish:
        raise Conflict("您已经认领了这件心愿，可以在“我的”里接着付款。")
    if live_claims >= terms.claims_at_once:
        raise TooMany(
            f"您手上已有 {live_claims} 件心愿等着付款或送达，一次最多 {terms.claims_at_once} 件。"
            "请先完成它们，再认领新的。",
            retry_after_seconds=terms.pay_minutes * 60,
        )


@dataclass(frozen=True)
class Lapse:
    """A claim by payment that this donor let run out unpaid."""

    wish_id: int
    at: datetime


def check_rested(lapses: Sequence[Lapse], *, wish_id: int, way: ClaimWay, now: datetime) -> None:
    """Raises TooMany while somebody who let a claim run out unpaid leaves the wish, or the wall, to others."""
    seconds = max(
        (_seconds(now, lapse.at + REST_AFTER_LAPSE) for lapse in lapses if lapse.wish_id == wish_id), default=0
    )
    if seconds > 0:
        raise TooMany(
            f"您刚才认领过这件心愿，没有来得及付款。没有扣您的钱。先让别人也有机会，{wait_sentence(seconds)}", seconds
        )
    resumes_at = paying_resumes_at(lapses)
    if way is ClaimWay.PAY and resumes_at is not None and now < resumes_at:
        raise TooMany(
            f"一天里有 {MOST_LAPSES} 次认领没有付款，今天先不能再付款认领了，明天欢迎再来。没有扣您的钱。",
            _seconds(now, resumes_at),
        )


def _seconds(now: datetime, until: datetime) -> int:
    return math.ceil((until - now).total_seconds())


def paying_resumes_at(lapses: Sequence[Lapse]) -> datetime | None:
    """The midnight in China after the last of too many lapses within a day; None when there never were so many."""
    instants = sorted(lapse.at for lapse in lapses)
    ends = [
        last
        for first, last in zip(instants, instants[MOST_LAPSES - 1 :], strict=False)
        if last - first <= LAPSES_COUNT_FOR
    ]
    return beijing_midnight(beijing_day(ends[-1]) + timedelta(days=1)) if ends else None


def due_after_claim(way: ClaimWay, terms: Terms, now: datetime) -> datetime:
    """When an unpaid reservation or an unkept promise runs out."""
    if way is ClaimWay.PAY:
        return payable_until(terms, now) + PAY_GRACE
    return now + timedelta(days=terms.promise_days)


def payable_until(terms: Terms, now: datetime) -> datetime:
    return now + timedelta(minutes=terms.pay_minutes)


def order_subject(wish_id: int) -> str:
    """What the cashier and the bill show: no name, no item, nothing the gateway's file could not hold."""
    return f"微心愿捐款{wish_id}号"


UNBOUGHT = frozenset({ClaimStatus.PAID, ClaimStatus.ADVANCED})
"""Paid, and nothing has been bought with the money yet."""


def unspent_of(status: ClaimStatus, price_fen: int, spent_fen: int | None, *, waits_for_leave: bool) -> Unspent:
    """What may still go back of a claim's money: all of it before it is bought, what is over after that.

    While a purchase over its price waits for finance nothing may, for the thing is bought already.
    """
    if waits_for_leave:
        return Unspent(0, untouched=False)
    left_fen = max(price_fen - (spent_fen or 0), 0)
    return Unspent(left_fen, status is ClaimStatus.PAID, released_fen=price_fen if status in UNBOUGHT else 0)


def refusal_of_payment(status: ClaimStatus) -> UnassignedReason | None:
    """Why a claim in this status cannot take money; None when it waits for it."""
    if status is ClaimStatus.RESERVED:
        return None
    return UnassignedReason.LATE if status in OVER else UnassignedReason.DUPLICATE
