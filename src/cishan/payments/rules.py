"""Pure decisions about orders: our numbers, when to ask the gateway, how received money is split."""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from stdnum.iso7064 import mod_97_10

from cishan.clock import BEIJING
from cishan.ledger.states import AccountType
from cishan.payments.states import OrderStatus, PayChannel, UnassignedReason

POLL_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 3, 10, 30))
"""When to ask about an order whose notice has not come, counted from its start (alipay.md advice, section 5)."""
ASK_AFTER_EXPIRY = timedelta(minutes=1)
ASK_AGAIN = timedelta(minutes=10)
LEASE = timedelta(minutes=2)
AWAY_AFTER = 3
"""So many calls in a row without any answer, and the rest of a batch is left for later: each costs a whole time-out."""
KEY_WARN_DAYS = (30, 7, 1)
"""So many days before a key's last day its administrators are warned."""
LATE_MONEY_JOB = "resolve_late_money"
"""The queued job that does with unassigned money what its donor has chosen."""
LATE_MONEY_WITHIN = timedelta(seconds=60)

TRANSFER_WITHIN = timedelta(days=30)
"""How long a transfer is waited for; one that comes later is received all the same."""
PLACES = {PayChannel.ALIPAY: AccountType.ALIPAY, PayChannel.BANK: AccountType.BANK}
"""Where in the books an order's money comes in, and leaves when it goes back."""
_CODE = re.compile(r"CS[\s-]?(\d{4})[\s-]?(\d{4})[\s-]?(\d{4})(?!\d)", re.ASCII)


def key_step(use_until: date, today: date, *, warned_days: int | None) -> int | None:
    """The warning that is to be sent now: 30, 7 or 1, -1 once the last day is over, None when there is none."""
    left = (use_until - today).days
    step = -1 if left < 0 else min((days for days in KEY_WARN_DAYS if left <= days), default=None)
    if step is None or (warned_days is not None and step >= warned_days):
        return None
    return step


def new_out_trade_no(now: datetime) -> str:
    """Our number at the gateway: the day in China and 80 random bits; letters and digits only."""
    return f"C{now.astimezone(BEIJING):%Y%m%d}{secrets.token_hex(10)}"


def new_transfer_code() -> str:
    """A code that fits on a bank's form: CS, ten random digits and two check digits (ISO 7064 mod 97-10, as an IBAN has).

    One wrong digit, or two that changed places, make no code.
    """
    digits = f"{secrets.randbelow(10**10):010d}"
    return f"CS{digits}{mod_97_10.calc_check_digits(digits)}"


def transfer_codes_in(text: str) -> tuple[str, ...]:
    """The codes in what somebody wrote to the bank, each once, however it was spaced; nothing that only looks like one."""
    plain = unicodedata.normalize("NFKC", text).upper()
    found = ("".join(match.groups()) for match in _CODE.finditer(plain))
    return tuple(dict.fromkeys(f"CS{digits}" for digits in found if mod_97_10.is_valid(digits)))


def spaced_code(code: str) -> str:
    """A transfer code as a person reads it: CS 1234 5678 9012."""
    return f"{code[:2]} {code[2:6]} {code[6:10]} {code[10:]}"


def next_poll(*, created_at: datetime, expires_at: datetime, now: datetime) -> datetime:
    """The next instant to ask about an unpaid order: on the schedule, at expiry, then every ten minutes."""
    planned = sorted([*(created_at + step for step in POLL_AFTER), expires_at + ASK_AFTER_EXPIRY])
    return next((instant for instant in planned if instant > now), now + ASK_AGAIN)


@dataclass(frozen=True)
class Line:
    """An order line as `settle` sees it; `refused` is the owner's reason for not taking its money."""

    id: int
    fund_id: int
    amount_fen: int
    refused: UnassignedReason | None = None


@dataclass(frozen=True)
class Split:
    """Where received money goes: lines that take theirs, and sums of a fund that stay unassigned, with why."""

    gifts: tuple[Line, ...]
    unassigned: tuple[tuple[int, UnassignedReason, int], ...]


def split_received(lines: tuple[Line, ...], total_fen: int, received_fen: int) -> Split:
    """Not a fen is lost: gifts and unassigned sums always add up to what was received.

    Less than the order's total gives nothing to any line; more than it leaves the surplus with the first line's fund.
    """
    if received_fen < total_fen:
        return Split((), ((lines[0].fund_id, UnassignedReason.SHORT, received_fen),))
    gifts = tuple(line for line in lines if line.refused is None)
    sums: dict[tuple[int, UnassignedReason], int] = {}
    for line in lines:
        if line.refused is not None:
            key = (line.fund_id, line.refused)
            sums[key] = sums.get(key, 0) + line.amount_fen
    if received_fen > total_fen:
        sums[(lines[0].fund_id, UnassignedReason.SURPLUS)] = received_fen - total_fen
    return Split(gifts, tuple((fund, reason, amount) for (fund, reason), amount in sums.items()))


def is_far_beyond(amount_fen: int, *, need_fen: int, usual_fen: int, times: int, floor_fen: int) -> bool:
    """Whether a gift is so large that its donor is asked again: by far more than is needed, or than they usually give.

    `usual_fen` is 0 for somebody who has not given yet; nothing below `floor_fen` is worth a question.
    """
    if amount_fen <= floor_fen:
        return False
    return amount_fen > need_fen * times or (usual_fen > 0 and amount_fen > usual_fen * times)


def is_payable(status: OrderStatus, expires_at: datetime, now: datetime) -> bool:
    return status is OrderStatus.PENDING and now < expires_at
