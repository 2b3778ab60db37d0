"""Who a line's money is for. Each kind of owner registers one handler in `app.py`; payments knows nobody above it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cishan.accounts.viewer import Viewer
from cishan.payments.states import UnassignedReason


@dataclass(frozen=True)
class Used:
    """What late money was used for: its new owner, and how much of it that takes."""

    owner_id: int
    amount_fen: int


@dataclass(frozen=True)
class Unspent:
    """How much of an owner's money may still go back. `untouched` says that nobody has begun to spend it.

    `released_fen` is what its fund keeps for this owner alone, and no longer once the money goes back.
    """

    amount_fen: int
    untouched: bool
    released_fen: int = 0


class LineOwner(Protocol):
    """Called inside the transaction of whoever moves the money, with the order's row locked."""

    async def accept_payment(self, owner_id: int, *, order_id: int, now: datetime) -> UnassignedReason | None:
        """Takes the money (None), or says why it can't: then the money is booked as unassigned."""
        ...

    async def use_late_money(self, owner_id: int, amount_fen: int, *, donor_id: int, now: datetime) -> Used | None:
        """Finds something like what the donor wanted, for this sum or less, and gives them that; None when there is
        nothing.
        """
        ...

    async def unspent(self, owner_id: int) -> Unspent:
        """Locks the owner and says what may go back of the money it was given."""
        ...

    async def give_up(self, owner_id: int, *, actor: Viewer | None, now: datetime) -> None:
        """The money goes back, all or part of it: what has not been bought is not bought with it any more."""
        ...

    def address_of(self, owner_id: int) -> str:
        """The donor's own page of what their money was for."""
        ...


LineOwners = Mapping[str, LineOwner]
