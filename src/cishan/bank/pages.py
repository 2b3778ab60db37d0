"""What finance sees of the bank: statements and their movements, one frozen object each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cishan.bank.queries import BankLineRow, Pledge, StatementRow
from cishan.bank.rules import choices_for
from cishan.bank.states import MOVES, BankLineStatus, StatementStatus
from cishan.csv_files import RowError
from cishan.labels import label
from cishan.page_parts import Column
from cishan.templating import yuan

Errors = Mapping[str, str]
NOTHING: Errors = {}

SUM = Column("金额", number=True)
HINTS = {
    BankLineStatus.GIFT: "填认捐时的转账码。金额和认捐的不一样，或者是第二笔，也照实际到账的记",
    BankLineStatus.HELD: "记在账上，等查到是谁捐的再改成捐款",
    BankLineStatus.REFUND: "填退款编号",
    BankLineStatus.SENT_BACK: "填当初收到那笔的流水号",
    BankLineStatus.NOISE: "要写明是什么钱",
}


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
    choices: tuple[tuple[str, str, str], ...]
    number_label: str
    pledges: tuple[Pledge, ...]


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
    pledges: tuple[Pledge, ...] = (),
    values: Mapping[str, str] = NOTHING,
    errors: Errors = NOTHING,
) -> BankLineCard:
    """The form stands with the one movement that was chosen; what it looks like is ticked already, for a person to confirm."""
    is_open, came_in = row.status in MOVES and not row.is_settled, row.amount_fen > 0
    allowed = [status for status in choices_for(row.amount_fen) if status in MOVES.get(row.status, ())]
    own = [one.code for one in pledges if one.giver == row.party]
    looks_like = BankLineStatus.GIFT if len(own) == 1 else row.suggestion
    suggested = {"status": looks_like.value, "number": own[0] if len(own) == 1 else row.transfer_code}
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
        values={**suggested, "fund": str(funds[0][0]) if funds else "", **values},
        funds=tuple((str(fund_id), name) for fund_id, name in funds) if len(funds) > 1 else (),
        errors=errors,
        choices=tuple((status.value, label(status), HINTS.get(status, "")) for status in allowed),
        number_label="转账码" if came_in else "退款编号或流水号",
        pledges=pledges,
    )


def statement_page(row: StatementRow) -> StatementPage:
    return StatementPage(row.id, row.file_name, row.rows_total, row.rows_new, row.status is StatementStatus.APPLIED)
