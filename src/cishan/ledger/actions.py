"""The only writer of the books. Every booking runs inside its caller's transaction and is made once for its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cishan.database import rows
from cishan.ledger.states import AccountType, EntryKind

FIND_ACCOUNT = "SELECT id FROM ledger_account WHERE fund_id = $1 AND type = $2 AND division_code = $3"
ADD_ACCOUNT = """
INSERT INTO ledger_account (charity_id, fund_id, type, division_code)
SELECT charity_id, id, $2, $3 FROM fund WHERE id = $1
ON CONFLICT (fund_id, type, division_code) DO NOTHING
"""
ADD_ENTRY = """
INSERT INTO ledger_entry (charity_id, kind, source_kind, source_id, occurred_at, booked_at, reverses_id)
SELECT charity_id, $2, $3, $4, $5, $6, $7 FROM fund WHERE id = $1 RETURNING id
"""
ADD_POSTINGS = """
INSERT INTO ledger_posting (entry_id, account_id, amount_fen)
SELECT $1, account_id, amount_fen FROM unnest($2::bigint[], $3::bigint[]) AS leg (account_id, amount_fen)
"""
NUMBER_LOCK = 0x6C_65_64_67
NUMBER_ENTRIES = """
INSERT INTO ledger_entry_number (entry_id, charity_id, number)
SELECT e.id, e.charity_id,
       coalesce((SELECT max(n.number) FROM ledger_entry_number n WHERE n.charity_id = e.charity_id), 0)
       + row_number() OVER (PARTITION BY e.charity_id ORDER BY e.id)
  FROM ledger_entry e
 WHERE NOT EXISTS (SELECT FROM ledger_entry_number n WHERE n.entry_id = e.id)
RETURNING entry_id
"""


@dataclass(frozen=True)
class Source:
    """What is booked: a kind of row and its id. One kind of entry is booked once for one source."""

    kind: str
    id: int


@dataclass(frozen=True)
class Leg:
    """One side of an entry: debit positive, credit negative, in fen. `division_code` names a town's advance."""

    type: AccountType
    amount_fen: int
    division_code: str = ""


async def book_gift(
    fund_id: int,
    amount_fen: int,
    source: Source,
    *,
    paid_at: datetime,
    now: datetime,
    place: AccountType = AccountType.ALIPAY,
) -> int:
    """Money received for a fund's use: debit where it came, alipay or bank; fund credit."""
    legs = (Leg(place, amount_fen), Leg(AccountType.FUND, -amount_fen))
    return await _book(EntryKind.GIFT, fund_id, legs, source, occurred_at=paid_at, now=now)


async def book_unassigned(
    fund_id: int,
    amount_fen: int,
    source: Source,
    *,
    paid_at: datetime,
    now: datetime,
    place: AccountType = AccountType.ALIPAY,
) -> int:
    """Money received whose use is not settled: debit where it came, alipay or bank; unassigned credit."""
    legs = (Leg(place, amount_fen), Leg(AccountType.UNASSIGNED, -amount_fen))
    return await _book(EntryKind.GIFT, fund_id, legs, source, occurred_at=paid_at, now=now)


async def book_advance(fund_id: int, town_code: str, amount_fen: int, source: Source, *, now: datetime) -> int:
    """Money given to a town to buy with: town advance debit, alipay credit."""
    legs = (Leg(AccountType.TOWN_ADVANCE, amount_fen, town_code), Leg(AccountType.ALIPAY, -amount_fen))
    return await _book(EntryKind.ADVANCE, fund_id, legs, source, occurred_at=now, now=now)


async def book_purchase(fund_id: int, town_code: str, spent_fen: int, source: Source, *, now: datetime) -> int:
    """What a town spent with a voucher: spending debit, town advance credit."""
    legs = (Leg(AccountType.SPENDING, spent_fen), Leg(AccountType.TOWN_ADVANCE, -spent_fen, town_code))
    return await _book(EntryKind.PURCHASE, fund_id, legs, source, occurred_at=now, now=now)


async def book_return_of_advance(
    fund_id: int, town_code: str, amount_fen: int, source: Source, *, now: datetime
) -> int:
    """Unspent money a town gives back: alipay debit, town advance credit."""
    legs = (Leg(AccountType.ALIPAY, amount_fen), Leg(AccountType.TOWN_ADVANCE, -amount_fen, town_code))
    return await _book(EntryKind.RETURN_OF_ADVANCE, fund_id, legs, source, occurred_at=now, now=now)


async def book_assignment(fund_id: int, amount_fen: int, source: Source, *, now: datetime) -> int:
    """Money whose use is settled now: unassigned debit, fund credit."""
    legs = (Leg(AccountType.UNASSIGNED, amount_fen), Leg(AccountType.FUND, -amount_fen))
    return await _book(EntryKind.ASSIGNMENT, fund_id, legs, source, occurred_at=now, now=now)


async def book_refund_due(
    fund_id: int, taken_from: AccountType, amount_fen: int, source: Source, *, now: datetime
) -> int:
    """Money promised back to its donor: fund or unassigned debit, refund due credit."""
    legs = (Leg(taken_from, amount_fen), Leg(AccountType.REFUND_DUE, -amount_fen))
    return await _book(EntryKind.REFUND_DUE, fund_id, legs, source, occurred_at=now, now=now)


async def book_refund(
    fund_id: int,
    amount_fen: int,
    source: Source,
    *,
    left_at: datetime,
    now: datetime,
    place: AccountType = AccountType.ALIPAY,
) -> int:
    """Money that has gone back the way it came: refund due debit, alipay or bank credit."""
    legs = (Leg(AccountType.REFUND_DUE, amount_fen), Leg(place, -amount_fen))
    return await _book(EntryKind.REFUND, fund_id, legs, source, occurred_at=left_at, now=now)


async def book_refund_kept(fund_id: int, amount_fen: int, source: Source, *, now: datetime) -> int:
    """A refund that can't be made stays with the fund: refund due debit, fund credit."""
    legs = (Leg(AccountType.REFUND_DUE, amount_fen), Leg(AccountType.FUND, -amount_fen))
    return await _book(EntryKind.REFUND_KEPT, fund_id, legs, source, occurred_at=now, now=now)


async def reverse_entry(entry_id: int, *, now: datetime) -> int:
    """Books the opposite of an entry; the database refuses a second reversal of the same one."""
    legs = await rows(
        "SELECT a.fund_id, a.type, a.division_code, p.amount_fen FROM ledger_posting p "
        "JOIN ledger_account a ON a.id = p.account_id WHERE p.entry_id = $1 ORDER BY p.id",
        entry_id,
    )
    opposite = tuple(Leg(AccountType(leg["type"]), -leg["amount_fen"], leg["division_code"]) for leg in legs)
    source = Source("ledger_entry", entry_id)
    return await _book(
        EntryKind.REVERSAL, legs[0]["fund_id"], opposite, source, occurred_at=now, now=now, reverses_id=entry_id
    )


async def book_withdrawal(fund_id: int, amount_fen: int, source: Source, *, arrived_at: datetime, now: datetime) -> int:
    """Money that has come from Alipay to the bank: bank debit, alipay credit."""
    legs = (Leg(AccountType.BANK, amount_fen), Leg(AccountType.ALIPAY, -amount_fen))
    return await _book(EntryKind.WITHDRAWAL, fund_id, legs, source, occurred_at=arrived_at, now=now)


async def book_hold(fund_id: int, amount_fen: int, source: Source, *, arrived_at: datetime, now: datetime) -> int:
    """A transfer whose giver is not known yet: bank debit, unassigned credit."""
    legs = (Leg(AccountType.BANK, amount_fen), Leg(AccountType.UNASSIGNED, -amount_fen))
    return await _book(EntryKind.HOLD, fund_id, legs, source, occurred_at=arrived_at, now=now)


async def book_hold_back(fund_id: int, amount_fen: int, source: Source, *, left_at: datetime, now: datetime) -> int:
    """A transfer that was held goes back to where it came from: unassigned debit, bank credit."""
    legs = (Leg(AccountType.UNASSIGNED, amount_fen), Leg(AccountType.BANK, -amount_fen))
    return await _book(EntryKind.HOLD_BACK, fund_id, legs, source, occurred_at=left_at, now=now)


async def book_fee(
    fund_id: int, kept_from: AccountType, amount_fen: int, source: Source, *, kept_at: datetime, now: datetime
) -> int:
    """What Alipay or the bank kept for its service: fees debit; a negative sum is a fee given back."""
    legs = (Leg(AccountType.FEES, amount_fen), Leg(kept_from, -amount_fen))
    return await _book(EntryKind.FEE, fund_id, legs, source, occurred_at=kept_at, now=now)


async def book_payable(fund_id: int, amount_fen: int, source: Source, *, now: datetime) -> int:
    """Help that is approved and not paid yet: spending debit, payable credit."""
    legs = (Leg(AccountType.SPENDING, amount_fen), Leg(AccountType.PAYABLE, -amount_fen))
    return await _book(EntryKind.PAYABLE, fund_id, legs, source, occurred_at=now, now=now)


async def book_payout(
    fund_id: int,
    amount_fen: int,
    source: Source,
    *,
    left_at: datetime,
    now: datetime,
    place: AccountType = AccountType.BANK,
) -> int:
    """Approved help that has left: payable debit, credit where it lay, bank or alipay."""
    legs = (Leg(AccountType.PAYABLE, amount_fen), Leg(place, -amount_fen))
    return await _book(EntryKind.PAYOUT, fund_id, legs, source, occurred_at=left_at, now=now)


async def book_surplus(
    from_fund_id: int, to_fund_id: int, *, alipay_fen: int, bank_fen: int, source: Source, now: datetime
) -> None:
    """What one fund did not use becomes another's: spending debit there, fund credit here, each in an entry of its own."""
    places = tuple((AccountType(name), fen) for name, fen in (("alipay", alipay_fen), ("bank", bank_fen)) if fen)
    amount_fen = alipay_fen + bank_fen
    out = (Leg(AccountType.SPENDING, amount_fen), *(Leg(place, -fen) for place, fen in places))
    await _book(EntryKind.SURPLUS_OUT, from_fund_id, out, source, occurred_at=now, now=now)
    taken = (*(Leg(place, fen) for place, fen in places), Leg(AccountType.FUND, -amount_fen))
    await _book(EntryKind.SURPLUS_IN, to_fund_id, taken, source, occurred_at=now, now=now)


async def book_adjustment(
    fund_id: int, amount_fen: int, source: Source, *, occurred_at: datetime, now: datetime
) -> int:
    """The books follow Alipay's bill: alipay debit, fund credit; a negative sum writes money off."""
    legs = (Leg(AccountType.ALIPAY, amount_fen), Leg(AccountType.FUND, -amount_fen))
    return await _book(EntryKind.ADJUSTMENT, fund_id, legs, source, occurred_at=occurred_at, now=now)


async def number_entries() -> int:
    """Gives committed entries their gapless numbers; returns how many. One process at a time does it."""
    await rows("SELECT pg_advisory_xact_lock($1)", NUMBER_LOCK)
    return len(await rows(NUMBER_ENTRIES))


async def _book(
    kind: EntryKind,
    fund_id: int,
    legs: Sequence[Leg],
    source: Source,
    *,
    occurred_at: datetime,
    now: datetime,
    reverses_id: int | None = None,
) -> int:
    if sum(leg.amount_fen for leg in legs) != 0:
        raise ValueError("an entry's postings sum to zero")
    accounts = [await _account_id(fund_id, leg.type, leg.division_code) for leg in legs]
    entry = await rows(ADD_ENTRY, fund_id, kind.value, source.kind, source.id, occurred_at, now, reverses_id)
    entry_id: int = entry[0]["id"]
    await rows(ADD_POSTINGS, entry_id, accounts, [leg.amount_fen for leg in legs])
    return entry_id


async def _account_id(fund_id: int, type_: AccountType, division_code: str) -> int:
    found = await rows(FIND_ACCOUNT, fund_id, type_.value, division_code)
    if not found:
        await rows(ADD_ACCOUNT, fund_id, type_.value, division_code)
        found = await rows(FIND_ACCOUNT, fund_id, type_.value, division_code)
    account_id: int = found[0]["id"]
    return account_id
