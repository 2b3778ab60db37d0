"""Pure decisions about refunds: who may have money back, what needs a second person, when to ask again."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cishan.clock import BEIJING
from cishan.errors import Conflict, IllegalMove, InvalidInput
from cishan.labels import label
from cishan.money import yuan_text
from cishan.payments.states import PayChannel
from cishan.refunds.states import MOVES, RefundStatus

APART = timedelta(seconds=3)
"""Alipay wants this much time between two refunds of one trade."""
ASK_AFTER = (
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=3),
    timedelta(minutes=10),
)
"""When to ask again about a refund whose answer did not come, counted from the last try; the first is Alipay's advice."""
ASK_LATER = timedelta(minutes=30)
LEASE = timedelta(minutes=2)
"""A refund in one worker's hands is not another's for this long."""
UNKNOWN_IS_LATE = timedelta(hours=1)
"""From then on a person looks at an unknown refund too; asking goes on."""
DAYS_TO_DECIDE = 1
"""Working days that finance has for a refund that Alipay refused."""
BY_BANK = "BANK"
"""Why a refund waits for a person whose gift was a transfer: Alipay never had that money, so it can't send it back."""
SENT_REASON = "捐款退回"
"""What the donor reads at Alipay: nothing of any family."""


@dataclass(frozen=True)
class Terms:
    """The charity's figures; the defaults are what holds until it has set its own.

    A donor may take an unspent gift back for `cooling_hours`; a refund that staff begin of more than
    `second_person_over_fen` needs a second person; a gift of more than `ask_again_times` what is needed or usual, and
    above `ask_again_over_fen`, is asked about again.
    """

    cooling_hours: int = 24
    second_person_over_fen: int = 100_000
    ask_again_times: int = 10
    ask_again_over_fen: int = 100_000


DEFAULT_TERMS = Terms()


@dataclass(frozen=True)
class Part:
    """Some of a paid order: of a line that was taken, or of money that nobody took."""

    amount_fen: int
    order_line_id: int | None = None
    unassigned_id: int | None = None


VERBS = {
    "agree": "同意",
    "decline": "不同意",
    "send": "发出",
    "succeed": "办成",
    "refuse": "拒绝",
    "retry": "再退一次",
    "keep": "转入基金",
}


def next_status(status: RefundStatus, verb: str) -> RefundStatus:
    """Where a move leads; raises IllegalMove naming the status and the step."""
    allowed, target = MOVES[verb]
    if status not in allowed:
        raise IllegalMove("这笔退款", label(status), VERBS[verb])
    return target


def new_request_no(now: datetime) -> str:
    """Our number of a refund: the day in China and 80 random bits; letters and digits only."""
    return f"R{now.astimezone(BEIJING):%Y%m%d}{secrets.token_hex(10)}"


def late_request_no(unassigned_id: int) -> str:
    """The one number under which late money can go back, so that it never goes back twice."""
    return f"LATE_{unassigned_id}"


def next_try(tries: int, now: datetime) -> datetime:
    """When to ask again after so many tries; asking never ends by itself."""
    return now + (ASK_AFTER[tries - 1] if 0 < tries <= len(ASK_AFTER) else ASK_LATER)


def check_amount(amount_fen: int, open_fen: int) -> None:
    """Raises InvalidInput for a sum that can't go back: nothing, or more than is left of what was received."""
    if amount_fen <= 0:
        raise InvalidInput({"amount": "退款金额要大于 0。"})
    if amount_fen > open_fen:
        raise InvalidInput({"amount": "退款金额超过了还能退的钱。请看页面上写的数。"})


def check_fund_has(wanted_fen: int, spendable_fen: int) -> None:
    """Raises Conflict when the fund has used the money or promised it to others: no other fund's money pays a refund (R-9)."""
    if wanted_fen > max(0, spendable_fen):
        raise Conflict(
            f"这个项目收到的钱已经用了，或者已经安排给别人，现在最多只能退 {yuan_text(max(0, spendable_fen))} 元。"
        )


def cooling_ends(paid_at: datetime, terms: Terms) -> datetime:
    return paid_at + timedelta(hours=terms.cooling_hours)


def check_cooling(paid_at: datetime, *, untouched: bool, terms: Terms, now: datetime) -> None:
    """Raises Conflict unless a donor may take the gift back without anybody's leave."""
    if not untouched:
        raise Conflict("这笔钱已经拨去采购，不能自助退款了。需要退款，请打电话给慈善总会。")
    if now >= cooling_ends(paid_at, terms):
        raise Conflict(f"付款已经超过 {terms.cooling_hours} 小时，不能自助退款了。需要退款，请打电话给慈善总会。")


def back_to(channel: PayChannel) -> str:
    """Where a donor finds money again that goes back: always where it came from (R-19)."""
    return "您汇款的银行账户" if channel is PayChannel.BANK else "您的支付宝"


def needs_second_person(amount_fen: int, terms: Terms) -> bool:
    return amount_fen > terms.second_person_over_fen
