"""What the pages of receipts, certificates and statements show: one frozen object each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cishan.labels import label
from cishan.page_parts import Column, Pagination
from cishan.receipts.certificates import Certificate
from cishan.receipts.queries import MoneyGift, WaitingRequest
from cishan.receipts.rules import CAN_ASK
from cishan.receipts.states import CertificateStanding, ReceiptState

Fields = Mapping[str, str]
SUM = Column("金额", number=True)
PAID = Column("捐了", number=True)
LEFT = Column("其中有效", number=True)
NAMED = (("yes", "写上我的名字"), ("no", "不写名字，只写“爱心人士”"))

TONES: dict[ReceiptState, str] = {
    ReceiptState.NOT_ASKED: "plain",
    ReceiptState.WAITING: "busy",
    ReceiptState.ISSUED: "good",
    ReceiptState.REFUSED: "warn",
    ReceiptState.REVERSED: "warn",
    ReceiptState.NOTHING_LEFT: "plain",
}


@dataclass(frozen=True)
class GiftRow:
    href: str
    title: str
    paid_at: datetime
    paid_fen: int
    state_label: str
    state_tone: str


@dataclass(frozen=True)
class WaitingGift:
    """A donation whose money has not come; `state_label` says what it waits for."""

    title: str
    amount_fen: int
    href: str
    state_label: str


@dataclass(frozen=True)
class MoneyGiftsPage:
    """A donor's gifts of money, and the years they may have a statement of."""

    waiting: tuple[WaitingGift, ...]
    gifts: tuple[GiftRow, ...]
    years: tuple[int, ...]
    pagination: Pagination


@dataclass(frozen=True)
class MoneyGiftPage:
    """One gift of money: its receipt and its certificate."""

    gift: MoneyGift
    state_label: str
    state_tone: str
    can_ask: bool
    is_waiting: bool
    refusal: str
    can_certify: bool
    certificate: Certificate | None
    named: str
    verify_href: str
    claim_href: str | None
    choices: tuple[tuple[str, str], ...] = NAMED


@dataclass(frozen=True)
class AskPage:
    """The form that asks for a receipt; an organisation's name and code are on its file and only shown."""

    gift: MoneyGift
    is_organisation: bool
    name: str
    number: str
    days: int
    values: Fields = field(default_factory=dict)
    errors: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class CertificatePage:
    """What anybody who holds a certificate may check: no more than its face."""

    number: str
    name: str
    amount_fen: int
    project: str
    charity: str
    given_at: datetime
    is_valid: bool
    standing_label: str
    standing_tone: str


@dataclass(frozen=True)
class RequestRow:
    href: str
    payer: str
    kind_label: str
    amount_fen: int
    requested_at: datetime
    due_at: datetime
    is_late: bool


@dataclass(frozen=True)
class RedRow:
    """A reversal whose red number has to be entered."""

    id: int
    register: str
    bill: str
    amount_fen: int
    reason_label: str
    due_at: datetime
    is_late: bool
    values: Fields
    errors: Fields


@dataclass(frozen=True)
class ReceiptsDeskPage:
    """What finance has to issue and to reverse, the most urgent first."""

    now: datetime
    requests: tuple[RequestRow, ...]
    reds: tuple[RedRow, ...]
    errors: Fields
    sum_column: Column = SUM


@dataclass(frozen=True)
class IssuePage:
    """One request: what goes into the finance bureau's system, and the numbers that come back."""

    request: WaitingRequest
    payer_kind_label: str
    number_label: str
    amount_words: str
    charity_name: str
    left_is_less: bool
    is_late: bool
    now: datetime
    values: Fields
    errors: Fields


@dataclass(frozen=True)
class RegisterRow:
    id: int
    register: str
    bill: str
    amount_fen: int
    issued_at: datetime
    order_href: str
    standing_label: str
    standing_tone: str
    red: str
    can_reverse: bool


@dataclass(frozen=True)
class RegisterPage:
    """Every receipt that was ever issued, and what became of it."""

    rows: tuple[RegisterRow, ...]
    search: str
    pagination: Pagination
    sum_column: Column = SUM


@dataclass(frozen=True)
class StatementRow:
    """One gift on a statement, as text."""

    on: str
    number: str
    what: str
    paid: str
    left: str
    receipt: str


@dataclass(frozen=True)
class Statement:
    """A donor's year. `left_fen` is what counts: received, less what went back."""

    year: int
    name: str
    charity: str
    uscc: str
    made_on: str
    rows: tuple[StatementRow, ...]
    in_kind: tuple[tuple[str, str, str], ...]
    paid_fen: int
    refunded_fen: int
    unsettled_fen: int
    left_fen: int
    left_words: str
    receipted_fen: int


@dataclass(frozen=True)
class StatementPage:
    statement: Statement
    rows: tuple[StatementRow, ...]
    years: tuple[tuple[str, str, bool], ...]
    pagination: Pagination
    paid_column: Column = PAID
    left_column: Column = LEFT


def gift_row(gift: MoneyGift) -> GiftRow:
    return GiftRow(
        href=f"/me/gifts/{gift.id}",
        title=gift.title,
        paid_at=gift.paid_at,
        paid_fen=gift.paid_fen,
        state_label=label(gift.state),
        state_tone=TONES[gift.state],
    )


def money_gift_page(gift: MoneyGift, certificate: Certificate | None) -> MoneyGiftPage:
    return MoneyGiftPage(
        gift=gift,
        state_label=label(gift.state),
        state_tone=TONES[gift.state],
        can_ask=gift.state in CAN_ASK,
        is_waiting=gift.state is ReceiptState.WAITING,
        refusal=gift.refusal if gift.state is ReceiptState.REFUSED else "",
        can_certify=gift.left_fen > 0,
        certificate=certificate,
        named="no" if certificate and certificate.anonymous else "yes",
        verify_href=f"/certificates/{certificate.token}" if certificate else "",
        claim_href=_path_of(gift),
    )


def certificate_page(certificate: Certificate) -> CertificatePage:
    valid = certificate.standing is CertificateStanding.VALID
    return CertificatePage(
        number=certificate.number,
        name=certificate.name,
        amount_fen=certificate.amount_fen,
        project=certificate.project,
        charity=certificate.charity,
        given_at=certificate.given_at,
        is_valid=valid,
        standing_label=label(certificate.standing),
        standing_tone="good" if valid else "bad",
    )


def request_row(request: WaitingRequest, now: datetime) -> RequestRow:
    return RequestRow(
        href=f"/desk/finance/receipts/{request.id}",
        payer=request.payer_name,
        kind_label=label(request.payer_kind),
        amount_fen=request.amount_fen,
        requested_at=request.requested_at,
        due_at=request.due_at,
        is_late=request.due_at <= now,
    )


def _path_of(gift: MoneyGift) -> str | None:
    """The page that follows what became of a gift."""
    if gift.claim_id:
        return f"/me/claims/{gift.claim_id}"
    return f"/me/donations/{gift.donation_id}" if gift.donation_id else None
