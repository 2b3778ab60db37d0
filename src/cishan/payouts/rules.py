"""Pure decisions about help: who may approve what, what a fund or an allocation still has, what an account number is."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cishan.accounts.states import Role
from cishan.clock import beijing_day
from cishan.divisions.rules import contains, county_of
from cishan.errors import Conflict, Forbidden, IllegalMove, InvalidInput
from cishan.labels import label
from cishan.ledger.states import AccountType
from cishan.money import yuan_text
from cishan.payouts.states import MOVES, UNDECIDED, PayeeKind, PayoutChannel, PayoutKind, PayoutStatus

WHAT_LONGEST = 40
REASON_LONGEST = 300
RECEIVER_LONGEST, PURPOSE_LONGEST, RETURN_LONGEST = 80, 120, 120
MOST_FILED = 50
"""Payouts that one file takes to the bank."""
INVOICE_NUMBER = re.compile(r"[A-Z0-9]{4,40}", re.ASCII)
PROOF_NOTE_LONGEST = 200
CARD_NUMBER = re.compile(r"\d{12,30}", re.ASCII)
ALIPAY_ID = re.compile(r"2088\d{12}|1\d{10}|[^@\s]{1,60}@[^@\s]{1,60}", re.ASCII)
THIRD_ROLES = frozenset({Role.DIRECTOR, Role.FINANCE})
"""Who may be the third over a set sum: the director, who approves nothing else, or a second of finance."""
PLACES = {PayoutChannel.BANK: AccountType.BANK, PayoutChannel.ALIPAY: AccountType.ALIPAY}
"""Where in the books the money of a channel lies."""
ASK_AFTER = tuple(timedelta(seconds=seconds) for seconds in (10, 30, 60, 180, 600))
ASK_LATER = timedelta(minutes=30)
TRANSFER_LEASE = timedelta(minutes=2)
STILL_THERE = (timedelta(days=1), timedelta(days=3))
"""So long after it was made a transfer is looked at again: an account may send money back."""
LAST_LOOK = timedelta(days=10)
"""A look that was not answered is tried again until so long after the transfer was made."""
REFUSALS = {
    "PAYEE_NOT_EXIST": "支付宝账号不存在。请和这家人核对账号。",
    "PAYEE_USERINFO_ERROR": "支付宝账号和姓名不一致。请和这家人核对。",
    "PAYER_BALANCE_NOT_ENOUGH": "商户的支付宝余额不够。",
    "EXCEED_LIMIT_SM_AMOUNT": "超过支付宝的单笔限额。请改用银行付款。",
    "EXCEED_LIMIT_DM_AMOUNT": "超过支付宝的单日限额。请明天再付，或改用银行付款。",
    "PERMIT_CHECK_PERM_LIMITED": "这个支付宝账号现在不能收款。请和这家人联系。",
    "isv.missing-app-cert-sn": "商户的应用没有证书，支付宝不给转账。请改用银行付款，并告诉系统管理员。",
    "isv.insufficient-isv-permissions": "和支付宝的合同不包括转账。请改用银行付款，并告诉系统管理员。",
}
"""What a refusal of Alipay's means, by the last part of its code."""
VERBS = {
    "approve": "审批",
    "refuse": "不同意",
    "file": "送银行",
    "pay": "登记到账",
    "return": "登记退回",
    "stop": "停止付款",
}


@dataclass(frozen=True)
class Terms:
    """Limits of a charity: sums in fen."""

    third_person_over_fen: int = 1_000_000
    large_donor_fen: int = 1_000_000
    """Whoever gave a fund this much counts as a donor who must not be close to a family it helps."""


DEFAULT_TERMS = Terms()


@dataclass(frozen=True)
class Hands:
    """Who has had a hand in a payout so far, by account."""

    applied_by: int
    first_by: int | None = None
    second_by: int | None = None
    third_by: int | None = None

    @property
    def all(self) -> frozenset[int]:
        given = (self.applied_by, self.first_by, self.second_by, self.third_by)
        return frozenset(one for one in given if one is not None)


def check_move(status: PayoutStatus, verb: str) -> None:
    """Raises IllegalMove naming the status and the step."""
    if status not in MOVES[verb][0]:
        raise IllegalMove("这笔救助款", label(status), VERBS[verb])


def status_after_approval(status: PayoutStatus, *, needs_third: bool) -> PayoutStatus:
    """Where an approval leads: first, second, and a third over the set sum."""
    check_move(status, "approve")
    if status is PayoutStatus.APPLIED:
        return PayoutStatus.ENDORSED
    if status is PayoutStatus.ENDORSED and needs_third:
        return PayoutStatus.AWAITING_THIRD
    return PayoutStatus.APPROVED


def is_outside(approver_place: str, household_place: str) -> bool:
    """Whether an approver's office stands outside the county of the family: another county's, or the city's."""
    return not contains(county_of(household_place), approver_place)


def awaits_approval_of(role: Role, status: PayoutStatus) -> bool:
    """Whether an approval is missing that this role may take, outside the urgent lane."""
    if status is PayoutStatus.AWAITING_THIRD:
        return role in THIRD_ROLES
    return status in UNDECIDED and role is not Role.DIRECTOR


def check_approver(
    account_id: int,
    role: Role,
    status: PayoutStatus,
    hands: Hands,
    *,
    tied: frozenset[int],
    outside: bool,
) -> None:
    """Raises Forbidden unless this person may take the next approval (R-11, R-18).

    `tied` are the accounts with a tie to the family: none of them approves. With any tie the second is from outside.
    """
    check_move(status, "approve")
    if account_id in hands.all:
        raise Forbidden("申请、第一次审批、第二次审批要由不同的人来做。这笔您已经经手过了，请另一位同事来批。")
    if account_id in tied:
        raise Forbidden("系统核对到这家人可能和您有关系。为了避嫌，请另一位同事来批。")
    if status is PayoutStatus.ENDORSED and tied and not outside:
        raise Forbidden("系统核对到这家人可能和经办人或大额捐赠人有关系，第二次审批要由外县或市里的同事来做。")
    if not awaits_approval_of(role, status):
        raise Forbidden("金额大的要三次审批：前两次由编辑和财务做，第三次由负责人或另一位财务做。")


def check_paid_at(paid_at: datetime, *, filed_at: datetime, now: datetime) -> None:
    """Raises InvalidInput for a payment on a day before its file was made, or later than now."""
    if paid_at > now:
        raise InvalidInput({"paid_at": "到账时间不能晚于现在。"})
    if beijing_day(paid_at) < beijing_day(filed_at):
        raise InvalidInput(
            {"paid_at": f"付款文件是 {beijing_day(filed_at)} 做的，到账不会更早。请看银行回单上的日期。"}
        )


def check_payer(account_id: int, hands: Hands, *, tied: frozenset[int]) -> None:
    """Raises Forbidden when whoever pays has applied or approved, or has a tie to the family."""
    if account_id in hands.all:
        raise Forbidden("您申请或审批过其中一笔，付款要由另一位出纳来办。")
    if account_id in tied:
        raise Forbidden("其中一家可能和您有关系。为了避嫌，请另一位出纳来办这一笔。")


def check_covered(wanted_fen: int, free_fen: int, where: str) -> None:
    """Raises Conflict when more is wanted than `where` has left (R-9)."""
    if wanted_fen > free_fen:
        raise Conflict(f"{where}的钱不够：还剩 {yuan_text(max(0, free_fen))} 元，这次要 {yuan_text(wanted_fen)} 元。")


def check_reserve_use(case_limit_fen: int | None, amount_fen: int, *, is_urgent: bool) -> None:
    """Raises Conflict unless urgent help comes from a reserve and nothing else does, each case within its limit."""
    if (case_limit_fen is not None) is not is_urgent:
        raise Conflict(
            "急难先行的款只能用乡镇的急难备用金。" if is_urgent else "急难备用金只能用于急难先行，请走“急难先行”。"
        )
    if case_limit_fen is not None and amount_fen > case_limit_fen:
        raise InvalidInput({"amount": f"这笔备用金每件最多 {yuan_text(case_limit_fen)} 元。更多的请走一般的救助申请。"})


def check_lane(*, is_urgent: bool, urgent: bool) -> None:
    """Raises Conflict for a decision on the wrong page: urgent help is decided with an opinion, on its own."""
    if is_urgent is not urgent:
        raise Conflict("这笔是急难先行的款，请在“急难先行”里写意见、作决定。")


def check_holds(channel: PayoutChannel, wanted_fen: int, there_fen: int) -> None:
    """Raises Conflict when the fund's money is not where it would have to leave from."""
    if wanted_fen <= there_fen:
        return
    where, advice = {
        PayoutChannel.BANK: ("银行账户里", "请先把钱从支付宝提现到银行。"),
        PayoutChannel.ALIPAY: ("支付宝里", "可以改用银行付款。"),
    }[channel]
    left = yuan_text(max(0, there_fen))
    raise Conflict(f"这个项目在{where}还有 {left} 元没有安排，不够付这 {yuan_text(wanted_fen)} 元。{advice}")


def check_channel(payees: Sequence[PayeeKind], channel: PayoutChannel) -> None:
    """Raises Conflict unless every account is of the kind that this channel pays to."""
    if any(kind.value != channel.value for kind in payees):
        raise Conflict(
            "其中有支付宝账号，不能放进银行的文件。请在“支付宝付款”里付。"
            if channel is PayoutChannel.BANK
            else "其中有银行账号，不能从支付宝付。请做成银行的付款文件。"
        )


def next_try(tries: int, now: datetime) -> datetime:
    """When to ask again about a transfer whose outcome is not known; asking never ends by itself."""
    return now + (ASK_AFTER[tries - 1] if 0 < tries <= len(ASK_AFTER) else ASK_LATER)


def look_again(made_at: datetime, now: datetime) -> datetime | None:
    """When to look at a made transfer next; None once it has been looked at often enough."""
    return next((made_at + after for after in STILL_THERE if made_at + after > now), None)


def look_once_more(made_at: datetime, now: datetime) -> datetime | None:
    """When to repeat a look that was not answered."""
    return now + ASK_LATER if now < made_at + LAST_LOOK else None


def refusal_words(fault: str) -> str:
    """Why Alipay did not make a transfer, as a person reads it; a code that nobody has named yet is shown as it is."""
    code = fault.rpartition(" ")[2]
    return REFUSALS.get(code, f"支付宝没有付，代码 {fault}。")


def application_faults(kind: PayoutKind, *, what: str, reason: str, amount_fen: int, price_note: str) -> dict[str, str]:
    """A sentence for each field that can't stand."""
    faults: dict[str, str] = {}
    if not what or len(what) > WHAT_LONGEST:
        faults["what"] = f"请写明是什么救助，最多 {WHAT_LONGEST} 个字。这句话会写在这家人的幸福清单上。"
    if not reason or len(reason) > REASON_LONGEST:
        faults["reason"] = f"请写明理由，最多 {REASON_LONGEST} 个字。"
    if amount_fen <= 0:
        faults["amount"] = "金额要大于 0。"
    if kind is PayoutKind.PURCHASE and not price_note.strip():
        faults["price_note"] = "请写明比过哪几家的价，为什么选这一家。"
    return faults


def plain_invoice(number: str) -> str:
    """One spelling of an invoice's number, so that it proves one payment however it is typed."""
    return unicodedata.normalize("NFKC", number).replace(" ", "").replace("-", "").upper()


def proof_faults(
    kind: PayoutKind, *, number: str, note: str, amount_fen: int, left_fen: int, dated_on: date, today: date
) -> dict[str, str]:
    """A sentence for each field of a proof that can't stand: an invoice has its number, and proves no more than was paid."""
    faults: dict[str, str] = {}
    if kind is not PayoutKind.HOUSEHOLD and not INVOICE_NUMBER.fullmatch(plain_invoice(number)):
        faults["number"] = "请填发票或收据的号码，数字或字母。"
    if kind is PayoutKind.HOUSEHOLD and not note.strip():
        faults["note"] = "请写明怎么知道收到了，例如：上门看过存折。不写姓名。"
    if len(note) > PROOF_NOTE_LONGEST:
        faults["note"] = f"太长了，最多 {PROOF_NOTE_LONGEST} 个字。"
    if not 0 < amount_fen <= left_fen:
        faults["amount"] = f"这笔款还差 {yuan_text(left_fen)} 元的凭据，金额要大于 0，不超过它。"
    if dated_on > today:
        faults["dated_on"] = "日期不能在今天以后。"
    return faults


def read_number(kind: PayeeKind, text: str) -> str:
    """An account number without its spaces; raises InvalidInput with what is wrong."""
    plain = re.sub(r"[\s-]", "", text) if kind is PayeeKind.BANK else text.strip()
    pattern = CARD_NUMBER if kind is PayeeKind.BANK else ALIPAY_ID
    if not pattern.fullmatch(plain):
        wanted = (
            "银行卡号是 12 到 30 位数字。" if kind is PayeeKind.BANK else "请填手机号、邮箱或 2088 开头的 16 位账号。"
        )
        raise InvalidInput({"number": wanted})
    return plain


def masked_number(number: str) -> str:
    """All but the last four."""
    return f"**** {number[-4:]}"
