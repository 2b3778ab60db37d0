"""What this room asks of whoever keeps refunds; handed in, so that a day can be compared without any (see tests)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cishan.services import Services


@dataclass(frozen=True)
class OwnRefund:
    """A refund that our books have made."""

    trade_no: str
    out_trade_no: str
    request_no: str
    amount_fen: int


class RefundsOfDay(Protocol):
    """Refunds as our books have them."""

    async def made_between(self, charity_id: int, start: datetime, end: datetime) -> Sequence[OwnRefund]:
        """Those that left in this time."""
        ...

    async def with_numbers(self, charity_id: int, request_nos: Sequence[str]) -> Sequence[OwnRefund]:
        """Those made under these numbers, whenever."""
        ...

    async def hear(
        self, out_trade_no: str, request_no: str, refunded_fen: int, *, services: Services, now: datetime
    ) -> bool:
        """Looks into a refund that the bill lists and our books lack; True when it was news. May ask the gateway."""
        ...
