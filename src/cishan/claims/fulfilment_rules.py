"""Pure decisions of the staff's side of a claim: what money moves, what proves a hand-over, who may ask, who must act."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cishan.accounts.states import Role
from cishan.claims.states import ClaimStatus, ClaimWay, DeliveryProof

CODE_DIGITS = 6
CODE_TRIES = 5
MOST_SPENT_FEN = 1_000_000
MOST_VALUE_FEN = 1_000_000
MOST_HOURS = 100
LONGEST_SHOP = 60
LONGEST_NOTE = 200
LONGEST_THANKS = 300
DAY = timedelta(days=1)
REMIND_BEFORE = DAY

STAFFED = frozenset(
    {ClaimStatus.PAID, ClaimStatus.ADVANCED, ClaimStatus.BOUGHT, ClaimStatus.DELIVERED, ClaimStatus.QUESTIONED}
)
"""Statuses in which staff must act by a day."""

STAFFED_SQL = "status IN ('paid', 'advanced', 'bought', 'delivered', 'questioned')"

LAST_LEVEL = 2

RELATIONS = ("本人", "配偶", "父母", "子女", "孙子女", "其他家人", "邻居", "村里的同志")
"""Who may have answered the check: a relation, never a name."""

CODE = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True)
class Purchased:
    """How a purchase divides the advance: what goes back to the fund, what finance must still give."""

    unspent_fen: int
    extra_fen: int

    @property
    def needs_leave(self) -> bool:
        return self.extra_fen > 0


def divide(advanced_fen: int, spent_fen: int) -> Purchased:
    return Purchased(unspent_fen=max(advanced_fen - spent_fen, 0), extra_fen=max(spent_fen - advanced_fen, 0))


def new_code() -> str:
    """A hand-over code: six digits, told to the household alone."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def purchase_faults(shop: str, spent_fen: int) -> dict[str, str]:
    """What is missing from a purchase voucher, a sentence for each field."""
    faults: dict[str, str] = {}
    if not shop:
        faults["shop"] = "请填写在哪家店买的。"
    elif len(shop) > LONGEST_SHOP:
        faults["shop"] = f"店名太长了，最多 {LONGEST_SHOP} 个字。"
    if not 0 < spent_fen <= MOST_SPENT_FEN:
        faults["spent"] = "请填写小票上的金额，例如 288 或 288.50。"
    return faults


def hand_over_faults(
    way: ClaimWay, proof: DeliveryProof, *, code: str, has_code: bool, has_slip: bool, value_fen: int, hours: int
) -> dict[str, str]:
    """What is missing from a hand-over; whether a code is right is not decided here."""
    faults: dict[str, str] = {}
    if proof is DeliveryProof.CODE and not has_code:
        faults["proof"] = "这家人没有收到过收货码。请用签字单，拍照上传。"
    elif proof is DeliveryProof.CODE and not CODE.fullmatch(code):
        faults["code"] = f"收货码是 {CODE_DIGITS} 位数字，在这家人的短信里。"
    if proof is DeliveryProof.SLIP and not has_slip:
        faults["slip"] = "请拍下这家人签过字的单子。"
    if way is ClaimWay.BRING and not 0 < value_fen <= MOST_VALUE_FEN:
        faults["value"] = "请填写东西大约值多少钱，按市场上的价格。"
    if way is ClaimWay.GIVE_TIME and not 0 < hours <= MOST_HOURS:
        faults["hours"] = f"请填写用了几个小时，1 到 {MOST_HOURS} 之间。"
    return faults


def refusal_of_asker(actor_id: int, deliverer_id: int | None) -> str:
    """Why this person may not ask the family; empty when they may (two people, R-36)."""
    if deliverer_id == actor_id:
        return "东西是您送的，不能由您来核实。请换一位同事打电话或上门。"
    return ""


def is_late(status: ClaimStatus, due_at: datetime | None, now: datetime) -> bool:
    return status in STAFFED and due_at is not None and due_at <= now


def days_late(since: datetime, now: datetime) -> int:
    """Whole days since a missed deadline; a part of a day counts as one, so that nothing late says 0."""
    return max(-((since - now) // DAY), 1)


def may_rise(status: ClaimStatus, due_at: datetime | None, level: int, now: datetime) -> bool:
    """Whether a late claim goes one level up: coordinator, then town, then federation, where it stays."""
    return level < LAST_LEVEL and is_late(status, due_at, now)


def responsible(status: ClaimStatus, level: int) -> Role:
    """Whose turn it is. Money is given by finance and a check is made by another person than the coordinator."""
    if level == 0 and status is ClaimStatus.PAID:
        return Role.FINANCE
    if level == 0 and status is not ClaimStatus.DELIVERED:
        return Role.COORDINATOR
    return Role.TOWN_REVIEWER if level < LAST_LEVEL else Role.EDITOR
