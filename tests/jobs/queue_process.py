"""A worker's queue as a process of its own, for a test that kills it: begins a job, says so, and never ends it."""

import asyncio
import sys

from cishan.app import line_owners, make_services
from cishan.database import database
from cishan.events.actions import record_event
from cishan.jobs.consumer import Consumer
from cishan.jobs.queue import QueuedKind, Task
from cishan.settings import Settings


async def write_and_hang(task: Task) -> None:
    async with task.finish():
        await record_event("effect", int(task.payload["id"]), "done", actor=None, now=task.work.now)
        print("begun", flush=True)
        await asyncio.Event().wait()


async def main() -> None:
    settings = Settings.from_environment()
    async with database(settings):
        services = await make_services(settings)
        await Consumer([QueuedKind("mark", "", write_and_hang)], services, line_owners(services)).run()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
