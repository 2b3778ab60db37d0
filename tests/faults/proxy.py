"""A TCP proxy that spoils what goes through it, one way at a time: it stands before the gateway or the database.

The spoiling is changed while the proxy runs, and holds for what arrives from then on; connections that are open when it
goes `down` are cut. Nothing here knows what is spoken.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNK_BYTES = 16 * 1024
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends RST instead of FIN."""


@dataclass(frozen=True)
class Spoiling:
    """What happens to answers; the default passes everything on untouched.

    `latency_seconds` before each chunk; `silent` takes what is asked and never answers; `reset` cuts the connection with
    RST when the answer comes; `cut_after_bytes` ends it in the middle of an answer; `slice_bytes` sends it in pieces; `down`
    refuses connections and cuts those that are open.
    """

    latency_seconds: float = 0.0
    silent: bool = False
    reset: bool = False
    cut_after_bytes: int | None = None
    slice_bytes: int | None = None
    down: bool = False


WHOLE = Spoiling()


@dataclass
class Proxy:
    """Listens on `port` of the loopback and passes on to `target`, a host and a port or a socket's path.

    `passes` is asked before each question and each answer goes on; when it says no, the connection is cut there.
    """

    target: tuple[str, int] | str
    port: int = 0
    passes: Callable[[], bool] = lambda: True
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever somebody has sent something through."""
    _spoiling: Spoiling = WHOLE
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def spoil(self, spoiling: Spoiling) -> None:
        self._spoiling = spoiling
        self.asked.clear()
        if spoiling.down:
            for writer in list(self._open):
                _reset(writer)

    def mend(self) -> None:
        self.spoil(WHOLE)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._spoiling.down:
            _reset(writer)
            return
        try:
            onward_reader, onward_writer = await self._connect()
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, onward_writer}
        try:
            await asyncio.gather(self._ask(reader, onward_writer), self._answer(onward_reader, writer))
        finally:
            for side in (writer, onward_writer):
                self._open.discard(side)
                side.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, str):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection(*self.target)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(CHUNK_BYTES):
                self.asked.set()
                if not self.passes():
                    _reset(writer)
                    return
                writer.write(chunk)
                await writer.drain()
            writer.write_eof()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent = 0
        with suppress(ConnectionError):
            while chunk := await reader.read(CHUNK_BYTES):
                spoiling = self._spoiling
                await asyncio.sleep(spoiling.latency_seconds)
                if spoiling.silent:
                    continue
                if spoiling.reset or not self.passes():
                    _reset(writer)
                    return
                if spoiling.cut_after_bytes is not None and sent + len(chunk) > spoiling.cut_after_bytes:
                    writer.write(chunk[: spoiling.cut_after_bytes - sent])
                    await writer.drain()
                    writer.close()
                    return
                sent += len(chunk)
                await _send(chunk, writer, spoiling.slice_bytes)
            # Whoever waits for the other side to end hears of it.
            writer.write_eof()


async def _send(chunk: bytes, writer: asyncio.StreamWriter, slice_bytes: int | None) -> None:
    step = slice_bytes or len(chunk)
    for begin in range(0, len(chunk), step):
        writer.write(chunk[begin : begin + step])
        await writer.drain()
        await asyncio.sleep(0)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport = writer.transport
    transport.abort()


@asynccontextmanager
async def open_proxy(target: tuple[str, int] | str) -> AsyncIterator[Proxy]:
    """A proxy before a host and port or a socket's path, on a free port of the loopback."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        proxy.spoil(Spoiling(down=True))
        server.close()
        await server.wait_closed()
