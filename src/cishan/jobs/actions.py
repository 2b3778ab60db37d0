"""The only writer of the run log: runs one job, and writes down how it went."""

import logging
import os
import socket

from cishan.database import rows
from cishan.handled import Handled
from cishan.jobs.work import Job, Work

ERROR_CHARACTERS = 400

BEGIN = (
    "INSERT INTO job_run (name, node, started_at, handled, failed, error) VALUES ($1, $2, $3, 0, 0, '') RETURNING id"
)
END = "UPDATE job_run SET finished_at = $2, handled = $3, failed = $4, error = $5 WHERE id = $1"

log = logging.getLogger(__name__)


async def run_job(job: Job, work: Work, *, node: str) -> Handled | None:
    """Runs a job and keeps its result; an error is kept too, and never leaves here. None when it failed.

    A run without an end in the log was cut off; what it had not done is still due, and the next tick finds it.
    """
    begun = await rows(BEGIN, job.name, node, work.now)
    error, done = "", None
    try:
        done = await job.run(work)
    except Exception as failure:
        log.exception("job %s failed", job.name)
        error = _short(failure)
    result = done or Handled(handled=0, failed=1)
    await rows(END, begun[0]["id"], work.services.clock.now(), result.handled, result.failed, error)
    return done


def node_name() -> str:
    """Which machine and process this is, for the run log."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def _short(failure: Exception) -> str:
    # The kind and place of an error, not its words: a message may quote a row, and rows may name people.
    place = failure.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}" if place else ""
    return f"{type(failure).__name__} {where}".strip()[:ERROR_CHARACTERS]
