"""Who a line's money is for. Each kind of owner registers one handler in `app.py`; payments knows nobody above it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from cishan.payments.states import UnassignedReason


class LineOwner(Protocol):
    """Called by `settle` inside its transaction, with the order's row locked."""

    async def accept_payment(self, owner_id: int, *, order_id: int, now: datetime) -> UnassignedReason | None:
        """Takes the money (None), or says why it can't: then the money is booked as unassigned."""
        ...


LineOwners = Mapping[str, LineOwner]
