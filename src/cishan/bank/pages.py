"""What finance sees of the bank: statements and their movements, one frozen object each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cishan.bank.queries import BankLineRow, StatementRow
from cishan.bank.states import BankLineStatus, StatementStatus
from cishan.csv_files import RowError
from cishan.labels import label
from cishan.page_parts import Column
from cishan.templating import yuan

Errors = Mapping[str, str]
NOTHING: Errors = {}

SUM = Column("金额", number=True)
LINE_CHOICES = tuple(
    (status.value, label(status)) for status in (BankLineStatus.WITHDRAWAL, BankLineStatus.FEE, BankLineStatus.NOISE)
)


@dataclass(frozen=True)
class BankLineCard:
    id: int
    title: str
    amount_fen: int
    at: datetime
    party: str
    summary: str
    serial: str
    state: str
    note: str
    handle_href: str
    can_code: bool
    values: Mapping[str, str]
    errors: Errors
    funds: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, str], ...] = LINE_CHOICES


@dataclass(frozen=True)
class BankPage:
    lines: tuple[BankLineCard, ...]
    open: int
    shows_all: bool
    can_upload: bool
    statements: tuple[StatementRow, ...]
    row_errors: tuple[RowError, ...]
    errors: Errors
    sum_column: Column = SUM


@dataclass(frozen=True)
class StatementPage:
    """A statement before it is written."""

    id: int
    file_name: str
    rows_total: int
    rows_new: int
    is_applied: bool


def bank_line_card(
    row: BankLineRow,
    *,
    keeps_books: bool,
    chosen: bool,
    funds: Sequence[tuple[int, str]],
    values: Mapping[str, str] = NOTHING,
    errors: Errors = NOTHING,
) -> BankLineCard:
    """The form stands with the one movement that was chosen; what it looks like is ticked already, for a person to confirm."""
    is_open = row.status is BankLineStatus.UNRECOGNISED
    return BankLineCard(
        id=row.id,
        title=f"{'收入' if row.amount_fen > 0 else '支出'} {yuan(abs(row.amount_fen))}",
        amount_fen=row.amount_fen,
        at=row.at,
        party=row.party or "没有写",
        summary=row.summary or "没有写",
        serial=row.serial,
        state=label(row.status),
        note=row.note,
        handle_href=f"/desk/finance/bank?handle={row.id}#line-{row.id}"
        if keeps_books and is_open and not chosen
        else "",
        can_code=keeps_books and is_open and chosen,
        values={"status": row.suggestion.value, "fund": str(funds[0][0]) if funds else "", **values},
        funds=tuple((str(fund_id), name) for fund_id, name in funds) if len(funds) > 1 else (),
        errors=errors,
    )


def statement_page(row: StatementRow) -> StatementPage:
    return StatementPage(row.id, row.file_name, row.rows_total, row.rows_new, row.status is StatementStatus.APPLIED)
