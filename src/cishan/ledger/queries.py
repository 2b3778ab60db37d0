"""Balances out of the postings; nothing keeps a second truth."""

from dataclasses import dataclass

from cishan.database import rows
from cishan.ledger.states import AccountType

BALANCES = """
SELECT a.type, a.division_code, coalesce(sum(p.amount_fen), 0)::bigint AS balance_fen
  FROM ledger_account a LEFT JOIN ledger_posting p ON p.account_id = a.id
 WHERE a.fund_id = $1 GROUP BY a.id, a.type, a.division_code ORDER BY a.type, a.division_code
"""


@dataclass(frozen=True)
class Balance:
    """An account's balance: debit positive, credit negative, in fen."""

    type: AccountType
    division_code: str
    balance_fen: int


async def balances_of(fund_id: int) -> tuple[Balance, ...]:
    """The trial balance of a fund: its balances sum to zero."""
    return tuple(
        Balance(AccountType(row["type"]), row["division_code"], row["balance_fen"])
        for row in await rows(BALANCES, fund_id)
    )


async def balance_of(fund_id: int, type_: AccountType, division_code: str = "") -> int:
    found = [item for item in await balances_of(fund_id) if (item.type, item.division_code) == (type_, division_code)]
    return found[0].balance_fen if found else 0
