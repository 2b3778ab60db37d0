"""What a job is, and what it is handed: shared by the table, the queue and the worker."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cishan.handled import Handled
from cishan.payments.owners import LineOwners
from cishan.services import Services


@dataclass(frozen=True)
class Work:
    """What a job works with; `now` is the instant of its tick."""

    services: Services
    owners: LineOwners
    now: datetime


@dataclass(frozen=True)
class Job:
    """A line of the table of jobs. `what` is shown to the administrator."""

    name: str
    what: str
    every: timedelta
    run: Callable[[Work], Awaitable[Handled]]
