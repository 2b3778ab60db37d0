"""Runs the sandbox as a process of its own, for tests that kill it: `python sandbox_process.py settings.json`."""

import asyncio
import json
import sys
from pathlib import Path

from cishan.payments.sandbox.serve import RunningSandbox, serve
from cishan.payments.sandbox.settings import Application, SandboxSettings


def announce(running: RunningSandbox) -> None:
    print(running.url, flush=True)


def main() -> None:
    values = json.loads(Path(sys.argv[1]).read_text())
    applications = tuple(Application(**application) for application in values.pop("applications"))
    asyncio.run(serve(SandboxSettings(applications=applications, **values), on_ready=announce))


if __name__ == "__main__":
    main()
