"""The refunds of our books, as a day's bill is compared with them."""

from collections.abc import Sequence
from datetime import datetime

from cishan.database import JsonRow
from cishan.reconciliation.ports import OwnRefund, RefundsOfDay
from cishan.refunds.queries import refunded_fen_of, refunds_made_between, refunds_with_numbers
from cishan.services import Services


class KeptRefunds:
    """What the refunds room keeps."""

    async def made_between(self, charity_id: int, start: datetime, end: datetime) -> Sequence[OwnRefund]:
        return [_own(row) for row in await refunds_made_between(charity_id, start, end)]

    async def with_numbers(self, charity_id: int, request_nos: Sequence[str]) -> Sequence[OwnRefund]:
        return [_own(row) for row in await refunds_with_numbers(charity_id, request_nos)]

    async def hear(
        self, out_trade_no: str, request_no: str, refunded_fen: int, *, services: Services, now: datetime
    ) -> bool:
        # A bill names each refund for itself; who listens wants all of the trade's together, as notices name them.
        together_fen = await refunded_fen_of(out_trade_no) + refunded_fen
        return await services.hear_refund(out_trade_no, request_no, together_fen, services=services, now=now)


def refunds_of_day() -> RefundsOfDay:
    """What each day's bill is compared with, beside the orders."""
    return KeptRefunds()


def _own(row: JsonRow) -> OwnRefund:
    return OwnRefund(row["trade_no"], row["out_trade_no"], row["request_no"], row["amount_fen"])
