"""What finance sees of the books: one frozen object each. Every sum is read from the postings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cishan.labels import label
from cishan.ledger.queries import Balance, EntryRow, HeadRow, PostingRow
from cishan.ledger.states import AccountType, EntryKind
from cishan.page_parts import Column, Pagination

SUM = Column("金额", number=True)
DEBIT = Column("借方", number=True)
CREDIT = Column("贷方", number=True)
NUMBER = Column("记到第几笔", number=True)


@dataclass(frozen=True)
class AccountLine:
    """A line of the trial balance; one of the two sums is 0."""

    type: AccountType
    place: str
    debit_fen: int
    credit_fen: int

    @property
    def name(self) -> str:
        return f"{label(self.type)}（{self.place}）" if self.place else label(self.type)


@dataclass(frozen=True)
class EntryLine:
    href: str
    number: str
    kind: EntryKind
    booked_at: datetime
    amount_fen: int

    @property
    def kind_label(self) -> str:
        return label(self.kind)


@dataclass(frozen=True)
class FundUses:
    """What became of a fund's money: the uses, with what is left, add up to what it has received."""

    name: str
    received_fen: int
    uses: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class EntriesPage:
    """Entries that match a search, with what was searched for.

    For one order `places` says where each part of what was paid is now; together they are `paid_fen`. `funds` go on from
    there for what lies in a fund.
    """

    lines: tuple[EntryLine, ...]
    pagination: Pagination
    searched: bool
    values: Mapping[str, str]
    errors: Mapping[str, str]
    paid_fen: int | None = None
    places: tuple[tuple[str, int], ...] = ()
    funds: tuple[FundUses, ...] = ()
    sum_column: Column = SUM


@dataclass(frozen=True)
class EntryPage:
    """One entry with its postings, and the path of the gift it belongs to."""

    line: EntryLine
    occurred_at: datetime
    postings: tuple[AccountLine, ...]
    debit_fen: int
    credit_fen: int
    path: tuple[EntryLine, ...]
    reverses_href: str
    sum_column: Column = SUM
    debit_column: Column = DEBIT
    credit_column: Column = CREDIT


def account_line(type_: AccountType, place: str, fen: int) -> AccountLine:
    return AccountLine(type_, place, max(fen, 0), max(-fen, 0))


def entry_line(entry: EntryRow) -> EntryLine:
    number = f"第 {entry.number} 号" if entry.number is not None else "正在编号"
    return EntryLine(f"/desk/finance/entries/{entry.id}", number, entry.kind, entry.booked_at, entry.amount_fen)


def account_lines(items: tuple[Balance, ...], places: Mapping[str, str]) -> tuple[AccountLine, ...]:
    return tuple(account_line(item.type, places.get(item.division_code, ""), item.balance_fen) for item in items)


def posting_lines(items: tuple[PostingRow, ...], places: Mapping[str, str]) -> tuple[AccountLine, ...]:
    return tuple(account_line(item.type, places.get(item.division_code, ""), item.amount_fen) for item in items)


def sum_of(items: tuple[Balance, ...], type_: AccountType) -> int:
    """The balance of all accounts of a kind, debit positive, in fen."""
    return sum(item.balance_fen for item in items if item.type is type_)


@dataclass(frozen=True)
class TrialBalancePage:
    """What stood in each account at the end of `day`; `typed` is what stands in the field."""

    fund_name: str
    day: date
    typed: str
    lines: tuple[AccountLine, ...]
    debit_fen: int
    credit_fen: int
    errors: Mapping[str, str]
    debit_column: Column = DEBIT
    credit_column: Column = CREDIT


@dataclass(frozen=True)
class HeadsPage:
    """The published heads of the chain, newest first."""

    heads: tuple[HeadRow, ...]
    number_column: Column = NUMBER
