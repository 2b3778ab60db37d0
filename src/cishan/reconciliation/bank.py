"""The only writer of bank statements: the cashier brings the file, the bookkeeper says what each movement is (R-18).

A statement is checked first and written when the person says so, whole or not at all. The same file, or the same movement
in another file, is taken once.
"""

from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.benefits.reading import UnreadableFile, keep_file
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.ledger.actions import Source, book_fee, book_withdrawal
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.permissions import Permission, holds
from cishan.reconciliation.bank_reading import ReadStatement, StatementLine, read_statement
from cishan.reconciliation.comparing import WISH_FUND
from cishan.reconciliation.rules import check_alipay_holds, check_reason
from cishan.reconciliation.states import BankLineStatus, StatementStatus
from cishan.sealing import Sealer

PARTY_LABEL, SUMMARY_LABEL = "bank_line.party", "bank_line.summary"
SOURCE_KIND = "bank_line"

ADD_STATEMENT = """
INSERT INTO bank_statement (charity_id, file_name, sha256, rows_total, rows_new, status, uploaded_by_id, uploaded_at)
VALUES ($1, $2, $3, $4, $5, 'previewed', $6, $7)
ON CONFLICT (charity_id, sha256) DO UPDATE SET file_name = bank_statement.file_name RETURNING id, (xmax = 0) AS is_new
"""
KNOWN = "SELECT count(*) AS n FROM bank_line WHERE charity_id = $1 AND serial = ANY($2::varchar[])"
LOCK_STATEMENT = (
    "SELECT id, charity_id, sha256, status FROM bank_statement WHERE id = $1 AND charity_id = $2 FOR UPDATE"
)
APPLY = "UPDATE bank_statement SET status = 'applied', applied_at = $2, rows_new = $3 WHERE id = $1"
ADD_LINES = """
INSERT INTO bank_line (statement_id, charity_id, serial, at, amount_fen, party_sealed, summary_sealed, suggestion, status, note)
SELECT $1, $2, serial, at, amount_fen, party, summary, suggestion, 'unrecognised', ''
  FROM unnest($3::varchar[], $4::timestamptz[], $5::bigint[], $6::bytea[], $7::bytea[], $8::varchar[])
    AS line (serial, at, amount_fen, party, summary, suggestion)
ON CONFLICT (charity_id, serial) DO NOTHING RETURNING id
"""
LOCK_LINE = "SELECT id, charity_id, at, amount_fen, status FROM bank_line WHERE id = $1 AND charity_id = $2 FOR UPDATE"
FUND = "SELECT id FROM fund WHERE id = $1 AND charity_id = $2"
CODE = "UPDATE bank_line SET status = $2, note = $3, coded_by_id = $4, coded_at = $5 WHERE id = $1"


async def preview_statement(
    source: BinaryIO, file_name: str, *, charity_id: int, directory: Path, actor: Viewer, now: datetime
) -> tuple[int, ReadStatement]:
    """Keeps a file and checks it; nothing of it is in the books yet. With errors there is no statement, and its id is 0."""
    _must(actor, Permission.HANDLE_CASH)
    try:
        path, sha256 = keep_file(source, directory)
        read = read_statement(path)
    except UnreadableFile as error:
        raise InvalidInput({"file": str(error)}) from error
    if read.errors or not read.lines:
        path.unlink(missing_ok=True)
        return 0, read
    async with in_transaction():
        known = (await rows(KNOWN, charity_id, [line.serial for line in read.lines]))[0]["n"]
        values = (file_name[:120], sha256, len(read.lines), len(read.lines) - known, actor.account_id, now)
        added = (await rows(ADD_STATEMENT, charity_id, *values))[0]
        if added["is_new"]:
            await record_event(
                "statement", added["id"], "upload", actor=actor, now=now, detail={"rows": len(read.lines)}
            )
        return int(added["id"]), read


async def apply_statement(
    statement_id: int, *, charity_id: int, directory: Path, actor: Viewer, sealer: Sealer, now: datetime
) -> int:
    """Writes every movement of a previewed statement that is not known yet; returns how many. A second time writes none."""
    _must(actor, Permission.HANDLE_CASH)
    async with in_transaction():
        statement = await _statement(statement_id, charity_id)
        if statement["status"] == StatementStatus.APPLIED:
            return 0
        path = directory / f"{statement['sha256']}.csv"
        if not path.exists():
            raise Conflict("这个文件已经不在了。请重新上传一次。")
        added = await _add_lines(statement, read_statement(path).lines, sealer)
        await rows(APPLY, statement_id, now, added)
        await record_event("statement", statement_id, "apply", actor=actor, now=now, detail={"new": added})
    path.unlink(missing_ok=True)
    return added


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


async def _add_lines(statement: JsonRow, lines: tuple[StatementLine, ...], sealer: Sealer) -> int:
    added = await rows(
        ADD_LINES,
        statement["id"],
        statement["charity_id"],
        [line.serial for line in lines],
        [line.at for line in lines],
        [line.amount_fen for line in lines],
        [sealer.seal(line.party, PARTY_LABEL) for line in lines],
        [sealer.seal(line.summary, SUMMARY_LABEL) for line in lines],
        [line.suggestion.value for line in lines],
    )
    return len(added)


async def _statement(statement_id: int, charity_id: int) -> JsonRow:
    found = await rows(LOCK_STATEMENT, statement_id, charity_id)
    if not found:
        raise NotFound
    return found[0]


async def _line(line_id: int, charity_id: int) -> JsonRow:
    found = await rows(LOCK_LINE, line_id, charity_id)
    if not found:
        raise NotFound
    return found[0]


def _must(actor: Viewer, permission: Permission) -> None:
    if not holds(actor.role, permission):
        raise Forbidden
