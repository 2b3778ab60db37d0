"""What a donor sees of giving to a fund: the form, and what became of a donation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cishan.charities.queries import Site
from cishan.donations.queries import OwnDonation
from cishan.donations.rules import LAST_MINUTES_TO_PAY
from cishan.donations.states import DonationStatus
from cishan.labels import label
from cishan.page_parts import Step
from cishan.payments.rules import is_payable, spaced_code
from cishan.payments.states import LateChoice, OrderStatus, PayChannel
from cishan.refunds.rules import back_to
from cishan.templating import moment, yuan

Choice = tuple[str, str, str]

CHIPS_FEN = (2_000, 5_000, 10_000, 20_000, 50_000)
OTHER = "other"
CHIPS: tuple[tuple[str, str], ...] = (
    *((str(fen // 100), f"{fen // 100} 元") for fen in CHIPS_FEN),
    (OTHER, "其他金额"),
)
LATE_CHOICES: tuple[Choice, ...] = (
    (LateChoice.REFUND.value, "原路退给我", "退回您付款的账户，不用再来申请。"),
    (LateChoice.FUND.value, "留在项目里", "用于这个项目的目的。"),
)
CHANNELS: tuple[Choice, ...] = (
    (PayChannel.ALIPAY.value, "支付宝", "马上付，最多 100 万元。"),
    (PayChannel.BANK.value, "银行转账（对公）", "下一页给您账号和转账码，30 天内汇出。"),
)
TONES = {
    DonationStatus.PLEDGED: "warn",
    DonationStatus.RECEIVED: "good",
    DonationStatus.RETURNED: "plain",
    DonationStatus.LAPSED: "plain",
}


@dataclass(frozen=True)
class GivePage:
    """The form: how much, named or not, and what happens with the money, said before paying."""

    action: str
    back: str
    lead: str
    fund_name: str
    filing_number: str
    purpose: str
    terms: tuple[tuple[str, str], ...]
    closed_words: str
    monthly_href: str
    charity_name: str
    chips: tuple[tuple[str, str], ...]
    late_choices: tuple[Choice, ...]
    cooling_hours: int
    can_pay: bool
    donor_word: str
    channels: tuple[Choice, ...]
    asks_again: str
    sources: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


@dataclass(frozen=True)
class TransferSlip:
    """What a company's cashier writes on the bank's form. `code` as it is read, `plain_code` as it is copied."""

    account_name: str
    bank_name: str
    bank_number: str
    code: str
    plain_code: str
    until: datetime


@dataclass(frozen=True)
class DonationPage:
    """One donation and where it stands."""

    id: int
    fund_name: str
    filing_number: str
    amount_fen: int
    left_fen: int
    state_label: str
    state_tone: str
    shows_name: bool
    out_trade_no: str
    gift_href: str
    pay_until: datetime | None
    is_confirming: bool
    is_received: bool
    slip: TransferSlip | None
    back_to: str
    waiting_fen: int
    take_back_until: datetime | None
    receipt_href: str
    note: str
    steps: tuple[Step, ...]
    now: datetime
    error: str = ""


def donation_page(
    donation: OwnDonation, *, note: str, site: Site, came_back: bool, cooling_hours: int, now: datetime, error: str = ""
) -> DonationPage:
    by_bank = donation.channel is PayChannel.BANK
    payable = not by_bank and is_payable(donation.order_status, donation.expires_at - LAST_MINUTES_TO_PAY, now)
    is_received = donation.status is DonationStatus.RECEIVED
    until = donation.received_at + timedelta(hours=cooling_hours) if donation.received_at else None
    return DonationPage(
        id=donation.id,
        fund_name=donation.fund_name,
        filing_number=donation.filing_number,
        amount_fen=donation.amount_fen,
        left_fen=donation.left_fen,
        state_label="没有收下" if _was_not_taken(donation) else label(donation.status),
        state_tone=TONES[donation.status],
        shows_name=donation.shows_name,
        out_trade_no=donation.out_trade_no,
        gift_href=f"/me/gifts/{donation.order_id}" if donation.order_status is OrderStatus.PAID else "",
        pay_until=donation.expires_at - LAST_MINUTES_TO_PAY if payable and not came_back else None,
        is_confirming=came_back and not by_bank and donation.order_status is OrderStatus.PENDING,
        is_received=is_received,
        slip=_slip(donation, site) if by_bank and donation.status is DonationStatus.PLEDGED else None,
        back_to=back_to(donation.channel),
        waiting_fen=donation.waiting_fen,
        take_back_until=until if is_received and until is not None and now < until else None,
        receipt_href=f"/me/gifts/{donation.order_id}/receipt" if is_received and donation.wants_receipt else "",
        note=note,
        steps=_steps(donation),
        now=now,
        error=error,
    )


def _was_not_taken(donation: OwnDonation) -> bool:
    """Whether its money came, and too late or beyond what was asked for."""
    return donation.order_status is OrderStatus.PAID and donation.received_at is None


def _slip(donation: OwnDonation, site: Site) -> TransferSlip:
    return TransferSlip(
        account_name=site.name,
        bank_name=site.bank_name,
        bank_number=site.bank_number,
        code=spaced_code(donation.transfer_code),
        plain_code=donation.transfer_code,
        until=donation.expires_at,
    )


def _steps(donation: OwnDonation) -> tuple[Step, ...]:
    """What happened and what comes next (慈善法 art. 42: the donor's right to know)."""
    steps = [Step("您填写了捐款", moment(donation.made_at), why=yuan(donation.amount_fen))]
    if donation.received_at is not None:
        steps.append(
            Step("收到您的捐款", moment(donation.received_at), why=f"记入“{donation.fund_name}”项目，专账管理")
        )
        steps.append(Step("用于项目的目的", stage="next", why="用在哪里，在收支公开页和信息公开里看得到"))
    if donation.status is DonationStatus.RETURNED:
        steps[-1] = Step("按您的意思退回", stage="done")
    if _was_not_taken(donation):
        moved = "正在按您付款前选的办理" if donation.waiting_fen else "已经按您付款前选的办了，消息里有经过"
        steps.append(
            Step("钱到得晚了，或者已经筹够，没有收下", stage="now" if donation.waiting_fen else "done", why=moved)
        )
    elif donation.status is DonationStatus.PLEDGED:
        by_bank = donation.channel is PayChannel.BANK
        steps.append(Step("等您的转账到账" if by_bank else "等您付款", stage="now"))
    elif donation.status is DonationStatus.LAPSED:
        steps.append(Step("没有付款，这次捐款没有生效", stage="bad"))
    return tuple(steps)
