"""The worker: ticks the table of jobs and consumes the queue, on as many nodes as there are, without a leader."""

import asyncio
import logging
from collections.abc import Sequence

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from cishan.clock import BEIJING, SystemClock
from cishan.jobs.actions import node_name, run_job
from cishan.jobs.consumer import Consumer
from cishan.jobs.queue import QueuedKind
from cishan.jobs.work import Job, Work
from cishan.payments.owners import LineOwners
from cishan.services import Services

DRAIN_SECONDS = 25.0
"""How long running jobs have to end after SIGTERM; what they have not done is still due for another worker."""

log = logging.getLogger(__name__)


class Worker:
    """Runs until `stop` is called, then lets what runs come to its end."""

    def __init__(
        self, jobs: Sequence[Job], queued: Sequence[QueuedKind], services: Services, owners: LineOwners
    ) -> None:
        self._jobs = jobs
        self._services = services
        self._owners = owners
        self._node = node_name()
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._consumer = Consumer(queued, services, owners)

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        scheduler = self._scheduler()
        scheduler.start()
        consuming = asyncio.create_task(self._consumer.run())
        try:
            await self._stopping.wait()
        finally:
            # A paused scheduler ticks no more; its own shutdown would cancel what runs instead of waiting for it.
            scheduler.pause()
            self._consumer.stop()
            await self._drain(consuming)
            scheduler.shutdown(wait=False)

    def _scheduler(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(
            timezone=BEIJING,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for job in self._jobs:
            # The scheduler's own clock only spaces ticks; what is due is decided by the rows and our clock.
            scheduler.add_job(
                self._tick,
                IntervalTrigger(seconds=int(job.every.total_seconds()), timezone=BEIJING),
                args=[job],
                id=job.name,
                next_run_time=SystemClock().now(),
            )
        return scheduler

    async def _tick(self, job: Job) -> None:
        current = asyncio.current_task()
        assert current is not None
        self._running.add(current)
        try:
            await run_job(job, Work(self._services, self._owners, self._services.clock.now()), node=self._node)
        except Exception:
            # Even the run log could not be written: the database is away. The next tick tries again.
            log.exception("job %s could not be logged", job.name)
        finally:
            self._running.discard(current)

    async def _drain(self, consuming: asyncio.Task[None]) -> None:
        _, late = await asyncio.wait({consuming, *self._running}, timeout=DRAIN_SECONDS)
        for task in late:
            log.warning("a job did not end within %.0f s and is cut off", DRAIN_SECONDS)
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
