"""What must be published of projects. The room that keeps those clocks stands above this one and is asked by this port."""

from datetime import datetime
from typing import Protocol


class Duties(Protocol):
    """Asked inside the transaction of the step that it may stop; it raises Conflict naming what is missing."""

    async def check_nothing_late(self, charity_id: int, *, now: datetime) -> None:
        """Nothing of the charity's is late: until it is published no new project is filed or begun (R-12)."""

    async def plan(self, project_id: int, *, now: datetime) -> None:
        """Sets down what has to be published of a project that has just begun, and by which days."""

    async def check_may_settle(self, project_id: int, *, now: datetime) -> None:
        """Everything of this project is published and what was left has gone where its plan said (R-10)."""
