"""What a process works with, made once in `app.py` or the worker and handed on; nothing is a global."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cishan.accounts.passwords import STRONG, Passwords
from cishan.accounts.viewer import Viewer
from cishan.clock import Clock
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.sealing import Sealer
from cishan.settings import Settings

Enqueue = Callable[[str, dict[str, int]], Awaitable[None]]
"""Queues a durable job inside the current transaction: its kind and what it is about."""


class RefundFollower(Protocol):
    """Told inside a refund's transaction that less is left of an order, as receipts must be."""

    async def __call__(self, order_id: int, *, actor: Viewer | None, now: datetime) -> None: ...


class RefundListener(Protocol):
    """Looks into a refund that Alipay speaks of; `request_no` is empty when it does not say which."""

    async def __call__(
        self, out_trade_no: str, request_no: str, refunded_fen: int, *, services: "Services", now: datetime
    ) -> bool: ...


async def queue_nothing(kind: str, payload: dict[str, int]) -> None:
    """For whoever has no queue: what is due stands in its row, and a sweep finds it there."""


async def follow_nothing(order_id: int, *, actor: Viewer | None, now: datetime) -> None:
    """For whoever has nothing that depends on what is left of an order."""


async def hear_nothing(
    out_trade_no: str, request_no: str, refunded_fen: int, *, services: "Services", now: datetime
) -> bool:
    """For whoever keeps no refunds."""
    return False


@dataclass(frozen=True)
class Services:
    """`gateway` is None until a merchant account is set up; payment pages then say that paying is not open yet."""

    settings: Settings
    clock: Clock
    sealer: Sealer
    gateway: AlipayGateway | None
    passwords: Passwords = STRONG
    enqueue: Enqueue = queue_nothing
    hear_refund: RefundListener = hear_nothing
    follow_refund: RefundFollower = follow_nothing
