"""What a bank movement is: the bookkeeper says so, once, and it is booked (R-18). Gifts and what goes back: `gifts`, `returns`."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.bank.rules import check_may_be
from cishan.bank.states import BankLineStatus
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.ledger.actions import Source, book_fee, book_hold, book_withdrawal
from cishan.ledger.free import lock_fund
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.permissions import Permission, must
from cishan.reconciliation.comparing import WISH_FUND
from cishan.reconciliation.rules import check_alipay_holds, check_reason

SOURCE_KIND = "bank_line"
LOCK_LINE = """
SELECT id, charity_id, serial, at, amount_fen, party_sealed, transfer_code, status, held_for_id FROM bank_line
 WHERE id = $1 AND charity_id = $2 FOR UPDATE
"""
SETTLED = "SELECT id FROM bank_line WHERE settles_id = $1"
FUND = "SELECT id FROM fund WHERE id = $1 AND charity_id = $2"
CODE = """
UPDATE bank_line SET status = $2, note = $3, coded_by_id = $4, coded_at = $5, order_id = $6, refund_id = $7, held_for_id = $8,
       settles_id = $9 WHERE id = $1
"""


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
    """Says what a movement is: a withdrawal, a fee or a gift whose giver is not known is booked, noise needs its reason.

    `fund_id` is the fund whose money moved, the 微心愿 fund when none is named: each fund's money is taken to the bank by
    itself (慈善法 art. 54). Raises InvalidInput("fund") for a fund that is not the charity's.
    """
    must_keep_books(actor)
    async with in_transaction():
        line = await lock_line(line_id, charity_id)
        check_may_be(line["status"], status, line["amount_fen"], is_settled=line["is_settled"])
        if status is BankLineStatus.NOISE:
            note = check_reason(note.strip())
        fund = await _fund_of(charity_id, fund_id)
        await _book(line, status, fund, now=now)
        held_for = fund if status is BankLineStatus.HELD else None
        await mark_line(line, status, note, actor=actor, now=now, held_for_id=held_for)


async def _book(line: JsonRow, status: BankLineStatus, fund_id: int, *, now: datetime) -> None:
    amount_fen, source = line["amount_fen"], Source(SOURCE_KIND, line["id"])
    await lock_fund(fund_id)
    if status is BankLineStatus.WITHDRAWAL:
        check_alipay_holds(amount_fen, await balance_of(fund_id, AccountType.ALIPAY))
        await book_withdrawal(fund_id, amount_fen, source, arrived_at=line["at"], now=now)
    elif status is BankLineStatus.FEE:
        await check_bank_holds(fund_id, -amount_fen)
        await book_fee(fund_id, AccountType.BANK, -amount_fen, source, kept_at=line["at"], now=now)
    elif status is BankLineStatus.HELD:
        await book_hold(fund_id, amount_fen, source, arrived_at=line["at"], now=now)
    elif status is not BankLineStatus.NOISE:
        raise InvalidInput({"status": "请从列出的选项中选择。"})


async def _fund_of(charity_id: int, named_fund: int | None) -> int:
    found = await rows(FUND, named_fund, charity_id) if named_fund else await rows(WISH_FUND, charity_id)
    if not found:
        raise InvalidInput({"fund": "请选择这笔钱是哪个项目的。"})
    fund_id: int = found[0]["id"]
    return fund_id


# --- for this room's other writers, inside their own transaction ----------------------------------------------------


async def lock_line(line_id: int, charity_id: int) -> JsonRow:
    """A movement of this charity, locked until the transaction ends; `is_settled` says that what was held has gone back."""
    found = await rows(LOCK_LINE, line_id, charity_id)
    if not found:
        raise NotFound
    # Asked behind the lock: whoever sent it back held the same lock.
    settled = bool(await rows(SETTLED, line_id))
    return {**found[0], "status": BankLineStatus(found[0]["status"]), "is_settled": settled}


async def mark_line(
    line: JsonRow,
    status: BankLineStatus,
    note: str,
    *,
    actor: Viewer | None,
    now: datetime,
    order_id: int | None = None,
    refund_id: int | None = None,
    held_for_id: int | None = None,
    settles_id: int | None = None,
) -> None:
    """Writes what a locked movement is, and the order, refund, fund or earlier movement it belongs to."""
    by = actor.account_id if actor else None
    points_to = (order_id, refund_id, held_for_id, settles_id)
    await rows(CODE, line["id"], status.value, note.strip()[:200], by, now, *points_to)
    await record_event("bank_line", line["id"], status.value, actor=actor, now=now)


async def check_bank_holds(fund_id: int, amount_fen: int) -> None:
    """Nothing leaves the bank that the fund does not have there; one at a time, under the fund's lock."""
    await lock_fund(fund_id)
    if amount_fen > await balance_of(fund_id, AccountType.BANK):
        raise Conflict("这个项目在账上的银行存款不够这笔支出。请先核对这笔是不是别的项目的钱。")


def must_keep_books(actor: Viewer) -> None:
    must(actor, Permission.KEEP_BOOKS)
