"""Pure decisions about donations: what moves they make, and whether a fund takes money now."""

from datetime import datetime, timedelta

from cishan.donations.states import MOVES, DonationStatus
from cishan.errors import Conflict, IllegalMove, InvalidInput
from cishan.forms.typed import fen_as_typed
from cishan.labels import label
from cishan.money import yuan_text
from cishan.payments.rules import TRANSFER_WITHIN
from cishan.payments.states import LateChoice, PayChannel, UnassignedReason

LEAST_FEN, MOST_FEN = 100, 100_000_000
"""What one donation may be: from a yuan to a million."""
MOST_BY_BANK_FEN = 1_000_000_000
"""By transfer, to ten million; more after a call."""
LAST_MINUTES_TO_PAY = timedelta(minutes=2)
"""The gateway takes no order that must be paid within a minute."""
NOTE_LONGEST = 100
PAY_FOR = timedelta(minutes=30)
"""How long the cashier takes the money of a donation."""


def next_status(status: DonationStatus, verb: str) -> DonationStatus:
    """Where a move leads; raises IllegalMove naming the status and the step."""
    allowed, target = MOVES[verb]
    if status not in allowed:
        raise IllegalMove("这笔捐款", label(status), VERBS[verb])
    return target


VERBS = {"receive": "收款", "return": "退回", "keep": "留在项目", "lapse": "过期"}


def read_amount(text: str, channel: PayChannel = PayChannel.ALIPAY) -> int:
    """What a donor typed as yuan, in fen; raises InvalidInput with a sentence for anything that is no sum to give."""
    try:
        amount_fen = fen_as_typed(text.strip())
    except ValueError as error:
        raise InvalidInput({"amount": "请填写金额，例如 100 或 88.80。"}) from error
    if amount_fen < LEAST_FEN:
        raise InvalidInput({"amount": f"一次最少捐 {yuan_text(LEAST_FEN)} 元。"})
    if channel is PayChannel.ALIPAY and amount_fen > MOST_FEN:
        raise InvalidInput(
            {"amount": "用支付宝一次最多捐 100 万元。更大的捐款请单位用银行转账，或者先打电话，我们当面办。"}
        )
    if amount_fen > MOST_BY_BANK_FEN:
        raise InvalidInput({"amount": "一次最多转账 1000 万元。更大的捐款请先打电话，我们当面办。"})
    return amount_fen


def pay_by(channel: PayChannel, now: datetime, *, takes_until: datetime | None, pay_for: timedelta) -> datetime:
    """Until when the money of a donation is waited for; a campaign's filed end ends the waiting for a transfer too."""
    if channel is PayChannel.ALIPAY:
        return now + pay_for
    return min(now + TRANSFER_WITHIN, takes_until or now + TRANSFER_WITHIN)


def takes_money(at: datetime, *, takes_from: datetime | None, takes_until: datetime | None) -> bool:
    """Whether a fund takes money at an instant; a fund without bounds always does."""
    return (takes_from is None or at >= takes_from) and (takes_until is None or at < takes_until)


def check_takes_money(at: datetime, *, takes_from: datetime | None, takes_until: datetime | None) -> None:
    """Raises Conflict before a campaign opens and from its filed end minute on (募捐办法 art. 24)."""
    if takes_from is not None and at < takes_from:
        raise Conflict("这个项目还没有开始募捐。")
    if not takes_money(at, takes_from=takes_from, takes_until=takes_until):
        raise Conflict("这个项目的募捐已经结束，不再收款。没有扣您的钱。")


def check_within_cap(amount_fen: int, *, cap_fen: int | None, given_fen: int) -> None:
    """Raises before paying what a target that stops has no room for: Conflict when it is reached, else InvalidInput."""
    if cap_fen is None or given_fen + amount_fen <= cap_fen:
        return
    if given_fen >= cap_fen:
        raise Conflict("这个项目已经筹够，不再收款。没有扣您的钱。")
    raise InvalidInput({"amount": f"离筹够还差 {yuan_text(cap_fen - given_fen)} 元，筹够就不再收款。请少捐一些。"})


def check_late_choice(choice: LateChoice, *, takes_until: datetime | None) -> None:
    """A campaign with a filed end takes nothing after it: what comes too late, twice or in surplus goes back."""
    if takes_until is not None and choice is not LateChoice.REFUND:
        raise InvalidInput({"late": "这个项目有备案的结束时间，迟到、重复、多付的钱只能原路退回。"})


def refusal_of_payment(
    status: DonationStatus,
    *,
    in_time: bool,
    cap_fen: int | None,
    given_fen: int,
    amount_fen: int,
) -> UnassignedReason | None:
    """Why a donation can't take its money, None when it can: paid twice, after the end, or beyond a target that stops."""
    if status in {DonationStatus.RECEIVED, DonationStatus.RETURNED}:
        return UnassignedReason.DUPLICATE
    if not in_time:
        return UnassignedReason.LATE
    if cap_fen is not None and given_fen + amount_fen > cap_fen:
        return UnassignedReason.SURPLUS
    return None
