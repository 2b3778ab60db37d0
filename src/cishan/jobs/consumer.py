"""Takes queued jobs from PgQueuer, on a connection of its own, for as long as the worker lives."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain import models
from pgqueuer.domain.errors import RetryRequested

from cishan.database import APP_ROLE, credentials
from cishan.jobs.queue import QueuedKind, Taken, Task
from cishan.jobs.work import Work
from cishan.payments.owners import LineOwners
from cishan.services import Services

BATCH = 2
AT_ONCE = 4
LOOK_SECONDS = 5
"""How long a queued job waits at most when its notification was lost."""
SILENT_SECONDS = 60
"""After so long without a sign of life a worker's jobs are given to another; signs come every half of it."""
TRIES = 3
FIRST_RETRY = timedelta(seconds=10)
RECONNECT_SECONDS = 2.0

log = logging.getLogger(__name__)


class Consumer:
    """One worker's hands on the queue. `stop` lets running jobs end, and takes no more."""

    def __init__(
        self,
        kinds: Sequence[QueuedKind],
        services: Services,
        owners: LineOwners,
        *,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._kinds = kinds
        self._services = services
        self._owners = owners
        self._silent = timedelta(seconds=silent_seconds)
        self._stopping = asyncio.Event()
        self._manager: QueueManager | None = None

    async def run(self) -> None:
        """Consumes until `stop`; when the database goes away, it comes back with it."""
        while not self._stopping.is_set():
            try:
                async with self._connection() as connection:
                    self._manager = self._listening_on(connection)
                    if self._stopping.is_set():
                        return
                    await self._manager.run(
                        batch_size=BATCH,
                        max_concurrent_tasks=AT_ONCE,
                        dequeue_timeout=timedelta(seconds=LOOK_SECONDS),
                        heartbeat_timeout=self._silent,
                    )
            except Exception:
                log.exception("the queue stopped; trying again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), RECONNECT_SECONDS)

    def stop(self) -> None:
        self._stopping.set()
        if self._manager is not None:
            self._manager.shutdown.set()

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(
            **credentials(self._services.settings.database_url),
            server_settings={"role": APP_ROLE, "application_name": "cishan queue", "timezone": "UTC"},
        )
        try:
            yield connection
        finally:
            await connection.close()

    def _listening_on(self, connection: asyncpg.Connection) -> QueueManager:
        manager = QueueManager(Queries(AsyncpgDriver(connection)))
        for kind in self._kinds:
            manager.entrypoint(
                kind.name,
                concurrency_limit=kind.at_once,
                accepts_context=False,
                on_failure="hold",
                executor_factory=_patient,
            )(self._handler(kind, str(manager.queue_manager_id)))
        return manager

    def _handler(self, kind: QueuedKind, manager_id: str):  # type: ignore[no-untyped-def]
        async def handle(job: models.Job) -> None:
            work = Work(self._services, self._owners, self._services.clock.now())
            payload = json.loads(job.payload or b"{}")
            try:
                await kind.run(Task(id=int(job.id), payload=payload, work=work, manager_id=manager_id))
            except Taken as taken:
                # PgQueuer would remove the job after any other end, under the hands of who has it now.
                raise RetryRequested(reason=str(taken)) from taken

        return handle


def _patient(parameters: EntrypointExecutorParameters) -> DatabaseRetryEntrypointExecutor:
    return DatabaseRetryEntrypointExecutor(parameters, max_attempts=TRIES, initial_delay=FIRST_RETRY)
