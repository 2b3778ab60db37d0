"""The only writer of what a bank movement is: the bookkeeper says so, once, and it is booked (R-18)."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.bank.states import BankLineStatus
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.ledger.actions import Source, book_fee, book_withdrawal
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.permissions import Permission, holds
from cishan.reconciliation.comparing import WISH_FUND
from cishan.reconciliation.rules import check_alipay_holds, check_reason

SOURCE_KIND = "bank_line"
LOCK_LINE = "SELECT id, charity_id, at, amount_fen, status FROM bank_line WHERE id = $1 AND charity_id = $2 FOR UPDATE"
FUND = "SELECT id FROM fund WHERE id = $1 AND charity_id = $2"
CODE = "UPDATE bank_line SET status = $2, note = $3, coded_by_id = $4, coded_at = $5 WHERE id = $1"


async def code_line(
    line_id: int,
    status: BankLineStatus,
    note: str,
    *,
    charity_id: int,
    actor: Viewer,
    now: datetime,
    fund_id: int | None = None,
) -> None:
    """Says what a movement is, once: a withdrawal from Alipay or a fee is booked, noise needs its reason and is not.

    `fund_id` is the fund whose money moved, the 微心愿 fund when none is named: each fund's money is taken to the bank by
    itself (慈善法 art. 54). Raises InvalidInput("fund") for a fund that is not the charity's.
    """
    _must(actor, Permission.KEEP_BOOKS)
    async with in_transaction():
        line = await _line(line_id, charity_id)
        if line["status"] != BankLineStatus.UNRECOGNISED:
            raise Conflict("这笔流水已经有人认定过了。")
        kept = check_reason(note.strip()) if status is BankLineStatus.NOISE else note.strip()[:200]
        await _book(line, status, fund_id, now=now)
        await rows(CODE, line_id, status.value, kept[:200], actor.account_id, now)
        await record_event("bank_line", line_id, status.value, actor=actor, now=now)


async def _book(line: JsonRow, status: BankLineStatus, named_fund: int | None, *, now: datetime) -> None:
    amount_fen, source = line["amount_fen"], Source(SOURCE_KIND, line["id"])
    fund_id = await _fund_of(line["charity_id"], named_fund)
    if status is BankLineStatus.WITHDRAWAL:
        if amount_fen < 0:
            raise InvalidInput({"status": "这笔是支出，不是从支付宝提现到账。"})
        check_alipay_holds(amount_fen, await balance_of(fund_id, AccountType.ALIPAY))
        await book_withdrawal(fund_id, amount_fen, source, arrived_at=line["at"], now=now)
    elif status is BankLineStatus.FEE:
        if amount_fen > 0:
            raise InvalidInput({"status": "这笔是收入，不是手续费。"})
        if -amount_fen > await balance_of(fund_id, AccountType.BANK):
            raise Conflict("账上银行存款不够付这笔手续费。请先核对这笔是不是别的项目的钱。")
        await book_fee(fund_id, AccountType.BANK, -amount_fen, source, kept_at=line["at"], now=now)
    elif status is BankLineStatus.UNRECOGNISED:
        raise InvalidInput({"status": "请从列出的选项中选择。"})


async def _fund_of(charity_id: int, named_fund: int | None) -> int:
    found = await rows(FUND, named_fund, charity_id) if named_fund else await rows(WISH_FUND, charity_id)
    if not found:
        raise InvalidInput({"fund": "请选择这笔钱是哪个项目的。"})
    fund_id: int = found[0]["id"]
    return fund_id


async def _line(line_id: int, charity_id: int) -> JsonRow:
    found = await rows(LOCK_LINE, line_id, charity_id)
    if not found:
        raise NotFound
    return found[0]


def _must(actor: Viewer, permission: Permission) -> None:
    if not holds(actor.role, permission):
        raise Forbidden
