"""The worker's jobs on simulated time: each is run when a row says that it is due, and all of them every night.

They are the jobs of the worker's own table, called with the simulation's clock; nothing is swept in another way.
"""

from datetime import datetime, timedelta

from cishan.clock import beijing_day, beijing_midnight
from cishan.database import rows
from cishan.jobs.table import JOBS
from cishan.jobs.work import Job, Work
from cishan.simulate.world import World

AT_NIGHT = timedelta(hours=2)
SELDOM = timedelta(hours=1)
"""Jobs that a worker runs no more often than this are left to the night."""
MOST_ROUNDS = 500
"""A job takes a batch; so many batches an instant are more than any year has."""

NEXT_DUE = """
SELECT least(
    (SELECT min(next_poll_at) FROM payment_order WHERE next_poll_at > $1),
    (SELECT min(due_at) FROM claim WHERE due_at > $1),
    (SELECT min(due_at) FROM wish WHERE due_at > $1 AND status = 'published')) AS due_at
"""
STILL_OPEN = """
SELECT (SELECT count(*) FROM payment_order WHERE status = 'pending')
     + (SELECT count(*) FROM claim WHERE status IN ('reserved', 'promised')) AS waiting
"""


class Sweeps:
    """Moves the clock from one due instant to the next and does there what the worker and the gateway would do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._swept_until = world.clock.now()
        self._next_night = _night_after(world.clock.now())

    async def tend(self, by: datetime | None) -> None:
        """Does all that falls due by this instant; without one, until no payment and no unkept promise is open."""
        while (due := await self._next_due(by)) is not None:
            self._world.clock.move_to(max(due, self._world.clock.now()))
            await self._world.sandbox.deliver_due()
            if due >= self._next_night:
                self._next_night = _night_after(due)
                await self.run_all()
            else:
                await self._run_frequent()
            self._swept_until = self._world.clock.now()

    async def run_all(self) -> None:
        """Every job of the worker's table, now."""
        for job in JOBS:
            await self._run(job)

    async def _run_frequent(self) -> None:
        for job in JOBS:
            if job.every < SELDOM:
                await self._run(job)

    async def _run(self, job: Job) -> None:
        for _ in range(MOST_ROUNDS):
            work = Work(self._world.services, self._world.owners, self._world.clock.now())
            if not (await job.run(work)).handled:
                return
        raise RuntimeError(f"job {job.name} never came to an end")

    async def _next_due(self, by: datetime | None) -> datetime | None:
        found: datetime | None = (await rows(NEXT_DUE, self._swept_until))[0]["due_at"]
        candidates = [self._next_night, found, self._world.sandbox.store.next_notice_at()]
        due = min(instant for instant in candidates if instant is not None)
        if by is not None:
            return due if due <= by else None
        return due if (await rows(STILL_OPEN))[0]["waiting"] else None


def _night_after(now: datetime) -> datetime:
    """The next two o'clock in the morning in China."""
    tonight = beijing_midnight(beijing_day(now)) + AT_NIGHT
    return tonight if tonight > now else tonight + timedelta(days=1)
