"""What the administrator sees of jobs: the last run of each, what failed lately, and what waits in the queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cishan.database import rows

LATELY = timedelta(hours=24)
MOST_FAILED = 50

LAST_RUNS = """
SELECT DISTINCT ON (name) name, node, started_at, finished_at, handled, failed, error
  FROM job_run WHERE name = ANY($1) AND started_at > $2 ORDER BY name, started_at DESC, id DESC
"""
TOTALS = """
SELECT name, sum(handled)::bigint AS handled, sum(failed)::bigint AS failed,
       count(*) FILTER (WHERE error <> '') AS broken, max(started_at) FILTER (WHERE error <> '') AS broken_at,
       (array_agg(error ORDER BY started_at DESC) FILTER (WHERE error <> ''))[1] AS error
  FROM job_run WHERE name = ANY($1) AND started_at > $2 GROUP BY name
"""
QUEUE = """
SELECT entrypoint AS name, count(*) FILTER (WHERE status = 'queued') AS waiting,
       count(*) FILTER (WHERE status = 'picked') AS running, count(*) FILTER (WHERE status = 'failed') AS failed,
       min(created) FILTER (WHERE status = 'queued') AS oldest
  FROM pgqueuer GROUP BY entrypoint
"""
FAILED = """
SELECT q.id, q.entrypoint AS name, q.updated AS at,
       (SELECT l.traceback ->> 'exception_type' FROM pgqueuer_log l
         WHERE l.job_id = q.id AND l.traceback IS NOT NULL ORDER BY l.created DESC LIMIT 1) AS error
  FROM pgqueuer q WHERE q.status = 'failed' ORDER BY q.updated DESC LIMIT $1
"""


@dataclass(frozen=True)
class Run:
    """The last run of a job and its sums of the last day; `finished_at` is None while it runs, or was cut off."""

    node: str
    started_at: datetime
    finished_at: datetime | None
    handled: int
    failed: int
    error: str
    handled_lately: int
    failed_lately: int
    broken_lately: int
    last_error: str
    broken_at: datetime | None


@dataclass(frozen=True)
class QueueState:
    """How much of one kind waits, runs and has failed."""

    waiting: int
    running: int
    failed: int
    oldest: datetime | None


@dataclass(frozen=True)
class FailedTask:
    id: int
    name: str
    at: datetime
    error: str


async def last_runs(names: Sequence[str], *, now: datetime) -> Mapping[str, Run]:
    """By the job's name; a job that has not run for a day is missing."""
    since = now - LATELY
    totals = {row["name"]: row for row in await rows(TOTALS, list(names), since)}
    return {
        row["name"]: Run(
            node=row["node"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            handled=row["handled"],
            failed=row["failed"],
            error=row["error"],
            handled_lately=totals[row["name"]]["handled"],
            failed_lately=totals[row["name"]]["failed"],
            broken_lately=totals[row["name"]]["broken"],
            last_error=totals[row["name"]]["error"] or "",
            broken_at=totals[row["name"]]["broken_at"],
        )
        for row in await rows(LAST_RUNS, list(names), since)
        if row["name"] in totals
    }


async def queue_states() -> Mapping[str, QueueState]:
    """By the kind of job; an empty kind is missing."""
    return {
        row["name"]: QueueState(row["waiting"], row["running"], row["failed"], row["oldest"])
        for row in await rows(QUEUE)
    }


async def failed_tasks() -> tuple[FailedTask, ...]:
    """Queued jobs that were tried often enough and wait for a person, the newest first."""
    found = await rows(FAILED, MOST_FAILED)
    return tuple(FailedTask(row["id"], row["name"], row["at"], row["error"] or "") for row in found)
