"""Balances out of the postings; nothing keeps a second truth."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cishan.clock import beijing_midnight
from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.ledger.states import AccountType, EntryKind

BALANCES = """
SELECT a.type, a.division_code, coalesce(sum(p.amount_fen), 0)::bigint AS balance_fen
  FROM ledger_account a LEFT JOIN ledger_posting p ON p.account_id = a.id
 WHERE a.fund_id = $1 GROUP BY a.id, a.type, a.division_code ORDER BY a.type, a.division_code
"""
BALANCES_BEFORE = """
SELECT a.type, a.division_code, coalesce(sum(p.amount_fen), 0)::bigint AS balance_fen
  FROM ledger_account a
  LEFT JOIN (ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id AND e.booked_at < $2) ON p.account_id = a.id
 WHERE a.fund_id = $1 GROUP BY a.id, a.type, a.division_code ORDER BY a.type, a.division_code
"""
HEADS = """
SELECT day, number, encode(hash, 'hex') AS fingerprint FROM ledger_head WHERE charity_id = $1 ORDER BY day DESC LIMIT $2
"""
ENTRY = """
SELECT e.id, n.number, e.kind, e.source_kind, e.source_id, e.occurred_at, e.booked_at, e.reverses_id,
       (SELECT sum(p.amount_fen) FROM ledger_posting p WHERE p.entry_id = e.id AND p.amount_fen > 0)::bigint AS amount_fen
  FROM ledger_entry e LEFT JOIN ledger_entry_number n ON n.entry_id = e.id
"""
SEARCHED = """
 WHERE e.charity_id = $1 AND ($2::bigint IS NULL OR n.number = $2)
   AND ($3::timestamptz IS NULL OR (e.booked_at >= $3 AND e.booked_at < $4::timestamptz))
   AND ($5::varchar[] IS NULL OR (e.source_kind, e.source_id) IN (SELECT * FROM unnest($5::varchar[], $6::bigint[])))
"""
ENTRIES = f"{ENTRY} {SEARCHED} ORDER BY e.id DESC LIMIT $7 OFFSET $8"
COUNT = f"""
SELECT count(*) AS entries FROM ledger_entry e LEFT JOIN ledger_entry_number n ON n.entry_id = e.id {SEARCHED}
"""  # noqa: S608 - a constant
ONE_ENTRY = f"{ENTRY} WHERE e.charity_id = $1 AND e.id = $2"
POSTINGS = """
SELECT a.type, a.division_code, p.amount_fen FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
 WHERE p.entry_id = $1 ORDER BY p.amount_fen DESC, p.id
"""


@dataclass(frozen=True)
class Balance:
    """An account's balance: debit positive, credit negative, in fen."""

    type: AccountType
    division_code: str
    balance_fen: int


async def balances_of(fund_id: int, *, before: datetime | None = None) -> tuple[Balance, ...]:
    """The trial balance of a fund, of now or of what was booked `before` an instant: its balances sum to zero."""
    found = await rows(BALANCES, fund_id) if before is None else await rows(BALANCES_BEFORE, fund_id, before)
    return tuple(Balance(AccountType(row["type"]), row["division_code"], row["balance_fen"]) for row in found)


async def balance_of(fund_id: int, type_: AccountType, division_code: str = "") -> int:
    found = [item for item in await balances_of(fund_id) if (item.type, item.division_code) == (type_, division_code)]
    return found[0].balance_fen if found else 0


@dataclass(frozen=True)
class EntryRow:
    """An entry in a list; `number` is None until it has been given one, a moment after it was booked."""

    id: int
    number: int | None
    kind: EntryKind
    source_kind: str
    source_id: int
    occurred_at: datetime
    booked_at: datetime
    amount_fen: int
    reverses_id: int | None


@dataclass(frozen=True)
class PostingRow:
    """One side of an entry: debit positive, credit negative, in fen."""

    type: AccountType
    division_code: str
    amount_fen: int


@dataclass(frozen=True)
class Search:
    """What to look for among a charity's entries; None leaves a condition out. `sources` are pairs of kind and id."""

    number: int | None = None
    day: date | None = None
    sources: tuple[tuple[str, int], ...] | None = None


@dataclass(frozen=True)
class HeadRow:
    """Where the chain of a charity's books stood on a day: its last entry, and 64 hexadecimal digits."""

    day: date
    number: int
    fingerprint: str

    @property
    def in_fours(self) -> str:
        """The digits as one reads them aloud."""
        return " ".join(self.fingerprint[place : place + 4] for place in range(0, len(self.fingerprint), 4))


async def heads_of(charity_id: int, *, limit: int) -> tuple[HeadRow, ...]:
    """Published heads, newest first."""
    return tuple(HeadRow(row["day"], row["number"], row["fingerprint"]) for row in await rows(HEADS, charity_id, limit))


async def entries(charity_id: int, search: Search, *, limit: int, offset: int = 0) -> tuple[EntryRow, ...]:
    """Entries of a charity's books, newest first."""
    found = await rows(ENTRIES, charity_id, *_conditions(search), limit, offset)
    return tuple(_entry(row) for row in found)


async def count_entries(charity_id: int, search: Search) -> int:
    found: int = (await rows(COUNT, charity_id, *_conditions(search)))[0]["entries"]
    return found


async def entry_of(charity_id: int, entry_id: int) -> tuple[EntryRow, tuple[PostingRow, ...]]:
    """An entry with its postings; another charity's is not there."""
    found = await rows(ONE_ENTRY, charity_id, entry_id)
    if not found:
        raise NotFound
    postings = tuple(
        PostingRow(AccountType(row["type"]), row["division_code"], row["amount_fen"])
        for row in await rows(POSTINGS, entry_id)
    )
    return _entry(found[0]), postings


def _conditions(search: Search) -> tuple[object, ...]:
    start = beijing_midnight(search.day) if search.day else None
    end = beijing_midnight(search.day + timedelta(days=1)) if search.day else None
    kinds = [kind for kind, _ in search.sources] if search.sources is not None else None
    ids = [source_id for _, source_id in search.sources] if search.sources is not None else None
    return search.number, start, end, kinds, ids


def _entry(row: JsonRow) -> EntryRow:
    return EntryRow(
        id=row["id"],
        number=row["number"],
        kind=EntryKind(row["kind"]),
        source_kind=row["source_kind"],
        source_id=row["source_id"],
        occurred_at=row["occurred_at"],
        booked_at=row["booked_at"],
        amount_fen=row["amount_fen"],
        reverses_id=row["reverses_id"],
    )
