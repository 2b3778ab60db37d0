"""Every kind of queued job, and the function that does it."""

from cishan.jobs.queue import QueuedKind

QUEUED: tuple[QueuedKind, ...] = ()
