"""Rows that have done their duty go: codes, sessions, buckets, form answers, and the logs of jobs.

Nothing here is anybody's record: what must be kept is append-only, and the app's role could not delete it.
"""

from datetime import timedelta

from cishan.benefits.abandoned import forget_abandoned_imports
from cishan.database import rows
from cishan.handled import Handled
from cishan.jobs.work import Work
from cishan.pictures.sweeping import sweep_pictures

BATCH = 5_000
SWEPT_AT_ONCE = 500

PURGES: dict[str, tuple[str, timedelta]] = {
    "sign_in_code": ("expires_at", timedelta(days=1)),
    "session": ("expires_at", timedelta(days=30)),
    "rate_bucket": ("window_started_at", timedelta(days=2)),
    "form_answer": ("created_at", timedelta(days=7)),
    "job_run": ("started_at", timedelta(days=90)),
    "pgqueuer_log": ("created", timedelta(days=90)),
}
"""Table: the instant its age is counted from, and how long it is kept after that."""

EMPTY_RUNS = """
DELETE FROM job_run WHERE id IN (
    SELECT id FROM job_run WHERE started_at < $1 AND handled = 0 AND failed = 0 AND finished_at IS NOT NULL LIMIT $2)
"""
EMPTY_RUNS_KEPT = timedelta(days=1)


async def purge_expired(work: Work) -> Handled:
    """Deletes what is past its time, at most BATCH rows of each table a run; the next run takes the rest."""
    handled = 0
    for table, (column, kept) in PURGES.items():
        # The names come from the table above, never from outside.
        sql = f"""
        WITH gone AS (DELETE FROM {table} WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM {table} WHERE {column} < $1 LIMIT $2)) RETURNING 1)
        SELECT count(*) AS n FROM gone
        """  # noqa: S608
        handled += (await rows(sql, work.now - kept, BATCH))[0]["n"]
    await rows(EMPTY_RUNS, work.now - EMPTY_RUNS_KEPT, BATCH)
    return Handled(handled)


async def sweep_unused(work: Work) -> Handled:
    """Deletes pictures that nothing uses and uploads that were never imported, a day after they came."""
    settings = work.services.settings
    pictures = await sweep_pictures(settings, limit=SWEPT_AT_ONCE, now=work.now)
    uploads = await forget_abandoned_imports(settings.data_directory / "imports", limit=SWEPT_AT_ONCE, now=work.now)
    return Handled(pictures + uploads)
