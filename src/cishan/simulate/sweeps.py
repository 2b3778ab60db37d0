"""The worker's jobs on simulated time: each is run when a row says that it is due, and all every night.

They are the jobs of the worker's own table, called with the simulation's clock; nothing is swept in another way.
"""

from datetime import datetime, timedelta

from cishan.clock import beijing_day, beijing_midnight
from cishan.database import rows
from cishan.jobs.table import JOBS
from cishan.jobs.work import Job, Work
from cishan.simulate.world import World

AT_NIGHT = timedelta(hours=2)
QUICK = timedelta(minutes=1)
"""Jobs that run more often than this follow every due instant; slower ones only the deadlines of wishes and claims."""
SELDOM = timedelta(hours=1)
"""Jobs that a worker runs no more often than this are left to the night."""
MOST_ROUNDS = 500
"""A job takes a batch; so many batches an instant are more than any year has."""

NEXT_POLL = """
SELECT least((SELECT min(next_poll_at) FROM payment_order WHERE next_poll_at > $1),
             (SELECT min(next_try_at) FROM refund WHERE next_try_at > $1),
             (SELECT min(next_try_at) FROM payout_transfer WHERE next_try_at > $1)) AS due_at
"""
NEXT_DEADLINE = """
SELECT least(
    (SELECT min(due_at) FROM claim WHERE due_at > $1),
    (SELECT min(due_at) - interval '1 day' FROM claim WHERE due_at > $1::timestamptz + interval '1 day'),
    (SELECT min(due_at) FROM wish WHERE due_at > $1)) AS due_at
"""
STILL_OPEN = """
SELECT (SELECT count(*) FROM payment_order WHERE status = 'pending')
     + (SELECT count(*) FROM refund WHERE status IN ('requested', 'unknown'))
     + (SELECT count(*) FROM payout_transfer WHERE state IN ('requested', 'unknown'))
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
        while (found := await self._next_due(by)) is not None:
            due, slowest = found
            self._world.clock.move_to(max(due, self._world.clock.now()))
            await self._world.sandbox.deliver_due()
            await self._run_below(slowest)
            self._swept_until = self._world.clock.now()
            if self._swept_until >= self._next_night:
                self._next_night = _night_after(self._swept_until)

    async def run_all(self) -> None:
        """Every job of the worker's table, now."""
        await self._run_below(timedelta.max)

    async def _run_below(self, slowest: timedelta) -> None:
        for job in JOBS:
            if job.every < slowest:
                await self._run(job)

    async def _run(self, job: Job) -> None:
        for _ in range(MOST_ROUNDS):
            work = Work(self._world.services, self._world.owners, self._world.clock.now())
            if not (await job.run(work)).handled:
                return
        raise RuntimeError(f"job {job.name} never came to an end")

    async def _next_due(self, by: datetime | None) -> tuple[datetime, timedelta] | None:
        """The next instant at which something is due, and how slow the jobs may be that then run."""
        poll = (await rows(NEXT_POLL, self._swept_until))[0]["due_at"]
        deadline = (await rows(NEXT_DEADLINE, self._swept_until))[0]["due_at"]
        notice = self._world.sandbox.store.next_notice_at()
        candidates = [(self._next_night, timedelta.max), (deadline, SELDOM), (poll, QUICK), (notice, QUICK)]
        due, slowest = min((found for found in candidates if found[0] is not None), key=lambda found: found[0])
        if by is not None:
            return (due, slowest) if due <= by else None
        return (due, slowest) if (await rows(STILL_OPEN))[0]["waiting"] else None


def _night_after(now: datetime) -> datetime:
    """The next two o'clock in the morning in China."""
    tonight = beijing_midnight(beijing_day(now)) + AT_NIGHT
    return tonight if tonight > now else tonight + timedelta(days=1)
