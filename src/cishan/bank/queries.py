"""Reads of bank statements and movements. Every list is of one charity and has its limit."""

from dataclasses import dataclass
from datetime import datetime

from cishan.bank.states import BankLineStatus, StatementStatus
from cishan.database import rows
from cishan.sealing import Sealer

MOST_BANK_LINES = 200
MOST_STATEMENTS = 24
MOST_FUNDS = 200
FUNDS_WITH_MONEY = """
SELECT f.id, f.name FROM fund f
 WHERE f.charity_id = $1
   AND (f.kind = 'wish' OR (SELECT sum(p.amount_fen) FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id
                             WHERE a.fund_id = f.id AND a.type IN ('alipay', 'bank')) > 0)
 ORDER BY f.kind = 'wish' DESC, f.id DESC LIMIT $2
"""
STATEMENTS = """
SELECT id, file_name, rows_total, rows_new, status, uploaded_by_id, uploaded_at, applied_at FROM bank_statement
 WHERE charity_id = $1 AND ($2::bigint IS NULL OR id = $2) ORDER BY id DESC LIMIT $3
"""
BANK_LINES = """
SELECT id, serial, at, amount_fen, party_sealed, summary_sealed, suggestion, status, note, coded_by_id FROM bank_line
 WHERE charity_id = $1 AND ($2 OR status = 'unrecognised') ORDER BY (status = 'unrecognised') DESC, at DESC, id DESC LIMIT $3
"""
OPEN_BANK_LINES = "SELECT count(*) AS n FROM bank_line WHERE charity_id = $1 AND status = 'unrecognised'"


@dataclass(frozen=True)
class StatementRow:
    id: int
    file_name: str
    rows_total: int
    rows_new: int
    status: StatementStatus
    uploaded_by_id: int
    uploaded_at: datetime
    applied_at: datetime | None


@dataclass(frozen=True)
class BankLineRow:
    id: int
    serial: str
    at: datetime
    amount_fen: int
    party: str
    summary: str
    suggestion: BankLineStatus
    status: BankLineStatus
    note: str
    coded_by_id: int | None


async def statements_of(charity_id: int, statement_id: int | None = None) -> tuple[StatementRow, ...]:
    found = await rows(STATEMENTS, charity_id, statement_id, MOST_STATEMENTS)
    return tuple(StatementRow(**{**row, "status": StatementStatus(row["status"])}) for row in found)


async def bank_lines_of(charity_id: int, *, all_of_them: bool, sealer: Sealer) -> tuple[BankLineRow, ...]:
    """Movements on the bank account, those that nobody has recognised first."""
    return tuple(
        BankLineRow(
            id=row["id"],
            serial=row["serial"],
            at=row["at"],
            amount_fen=row["amount_fen"],
            party=sealer.open(row["party_sealed"], "bank_line.party"),
            summary=sealer.open(row["summary_sealed"], "bank_line.summary"),
            suggestion=BankLineStatus(row["suggestion"]),
            status=BankLineStatus(row["status"]),
            note=row["note"],
            coded_by_id=row["coded_by_id"],
        )
        for row in await rows(BANK_LINES, charity_id, all_of_them, MOST_BANK_LINES)
    )


async def funds_with_money(charity_id: int) -> tuple[tuple[int, str], ...]:
    """Funds that have money at Alipay or in the bank, the 微心愿 fund first: a movement on the account is one of theirs."""
    return tuple((row["id"], row["name"]) for row in await rows(FUNDS_WITH_MONEY, charity_id, MOST_FUNDS))


async def count_open_bank_lines(charity_id: int) -> int:
    return int((await rows(OPEN_BANK_LINES, charity_id))[0]["n"])
