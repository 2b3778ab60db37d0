"""What must have been published before a project may go on. The room that keeps those clocks stands above this one."""

from datetime import datetime
from typing import Protocol


class Duties(Protocol):
    """Asked inside the transaction of the step that it may stop; it raises Conflict naming what is missing."""

    async def check_may_file(self, charity_id: int, *, now: datetime) -> None:
        """Nothing of the charity's is late: until it is published no new project is filed (R-12)."""

    async def check_may_settle(self, project_id: int, *, now: datetime) -> None:
        """Everything of this project is published and what was left has gone where its plan said (R-10)."""
