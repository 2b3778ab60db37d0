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
    UNKNOWN_RESULT = "unknown_result"  # what is asked is carried out and answered with code 20000
    SERVER_ERROR = "server_error"  # what is asked is not carried out and answered with status 500
    UNSIGNED_ERROR = "unsigned_error"  # what is asked is not carried out and refused without a signature
    SLOW = "slow"  # what is asked is carried out, and the answer takes its time
    NO_BALANCE = "no_balance"  # a refund or a transfer is refused: the merchant's balance is too small
    DEALING = "dealing"  # a transfer stays undecided until the fault is gone
    COMES_BACK = "comes_back"  # a transfer that was made is told as come back when it is queried
    NO_CERTIFICATE = "no_certificate"  # transfers are refused: this application has no certificate
    NO_BILL = "no_bill"  # the bill is never ready
    NOTIFY_BEFORE_RETURN = "notify_before_return"  # the notice arrives before the buyer is sent back
    PAID_AFTER_CLOSE = "paid_after_close"  # a buyer can pay although the trade is closed or timed out
    BAD_ANSWER_SIGNATURE = "bad_answer_signature"  # answers carry a signature that does not fit
    WRONG_ANSWER_AMOUNT = "wrong_answer_amount"  # a query, correctly signed, names one fen too much
    WRONG_BILL = "wrong_bill"  # the bill names one fen too much for this trade
    LATE_IN_BILL = "late_in_bill"  # this trade stands in the bill of the day after


NO_FAULTS: frozenset[Fault] = frozenset()


def read_faults(names: Iterable[str]) -> frozenset[Fault]:
    """Faults by name, as a command line or a control call gives them; ValueError names the unknown one."""
    return frozenset(Fault(name.strip()) for name in names if name.strip())
