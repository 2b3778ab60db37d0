"""Reads of bank statements and movements. Every list is of one charity and has its limit."""

from dataclasses import dataclass
from datetime import datetime

from cishan.bank.states import BankLineStatus, StatementStatus
from cishan.database import rows
from cishan.sealing import Sealer

MOST_BANK_LINES = 200
MOST_STATEMENTS = 24
MOST_FUNDS = 200
MOST_PLEDGES = 8
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
SELECT id, serial, at, amount_fen, party_sealed, summary_sealed, suggestion, transfer_code, status, note, coded_by_id,
       EXISTS (SELECT FROM bank_line back WHERE back.settles_id = bank_line.id) AS is_settled FROM bank_line
 WHERE charity_id = $1
   AND ($2 OR status = 'unrecognised'
        OR (status = 'held' AND NOT EXISTS (SELECT FROM bank_line back WHERE back.settles_id = bank_line.id)))
 ORDER BY (status = 'unrecognised') DESC, (status = 'held') DESC, at DESC, id DESC LIMIT $3
"""
PLEDGES = """
SELECT o.transfer_code, o.created_at, g.name AS organisation, f.name AS fund_name, a.name_sealed
  FROM payment_order o
  JOIN order_line l ON l.order_id = o.id JOIN fund f ON f.id = l.fund_id
  JOIN account a ON a.id = o.donor_id LEFT JOIN organisation g ON g.id = a.organisation_id
 WHERE o.charity_id = $1 AND o.channel = 'bank' AND o.status <> 'paid' AND o.total_fen = $2
 ORDER BY o.id DESC LIMIT $3
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
    transfer_code: str
    is_settled: bool


@dataclass(frozen=True)
class Pledge:
    """A transfer that somebody has announced and that has not come."""

    code: str
    giver: str
    fund_name: str
    pledged_at: datetime


async def pledges_of(charity_id: int, amount_fen: int, *, sealer: Sealer) -> tuple[Pledge, ...]:
    """Announced transfers of exactly this sum, newest first: what a movement without a code may be."""
    return tuple(
        Pledge(
            code=row["transfer_code"],
            giver=row["organisation"] or sealer.open(row["name_sealed"], "account.name"),
            fund_name=row["fund_name"],
            pledged_at=row["created_at"],
        )
        for row in await rows(PLEDGES, charity_id, amount_fen, MOST_PLEDGES)
    )


async def statements_of(charity_id: int, statement_id: int | None = None) -> tuple[StatementRow, ...]:
    found = await rows(STATEMENTS, charity_id, statement_id, MOST_STATEMENTS)
    return tuple(StatementRow(**{**row, "status": StatementStatus(row["status"])}) for row in found)


async def bank_lines_of(charity_id: int, *, all_of_them: bool, sealer: Sealer) -> tuple[BankLineRow, ...]:
    """Movements that nobody has recognised, then those that are held for an unknown giver; or all of them."""
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
            transfer_code=row["transfer_code"] or "",
            is_settled=row["is_settled"],
        )
        for row in await rows(BANK_LINES, charity_id, all_of_them, MOST_BANK_LINES)
    )


async def funds_with_money(charity_id: int) -> tuple[tuple[int, str], ...]:
    """Funds that have money at Alipay or in the bank, the 微心愿 fund first: a movement on the account is one of theirs."""
    return tuple((row["id"], row["name"]) for row in await rows(FUNDS_WITH_MONEY, charity_id, MOST_FUNDS))


async def count_open_bank_lines(charity_id: int) -> int:
    return int((await rows(OPEN_BANK_LINES, charity_id))[0]["n"])
