"""What a killed server or a killed launcher leaves in its directory, and when it is safe to clear it away.

PostgreSQL clears most of it by itself. It cannot when the process id in `postmaster.pid` now belongs to
somebody else, or to a process that is dead but was never reaped, as happens in containers.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cishan.postgres.errors import LiveServerError

SOCKET_PREFIX = "cishan-pg-"
ORPHAN_SECONDS = 30.0
POLL_SECONDS = 0.02

_REMEMBERED = "socket-directory"


@dataclass(frozen=True)
class _Process:
    pid: int
    parent: int
    command: str

    def launcher(self) -> int | None:
        """The process id of the launcher, if it is a server that our launcher started."""
        found = re.search(r"cluster_name=cishan-(\d+)", self.command)
        return int(found[1]) if found else None


def clear_leftovers(home: Path) -> None:
    """Make `home` fit for a start: end a server whose launcher is gone, remove files that no server owns.

    Raises LiveServerError when a server that is not ours to end is alive.
    """
    data = home / "data"
    server = _live_server(data)
    if server is not None:
        _end_orphan(server, data)
    written = _written_pid(data)
    if written is not None and _exists(written):
        # Somebody else's process, or a zombie, which PostgreSQL would take for a live server. With no such
        # process the file stays: it tells PostgreSQL whether old sessions still hold the shared memory.
        (data / "postmaster.pid").unlink()
    for stale in data.glob(".s.PGSQL.*"):
        stale.unlink()
    forget_socket_directory(home)


def remember_socket_directory(home: Path, place: Path) -> None:
    """Write down a directory under /tmp, so that whoever comes after a kill -9 can remove it."""
    (home / _REMEMBERED).write_text(str(place), encoding="utf-8")


def forget_socket_directory(home: Path) -> None:
    """Remove the directory under /tmp that was remembered, if one was."""
    note = home / _REMEMBERED
    if not note.exists():
        return
    place = Path(note.read_text(encoding="utf-8"))
    if place.parent == Path("/tmp") and place.name.startswith(SOCKET_PREFIX) and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)
    note.unlink()


def _live_server(data: Path) -> _Process | None:
    """The server named in postmaster.pid, if that process lives and really is the server of `data`."""
    pid = _written_pid(data)
    if pid is None:
        return None
    process = _linux_process(pid) if sys.platform == "linux" else _bsd_process(pid)
    if process is None or "postgres" not in process.command.split("\0")[0]:
        return None
    if sys.platform == "linux" and not _works_in(pid, data):
        return None
    return process


def _written_pid(data: Path) -> int | None:
    try:
        # A negative number is PostgreSQL's mark for a server without a postmaster.
        return abs(int((data / "postmaster.pid").read_text(errors="replace").splitlines()[0]))
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _end_orphan(server: _Process, data: Path) -> None:
    if server.launcher() in (None, server.parent):
        raise LiveServerError(
            f"数据库目录 {data} 正由另一个程序使用（进程 {server.pid}）：请先停掉它，或换一个目录，然后重试。"
        )
    # On Linux it has already been told to end when its launcher died; elsewhere nobody told it.
    deadline = time.monotonic() + ORPHAN_SECONDS
    os.kill(server.pid, signal.SIGINT)
    while _live_server(data) is not None:
        if time.monotonic() > deadline:
            raise LiveServerError(
                f"上次留下的数据库进程 {server.pid} 停不下来：请运行 kill -QUIT {server.pid} 后重试。"
            )
        time.sleep(POLL_SECONDS)


def _linux_process(pid: int) -> _Process | None:
    """None when it is gone, or a zombie that nobody reaps."""
    try:
        # The second field is the program's name in parentheses and may itself hold spaces.
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else _Process(pid, int(parent), command)


def _bsd_process(pid: int) -> _Process | None:
    listed = subprocess.run(
        ["ps", "-o", "stat=,ppid=,command=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.split(maxsplit=2)
    if len(listed) < 3 or listed[0].startswith("Z"):
        return None
    return _Process(pid, int(listed[1]), listed[2])


def _works_in(pid: int, data: Path) -> bool:
    """A server's working directory is its data, which tells it from another PostgreSQL with a reused pid."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except (FileNotFoundError, PermissionError):
        # Gone, or another account's: that cannot be the server of a directory only our account may use.
        return False
