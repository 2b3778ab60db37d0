"""Where the money of one payout came from and on whose list it stands: a fund, never a name."""

from dataclasses import dataclass

from cishan.database import rows
from cishan.errors import NotFound
from cishan.payouts.states import PayoutKind, PayoutStatus
from cishan.payouts.vouching import PROVED_FEN
from cishan.tracing.funds import FundTrace, trace_fund

PAYOUT = f"""
SELECT p.fund_id, p.what, p.kind, p.status, p.amount_fen,
       {PROVED_FEN}::bigint AS proved_fen
  FROM payout p WHERE p.id = $1
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class PayoutTrace:
    """A payout and the fund it was paid from. `is_listed` says that it is a line on a family's list."""

    payout_id: int
    what: str
    kind: PayoutKind
    status: PayoutStatus
    amount_fen: int
    proved_fen: int
    fund: FundTrace

    @property
    def is_listed(self) -> bool:
        return self.kind is PayoutKind.HOUSEHOLD and self.status is PayoutStatus.PAID


async def trace_payout(payout_id: int) -> PayoutTrace:
    found = await rows(PAYOUT, payout_id)
    if not found:
        raise NotFound("没有这笔救助款。")
    row = found[0]
    return PayoutTrace(
        payout_id=payout_id,
        what=row["what"],
        kind=PayoutKind(row["kind"]),
        status=PayoutStatus(row["status"]),
        amount_fen=row["amount_fen"],
        proved_fen=row["proved_fen"],
        fund=await trace_fund(row["fund_id"]),
    )
