"""Books without any refund."""

from collections.abc import Sequence
from datetime import datetime

from cishan.reconciliation.ports import OwnRefund
from cishan.services import Services


class NoRefunds:
    """Nobody keeps refunds: each one that the bill lists is a difference."""

    async def made_between(self, charity_id: int, start: datetime, end: datetime) -> Sequence[OwnRefund]:
        return ()

    async def with_numbers(self, charity_id: int, request_nos: Sequence[str]) -> Sequence[OwnRefund]:
        return ()

    async def hear(
        self, out_trade_no: str, request_no: str, refunded_fen: int, *, services: Services, now: datetime
    ) -> bool:
        return False
