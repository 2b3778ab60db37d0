"""Reads of orders and of money whose owner is not settled, for finance."""

from dataclasses import dataclass
from datetime import datetime

from cishan.database import rows
from cishan.labels import label
from cishan.payments.rules import LATE_MONEY_WITHIN
from cishan.payments.states import LateChoice, UnassignedReason
from cishan.sealing import Sealer

MOST_UNASSIGNED = 200

LAST_CHOICE = "SELECT late_choice FROM payment_order WHERE donor_id = $1 ORDER BY id DESC LIMIT 1"
UNASSIGNED = """
SELECT u.id, u.reason, u.amount_fen, u.booked_at, o.out_trade_no, o.late_choice, a.name_sealed, g.name AS organisation
  FROM unassigned_money u
  JOIN payment_order o ON o.id = u.order_id
  JOIN account a ON a.id = u.donor_id
  LEFT JOIN organisation g ON g.id = a.organisation_id
 WHERE u.fund_id = $1 AND u.resolved_at IS NULL ORDER BY u.booked_at, u.id LIMIT $2
"""


@dataclass(frozen=True)
class Unassigned:
    """Money that is being settled by its donor's choice, or should have been long ago."""

    id: int
    reason: UnassignedReason
    amount_fen: int
    booked_at: datetime
    out_trade_no: str
    donor: str
    choice: LateChoice

    @property
    def reason_label(self) -> str:
        return label(self.reason)

    @property
    def choice_label(self) -> str:
        return label(self.choice)

    def is_late(self, now: datetime) -> bool:
        return now > self.booked_at + LATE_MONEY_WITHIN


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
            choice=LateChoice(row["late_choice"]),
        )
        for row in await rows(UNASSIGNED, fund_id, MOST_UNASSIGNED)
    )


async def last_late_choice(account_id: int) -> LateChoice:
    """What this donor wanted the last time; a refund for somebody who was never asked, for nobody chose otherwise."""
    found = await rows(LAST_CHOICE, account_id)
    return LateChoice(found[0]["late_choice"]) if found else LateChoice.REFUND
