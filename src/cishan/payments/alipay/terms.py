"""The words of the port: what we ask Alipay, what it tells us, and the ways in which asking can end."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from cishan.clock import BEIJING

_BEIJING_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,6})?")


@dataclass(frozen=True)
class Merchant:
    """One charity's contract with Alipay. `alipay_public_key_pems` holds every key of Alipay still in use."""

    app_id: str
    seller_id: str
    private_key_pem: str = field(repr=False)
    alipay_public_key_pems: tuple[str, ...]
    gateway_url: str


@dataclass(frozen=True)
class Checkout:
    """One order about to be paid. `quit_url` is where a donor lands who leaves the cashier without paying."""

    out_trade_no: str
    subject: str
    total_fen: int
    expires_at: datetime
    notify_url: str
    return_url: str
    quit_url: str
    phone: bool


class TradeStatus(StrEnum):
    """Alipay's four states of a trade. CLOSED means never paid, or paid and refunded in full."""

    WAIT_BUYER_PAY = "WAIT_BUYER_PAY"
    TRADE_SUCCESS = "TRADE_SUCCESS"
    TRADE_FINISHED = "TRADE_FINISHED"
    TRADE_CLOSED = "TRADE_CLOSED"


PAID = frozenset({TradeStatus.TRADE_SUCCESS, TradeStatus.TRADE_FINISHED})


@dataclass(frozen=True)
class Trade:
    """A trade as Alipay vouches for it. `buyer` is the masked logon id, empty if Alipay leaves it out.

    `refunded_fen` is the cumulative refund as far as the source tells: a notice names it; a query does not,
    so there it is the whole sum for a trade that was paid and is closed, and 0 otherwise.
    """

    out_trade_no: str
    trade_no: str
    status: TradeStatus
    total_fen: int
    refunded_fen: int
    paid_at: datetime | None
    buyer: str


@dataclass(frozen=True)
class RefundAnswer:
    """What Alipay says of a refund. `changed` False says nothing: it may have been made before, or not at all.

    `refunded_fen` is what has gone back of the whole trade, all its refunds together.
    """

    changed: bool
    refunded_fen: int
    refunded_at: datetime | None


@dataclass(frozen=True)
class MadeRefund:
    """A refund that has been made, as a query of its own number tells."""

    amount_fen: int
    refunded_at: datetime | None


@dataclass(frozen=True)
class TransferOrder:
    """Money that is to go to somebody's Alipay account. `title` is what they read; `name` must be the account holder's."""

    out_biz_no: str
    amount_fen: int
    account: str
    name: str = field(repr=False)
    title: str


class TransferStatus(StrEnum):
    """Alipay's four states of a transfer. DEALING says nothing yet; REFUND means that it came back."""

    SUCCESS = "SUCCESS"
    DEALING = "DEALING"
    FAIL = "FAIL"
    REFUND = "REFUND"


@dataclass(frozen=True)
class Transfer:
    """A transfer as Alipay vouches for it. `amount_fen` is None where an answer names none; `fault` says why it failed."""

    out_biz_no: str
    status: TransferStatus
    amount_fen: int | None
    moved_at: datetime | None
    fault: str


@dataclass(frozen=True)
class Notice:
    """A verified notice. `is_refund` tells a refund from a payment: both may say TRADE_SUCCESS."""

    notify_id: str
    trade: Trade
    is_refund: bool
    raw: Mapping[str, str]


@dataclass(frozen=True)
class ReturnTicket:
    """What a donor brings back from the cashier. It says which order, and never that it is paid."""

    out_trade_no: str
    trade_no: str
    total_fen: int


class CloseOutcome(StrEnum):
    CLOSED = "closed"
    NOTHING_TO_CLOSE = "nothing_to_close"
    ALREADY_PAID = "already_paid"


class NoticeFault(StrEnum):
    """Why a notice or a return is not believed."""

    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    DUPLICATE_KEY = "duplicate_key"
    AMBIGUOUS = "ambiguous"
    WRONG_SIGN_TYPE = "wrong_sign_type"
    BAD_SIGNATURE = "bad_signature"
    WRONG_APP = "wrong_app"
    WRONG_SELLER = "wrong_seller"
    WRONG_KIND = "wrong_kind"
    MISSING_FIELD = "missing_field"
    BAD_STATUS = "bad_status"
    BAD_AMOUNT = "bad_amount"
    BAD_TIME = "bad_time"


class NoticeRejected(Exception):
    """A notice or a return that proves nothing. `claimed` is what it said, as far as it could be read."""

    def __init__(self, reason: NoticeFault, claimed: Mapping[str, str] | None = None) -> None:
        super().__init__(f"the notice is not believed: {reason.value}")
        self.reason = reason
        self.claimed: Mapping[str, str] = claimed or {}


class CheckoutTooLate(ValueError):
    """Less than a minute is left before `expires_at`: Alipay takes no shorter time."""


class GatewayUnknown(Exception):
    """The call did not end in a signed and final answer. Whatever was asked may or may not have happened."""


class GatewayAway(GatewayUnknown):
    """Nothing sensible came back: no connection, no answer in time, a broken one, or an error of the server."""


class GatewayRefused(Exception):
    """Alipay answered, signed, that it will not do this."""

    def __init__(self, code: str, sub_code: str) -> None:
        super().__init__(f"Alipay refused: {code} {sub_code}".rstrip())
        self.code = code
        self.sub_code = sub_code


def beijing_text(instant: datetime) -> str:
    """An instant as Alipay writes time: to the second, in Beijing."""
    return instant.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def instant_from_beijing_text(text: str) -> datetime:
    """The UTC instant that Alipay wrote as Beijing time, to the second; ValueError if it is none."""
    match = _BEIJING_TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not a time as Alipay writes it: {text[:30]!r}")
    local = datetime.strptime(match.group(1), "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    return local.astimezone(UTC)
