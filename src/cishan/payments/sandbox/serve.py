"""Running the sandbox on loopback: as a process for the demo, or inside another one for tests and
simulations.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
import uvicorn

from cishan.clock import SystemClock
from cishan.payments.sandbox.app import create_sandbox_app
from cishan.payments.sandbox.engine import Sandbox
from cishan.payments.sandbox.settings import SandboxSettings, refuse_open_address

if TYPE_CHECKING:
    from cishan.clock import Clock

SHUTDOWN_SECONDS = 5
BACKLOG = 512


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that answers at `url`. `gateway_url` is what a merchant is configured with."""

    sandbox: Sandbox
    url: str

    @property
    def gateway_url(self) -> str:
        return f"{self.url}/gateway.do"


async def serve(
    settings: SandboxSettings,
    clock: "Clock | None" = None,
    on_ready: Callable[[RunningSandbox], None] | None = None,
) -> None:
    """Serves until it is cancelled or told to stop by a signal. `on_ready` is called once it listens."""
    with _listening(settings) as listener:
        sandbox = Sandbox(settings, clock or SystemClock())
        server = _server(sandbox)
        delivering = asyncio.create_task(sandbox.keep_delivering())
        # Without its courier the sandbox would look well and notify nobody: then it stops, and says why.
        delivering.add_done_callback(lambda _: setattr(server, "should_exit", True))
        try:
            if on_ready is not None:
                on_ready(RunningSandbox(sandbox, _url(listener)))
            await server.serve([listener])
        finally:
            await _stop(delivering)
            await sandbox.aclose()


@contextlib.asynccontextmanager
async def running_sandbox(
    settings: SandboxSettings,
    clock: "Clock",
    client: httpx2.AsyncClient | None = None,
    deliver: bool = False,
) -> AsyncIterator[RunningSandbox]:
    """A sandbox inside this process, over real HTTP on loopback, that leaves signals alone.

    Notices wait for `sandbox.deliver_due()`, so that whoever drives the clock also decides when they arrive;
    with `deliver` a task sends them as they fall due.
    """
    with _listening(settings) as listener:
        sandbox = Sandbox(settings, clock, client)
        server = _InProcessServer(_server(sandbox).config)
        tasks = [asyncio.create_task(server.serve([listener]))]
        if deliver:
            tasks.append(asyncio.create_task(sandbox.keep_delivering()))
        try:
            # The socket listens already, so a request made now waits for the server instead of failing.
            yield RunningSandbox(sandbox, _url(listener))
        finally:
            server.should_exit = True
            await tasks[0]
            await _stop(*tasks[1:])
            await sandbox.aclose()


class _InProcessServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The process belongs to somebody else, who decides what a signal means.
        yield


def _server(sandbox: Sandbox) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            create_sandbox_app(sandbox),
            http="httptools",
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )


@contextlib.contextmanager
def _listening(settings: SandboxSettings) -> Iterator[socket.socket]:
    refuse_open_address(settings.host)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named TCP on purpose: asyncio switches Nagle's delay off only for sockets that say so, and with it on every
    # answer with a body takes 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
        yield listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _stop(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
