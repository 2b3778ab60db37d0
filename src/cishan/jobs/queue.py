"""Durable one-off jobs on PgQueuer: long work about files and messages, done by any worker, after the commit.

`enqueue` is part of the caller's transaction: a rollback takes the job with it. A job may be begun twice, when a worker
dies; what it writes is written once, because `Task.finish` removes the job in the same transaction.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tortoise.transactions import in_transaction

from cishan.database import JsonRow, rows
from cishan.jobs.work import Work

if TYPE_CHECKING:
    from pgqueuer.adapters.persistence.queries import Queries

LOCK_OURS = "SELECT id FROM pgqueuer WHERE id = $1 AND status = 'picked' AND queue_manager_id = $2::uuid FOR UPDATE"
REMOVE = """
WITH gone AS (DELETE FROM pgqueuer WHERE id = $1 RETURNING id, priority, entrypoint)
INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint)
SELECT id, 'successful'::pgqueuer_status, priority, entrypoint FROM gone
"""
TRY_AGAIN = """
UPDATE pgqueuer job SET status = 'queued', attempts = 0, updated = now()
 WHERE id = $1 AND status = 'failed'
   AND NOT EXISTS (SELECT FROM pgqueuer live WHERE live.dedupe_key = job.dedupe_key AND live.status IN ('queued', 'picked'))
"""


class Taken(Exception):
    """Another worker has this job now, because this one was silent for too long: what it made is not written."""


@dataclass(frozen=True)
class Task:
    """A queued job in a worker's hands. `work` is what jobs work with."""

    id: int
    payload: Mapping[str, Any]
    work: Work
    manager_id: str

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[None]:
        """The transaction that writes the job's result and removes the job; raises Taken when it is no longer ours."""
        async with in_transaction():
            if not await rows(LOCK_OURS, self.id, self.manager_id):
                raise Taken(f"job {self.id} is another worker's now")
            yield
            await rows(REMOVE, self.id)


@dataclass(frozen=True)
class QueuedKind:
    """A kind of queued job. `at_once` bounds how many run at the same time on all nodes; 0 is unbounded."""

    name: str
    what: str
    run: Callable[[Task], Awaitable[None]]
    at_once: int = 0


async def enqueue(kind: str, payload: Mapping[str, Any], *, key: str | None = None) -> None:
    """Queues a job inside the current transaction. With a `key`, a job that already waits or runs is not queued again."""
    body = json.dumps(payload, ensure_ascii=False).encode()
    await _queries().enqueue([kind], [body], [0], dedupe_key=[key], on_conflict="skip")


async def requeue(job_id: int) -> None:
    """Gives a failed job another try, unless one with its key waits or runs already."""
    await rows(TRY_AGAIN, job_id)


class _CurrentTransaction:
    """The part of PgQueuer's driver that enqueueing needs, on the connection the caller's transaction is on."""

    async def fetch(self, query: str, *args: object) -> list[JsonRow]:
        return await rows(query, *args)


def _queries() -> "Queries":
    # Loaded here: with it a web process would start a fifth later, and most never enqueue anything.
    from pgqueuer.adapters.persistence.queries import Queries

    return Queries(_CurrentTransaction())  # type: ignore[arg-type]
