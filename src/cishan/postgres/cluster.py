"""A running server: its addresses, its databases, its end."""

from __future__ import annotations

import atexit
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from cishan.postgres.binaries import clean_environment
from cishan.postgres.errors import PostgresError
from cishan.postgres.leftovers import forget_socket_directory

SUPERUSER = "cishan"
SOCKET_PORT = 5432
STOP_SECONDS = 20.0
TOOL_SECONDS = 60.0
LAST_LINES = 12


@dataclass
class Cluster:
    """A running server. Leave the `with` block, or call `stop`, to end it.

    `home` holds its data and log, `port` is the TCP port on 127.0.0.1 if it was started with one.
    """

    home: Path
    binaries: Path
    socket_directory: Path
    port: int | None
    _process: subprocess.Popen[bytes] = field(repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the server's first process."""
        return self._process.pid

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def is_running(self) -> bool:
        return self._process.poll() is None

    def tail(self) -> str:
        """The last lines of the server's log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:])

    def stop(self) -> None:
        """End all sessions, write everything to disk, end the server. Calling it again does nothing."""
        atexit.unregister(self.stop)
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if not self.is_running():
                break
            self._process.send_signal(number)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        forget_socket_directory(self.home)

    def url(self, database: str, *, user: str = SUPERUSER) -> str:
        """An address for Tortoise, asyncpg and psql alike; the socket's directory travels as `host`."""
        port = f"&port={self.port}" if self.port else ""
        return f"postgres://{quote(user)}@/{quote(database)}?host={quote(str(self.socket_directory))}{port}"

    def credentials(self, database: str, *, user: str = SUPERUSER) -> dict[str, str | int]:
        """The same as keyword arguments of `asyncpg.connect`, or as Tortoise's `credentials`."""
        host, port = str(self.socket_directory), self.port or SOCKET_PORT
        return {"host": host, "port": port, "user": user, "database": database}

    def create_database(self, name: str, *, template: str | None = None) -> None:
        """Raises PostgresError when it exists, or when somebody is connected to the template."""
        self._run_tool("createdb", *(("--template", template) if template else ()), "--", name)

    def drop_database(self, name: str) -> None:
        """Drop it if it is there, and throw out whoever is connected to it."""
        self._run_tool("dropdb", "--if-exists", "--force", "--", name)

    def database_exists(self, name: str) -> bool:
        return name in self.databases()

    def databases(self) -> list[str]:
        """The names of all databases, the server's own three included."""
        query = "SELECT datname FROM pg_database ORDER BY datname"
        return self._run_tool("psql", "-X", "-A", "-t", "-c", query, "postgres").splitlines()

    def _run_tool(self, program: str, *arguments: str) -> str:
        # The server's own programs need no event loop, so sync and async callers may both use them.
        environment = {
            **clean_environment(),
            "PGHOST": str(self.socket_directory),
            "PGPORT": str(self.port or SOCKET_PORT),
            "PGUSER": SUPERUSER,
            "PGCLIENTENCODING": "UTF8",
        }
        done = subprocess.run(
            [self.binaries / program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            timeout=TOOL_SECONDS,
        )
        if done.returncode != 0:
            raise PostgresError(f"{program} 没有成功：{done.stderr.decode('utf-8', 'replace').strip()}")
        return done.stdout.decode("utf-8")
