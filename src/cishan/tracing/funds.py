"""What became of a fund's money, out of the books: its uses and what is left are what it has received, to the fen."""

from dataclasses import dataclass

from cishan.database import rows
from cishan.errors import NotFound
from cishan.ledger.queries import balances_of
from cishan.ledger.states import AccountType, EntryKind
from cishan.tracing.states import FundUse

FUND = "SELECT name FROM fund WHERE id = $1 AND ($2::bigint IS NULL OR charity_id = $2)"
ACCOUNTS = "SELECT id FROM ledger_account WHERE fund_id = $1 AND type = 'spending'"
SPENT = """
SELECT coalesce(o.kind, e.kind) AS kind, sum(p.amount_fen)::bigint AS fen
  FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id LEFT JOIN ledger_entry o ON o.id = e.reverses_id
 WHERE p.account_id = ANY($1) GROUP BY 1
"""
"""What was spent, by what it was spent on; a reversal counts against what it reverses."""


@dataclass(frozen=True)
class FundTrace:
    """A fund's money: `uses`, with what is left among them, add up to `received_fen`. A use of nothing is left out."""

    fund_id: int
    name: str
    received_fen: int
    uses: tuple[tuple[FundUse, int], ...]


async def trace_fund(fund_id: int, *, charity_id: int | None = None) -> FundTrace:
    """A fund as it stands now; NotFound for another charity's. Received is what it was given, less what went back."""
    found = await rows(FUND, fund_id, charity_id)
    if not found:
        raise NotFound("没有这个项目。")
    fen = dict.fromkeys(AccountType, 0)
    for item in await balances_of(fund_id):
        fen[item.type] += item.balance_fen
    accounts = [row["id"] for row in await rows(ACCOUNTS, fund_id)]
    spent = {EntryKind(row["kind"]): row["fen"] for row in await rows(SPENT, accounts)}
    owed_fen, received_fen = -fen[AccountType.PAYABLE], -fen[AccountType.FUND]
    uses = {
        FundUse.BOUGHT: spent.get(EntryKind.PURCHASE, 0),
        FundUse.PAID_OUT: spent.get(EntryKind.PAYABLE, 0) - owed_fen,
        FundUse.OWED: owed_fen,
        FundUse.PASSED_ON: spent.get(EntryKind.SURPLUS_OUT, 0),
        FundUse.FEES: fen[AccountType.FEES],
        FundUse.IN_TOWNS: fen[AccountType.TOWN_ADVANCE],
    }
    uses[FundUse.LEFT] = received_fen - sum(uses.values())
    return FundTrace(fund_id, found[0]["name"], received_fen, tuple((use, one) for use, one in uses.items() if one))
