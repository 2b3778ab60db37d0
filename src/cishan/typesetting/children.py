"""Runs a child that sets paper: one at a time of each kind, timed, ended and awaited whatever happens."""

import asyncio
import logging
import sys
from collections import defaultdict

CHILDREN_AT_ONCE = 1
MOST_IN_LINE = 20
"""More orders of one kind than this are turned away at once: at half a second each, nobody waits longer than ten."""

_children: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(CHILDREN_AT_ONCE))
"""By module: a donor's certificate does not wait for the sheets of a village."""
_in_line: defaultdict[str, int] = defaultdict(int)

log = logging.getLogger(__name__)


class ChildFailed(Exception):
    """The child was too late or ended badly; the log names where."""


async def run_child(module: str, order: bytes, seconds: float) -> bytes:
    """What the module `python -m <module>` answers to an order; raises ChildFailed, also when the line is full."""
    if _in_line[module] >= MOST_IN_LINE:
        log.error("%s: %d orders are in line already", module, MOST_IN_LINE)
        raise ChildFailed
    _in_line[module] += 1
    try:
        async with _children[module]:
            return await _run(module, order, seconds)
    finally:
        _in_line[module] -= 1


async def _run(module: str, order: bytes, seconds: float) -> bytes:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, complaint = await asyncio.wait_for(child.communicate(order), seconds)
    except TimeoutError as late:
        log.error("%s: the child was ended after %d s", module, seconds)
        raise ChildFailed from late
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0 or b"\n" not in output:
        log.error("%s: the child ended with %s at %s", module, child.returncode, _place(complaint))
        raise ChildFailed
    return output


def _place(complaint: bytes) -> str:
    """Where the child failed: files and lines of its traceback, not its words, which may hold what was to be printed."""
    lines = complaint.decode(errors="replace").splitlines()
    return "; ".join(line.strip() for line in lines if line.startswith("  File "))[-400:]
