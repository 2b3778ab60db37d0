"""The ways in which the sandbox can misbehave. They combine, and can be set for all trades or for one."""

from collections.abc import Iterable
from enum import StrEnum


class Fault(StrEnum):
    """One misbehaviour. Notices and the signed return are what the sandbox says unasked; answers are
    asked for.
    """

    DROP = "drop"  # no notice is ever sent
    DELAY = "delay"  # the first notice leaves late
    DUPLICATE = "duplicate"  # each notice is posted twice at the same moment
    REORDER = "reorder"  # an old WAIT_BUYER_PAY notice arrives after the one that says paid
    BAD_SIGNATURE = "bad_signature"  # notices and return carry a signature that does not fit
    WRONG_AMOUNT = "wrong_amount"  # notices and return, correctly signed, name one fen too much
    WRONG_SELLER = "wrong_seller"  # notices and return, correctly signed, name another seller
    UNKNOWN_RESULT = "unknown_result"  # a query or close is carried out and answered with code 20000
    SERVER_ERROR = "server_error"  # a query or close is not carried out and answered with status 500
    NOTIFY_BEFORE_RETURN = "notify_before_return"  # the notice arrives before the buyer is sent back
    PAID_AFTER_CLOSE = "paid_after_close"  # a buyer can pay although the trade is closed or timed out
    BAD_ANSWER_SIGNATURE = "bad_answer_signature"  # answers carry a signature that does not fit
    WRONG_ANSWER_AMOUNT = "wrong_answer_amount"  # a query, correctly signed, names one fen too much


NO_FAULTS: frozenset[Fault] = frozenset()


def read_faults(names: Iterable[str]) -> frozenset[Fault]:
    """Faults by name, as a command line or a control call gives them; ValueError names the unknown one."""
    return frozenset(Fault(name.strip()) for name in names if name.strip())
