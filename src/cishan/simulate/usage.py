"""What a run costs: seconds per stage, and the most memory that all its processes held at once."""

import os
import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 2.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


class Stages:
    """Seconds by stage, in the order of their beginning. A stage inside another is taken out of the outer one."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._running: list[str] = []
        self._since = time.monotonic()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._book()
        self.seconds.setdefault(name, 0.0)
        self._running.append(name)
        try:
            yield
        finally:
            self._book()
            self._running.pop()

    def _book(self) -> None:
        now = time.monotonic()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now


class MemoryWatch:
    """Adds up, every two seconds, what this process and all below it hold."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory watch", daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak_bytes = max(self.peak_bytes, held_bytes())
            if self._stop.wait(SAMPLE_SECONDS):
                return


@dataclass(frozen=True)
class _Process:
    program: str
    parent: int
    own_bytes: int
    shared_bytes: int


def held_bytes() -> int:
    """Of this process and its descendants; where there is no /proc, the most this process ever held.

    What a process has alone is added up. What it shares, with its own program's other processes mostly, is counted once
    for each program: PostgreSQL's buffers belong to all its backends together.
    """
    running = _running()
    if os.getpid() not in running:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    ours, grown = {os.getpid()}, True
    while grown:
        below = {pid for pid, process in running.items() if process.parent in ours}
        grown = not below <= ours
        ours |= below
    shared: dict[str, int] = {}
    for pid in ours:
        process = running[pid]
        shared[process.program] = max(shared.get(process.program, 0), process.shared_bytes)
    return sum(running[pid].own_bytes for pid in ours) + sum(shared.values())


def _running() -> dict[int, _Process]:
    found: dict[int, _Process] = {}
    for entry in PROC.glob("[0-9]*"):
        try:
            # The name in brackets may hold anything; the parent is the second field behind it.
            name, _, rest = (entry / "stat").read_text().rpartition(")")
            _, resident, shared, *_ = (int(field) * PAGE_BYTES for field in (entry / "statm").read_text().split())
        except (OSError, ValueError):
            continue
        found[int(entry.name)] = _Process(name.partition("(")[2], int(rest.split()[1]), resident - shared, shared)
    return found
