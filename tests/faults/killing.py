"""A web process that is killed with -9 at a chosen point of its talk with the database, and started again.

Between the process and its database stands the proxy. It counts every question and every answer that goes by; at the
chosen one the process is dead before it can go on. So each point is met: before a commit, after it and before the process
has heard of it, between two statements, before the reply.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2

from cishan.processes import free_port
from cishan.settings import Settings
from faults.proxy import Proxy, open_proxy

READY_SECONDS = 30
LOOKS_A_SECOND = 50


@dataclass
class Web:
    """`cishan serve` behind the proxy. `kills` counts how often it died at a chosen point."""

    settings: Settings
    proxy: Proxy
    log: Path
    kills: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _left: int = 0
    browser: httpx2.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.proxy.passes = self._passes
        self.browser = httpx2.AsyncClient(
            base_url=self.settings.site_url, trust_env=False, headers={"Origin": self.settings.site_url}, timeout=30
        )

    def kill_at(self, point: int) -> None:
        """The process dies at the `point`-th question or answer from now on; 0 lets it live."""
        self._left = point

    def _passes(self) -> bool:
        if self._left > 0:
            self._left -= 1
            if self._left == 0:
                self.kill()
                self.kills += 1
                return False
        return True

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Ends the process at once and reaps it, so that its port is free again."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    async def start(self) -> None:
        """Starts the process if it is dead, and waits until it answers."""
        self.kill_at(0)
        if not self.is_alive:
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(  # noqa: ASYNC220 - it starts in a millisecond
                    [sys.executable, "-m", "cishan", "serve"], env=_environment(self.settings), stdout=log, stderr=log
                )
        for _ in range(READY_SECONDS * LOOKS_A_SECOND):
            try:
                if (await self.browser.get("/ready")).status_code == 200:
                    return
            except httpx2.TransportError:
                assert self.is_alive, self.log.read_text()
            await asyncio.sleep(1 / LOOKS_A_SECOND)
        raise AssertionError("the web process is not ready")

    async def post(self, path: str, **options: object) -> httpx2.Response | None:
        """None when the process died before it had answered."""
        try:
            return await self.browser.post(path, **options)  # type: ignore[arg-type]
        except httpx2.TransportError:
            return None


@asynccontextmanager
async def open_web(settings: Settings, socket: str, database: str, directory: Path) -> AsyncIterator[Web]:
    """A web process whose every word with the database at `socket` goes through the proxy."""
    async with open_proxy(socket) as proxy:
        port = free_port()
        web = Web(
            replace(
                settings,
                database_url=f"postgres://cishan@127.0.0.1:{proxy.port}/{database}",
                site_url=f"http://127.0.0.1:{port}",
                host="127.0.0.1",
                port=port,
                pool_size=4,
            ),
            proxy,
            directory / "web.log",
        )
        try:
            yield web
        finally:
            web.kill()
            await web.browser.aclose()


def _environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "CISHAN_ENVIRONMENT": settings.environment.value,
        "CISHAN_DATABASE_URL": settings.database_url,
        "CISHAN_DATA_DIRECTORY": str(settings.data_directory),
        "CISHAN_KEYS_DIRECTORY": str(settings.keys_directory),
        "CISHAN_SITE_URL": settings.site_url,
        "CISHAN_PORT": str(settings.port),
        "CISHAN_POOL_SIZE": str(settings.pool_size),
        "CISHAN_TRUSTED_HOSTS": "127.0.0.1",
    }
