"""Reads of orders and of money whose owner is not settled, for finance."""

from dataclasses import dataclass
from datetime import datetime

from cishan.database import rows
from cishan.labels import label
from cishan.payments.states import UnassignedReason
from cishan.sealing import Sealer

MOST_UNASSIGNED = 200

UNASSIGNED = """
SELECT u.id, u.reason, u.amount_fen, u.booked_at, o.out_trade_no, a.name_sealed, g.name AS organisation
  FROM unassigned_money u
  JOIN payment_order o ON o.id = u.order_id
  JOIN account a ON a.id = u.donor_id
  LEFT JOIN organisation g ON g.id = a.organisation_id
 WHERE u.fund_id = $1 AND u.resolved_at IS NULL ORDER BY u.booked_at, u.id LIMIT $2
"""


@dataclass(frozen=True)
class Unassigned:
    """Money that waits for a decision, with the name of the donor whom finance will call."""

    id: int
    reason: UnassignedReason
    amount_fen: int
    booked_at: datetime
    out_trade_no: str
    donor: str

    @property
    def reason_label(self) -> str:
        return label(self.reason)


async def open_unassigned(fund_id: int, *, sealer: Sealer) -> tuple[Unassigned, ...]:
    """Unresolved money of a fund, oldest first."""
    return tuple(
        Unassigned(
            id=row["id"],
            reason=UnassignedReason(row["reason"]),
            amount_fen=row["amount_fen"],
            booked_at=row["booked_at"],
            out_trade_no=row["out_trade_no"],
            donor=row["organisation"] or sealer.open(row["name_sealed"], "account.name"),
        )
        for row in await rows(UNASSIGNED, fund_id, MOST_UNASSIGNED)
    )
