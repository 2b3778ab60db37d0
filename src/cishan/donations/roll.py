"""The donor roll (捐赠名单) of a fund: every gift that counts, newest first; a name only where its donor wants it (R-13)."""

from dataclasses import dataclass
from datetime import datetime

from cishan.database import rows
from cishan.sealing import Sealer

ANONYMOUS = "爱心人士"
ROLL = """
SELECT d.id, d.left_fen, d.received_at, d.shows_name, a.name_sealed, g.name AS organisation
  FROM donation d JOIN account a ON a.id = d.donor_id LEFT JOIN organisation g ON g.id = a.organisation_id
 WHERE d.fund_id = $1 AND d.left_fen > 0
   AND (d.received_at, d.id) < (coalesce((SELECT received_at FROM donation WHERE id = $2 AND fund_id = $1), 'infinity'), $2)
 ORDER BY d.received_at DESC, d.id DESC LIMIT $3
"""
NEWEST = 2**63 - 1


@dataclass(frozen=True)
class RollRow:
    """A gift on the roll; `name` is what its donor lets everybody read."""

    id: int
    name: str
    amount_fen: int
    received_at: datetime


async def roll_of(fund_id: int, *, limit: int, sealer: Sealer, before: int = NEWEST) -> tuple[RollRow, ...]:
    """So many gifts of a fund older than the gift `before`; its place in the roll is all that number is used for."""
    return tuple(
        RollRow(
            row["id"],
            (row["organisation"] or sealer.open(row["name_sealed"], "account.name"))
            if row["shows_name"]
            else ANONYMOUS,
            row["left_fen"],
            row["received_at"],
        )
        for row in await rows(ROLL, fund_id, before, limit)
    )
