"""Load on one address: wrk where it is installed, else a small client of our own. Subject and peer get the same one.

An answer that is not what was asked for spoils a round, so it ends the benchmark instead of being counted.
"""

import asyncio
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

HOST = "127.0.0.1"
DEADLINE_SECONDS = 120.0
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
SCRIPT = """
local cookies = {%s}
local made, at = {}, 0
init = function() for i, text in ipairs(cookies) do made[i] = wrk.format(nil, nil, {Cookie = text}) end end
request = function() at = at %% #made + 1; return made[at] end
"""


class LoadFailed(Exception):
    """Something else came back than what was asked for."""


@dataclass
class Tally:
    """How many answers of each status came in how many seconds."""

    answers: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    def rate(self, status: int) -> float:
        """Answers a second, all of which must have had this status."""
        if set(self.answers) != {status}:
            raise LoadFailed(f"answers by status: {dict(self.answers)}, wanted only {status}")
        return self.answers[status] / self.seconds


def generator_name(seconds: float) -> str:
    """Which client makes the load of a round this long; wrk counts in whole seconds."""
    return "wrk" if shutil.which("wrk") and seconds >= 1 else "own"


async def get_rate(port: int, path: str, *, seconds: float, connections: int, cookies: Sequence[str] = ()) -> float:
    """Pages a second on `path`; with `cookies`, requests carry them in turn."""
    if generator_name(seconds) == "wrk":
        return await _wrk(port, path, int(seconds), connections, cookies)
    wanted = [get_request(path, cookie) for cookie in cookies or [""]]
    return (await drive(port, cycle(wanted), connections=connections, seconds=seconds)).rate(200)


def get_request(path: str, cookie: str = "") -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", *([f"Cookie: {cookie}"] if cookie else [])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post_request(path: str, body: str, cookie: str = "") -> bytes:
    """A form as a browser on the site itself sends it; without a cookie, as a gateway does."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {HOST}",
        *([f"Cookie: {cookie}", "Sec-Fetch-Site: same-origin"] if cookie else []),
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


async def drive(port: int, requests: Iterator[bytes], *, connections: int, seconds: float | None = None) -> Tally:
    """Sends the requests over so many connections, each one after the answer to the last, until they or the time end."""
    loop, tally = asyncio.get_running_loop(), Tally()
    began = time.perf_counter()
    until = began + (seconds if seconds is not None else DEADLINE_SECONDS)
    clients = [_Client(requests, tally, until, loop.create_future()) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, HOST, port)  # type: ignore[misc]
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await asyncio.gather(*(client.over for client in clients))
    finally:
        for client in clients:
            client.close()
    tally.seconds = time.perf_counter() - began
    return tally


class _Client(asyncio.Protocol):
    """One connection that always waits for one answer."""

    def __init__(self, requests: Iterator[bytes], tally: Tally, until: float, over: "asyncio.Future[None]") -> None:
        self.requests, self.tally, self.until, self.over = requests, tally, until, over
        self.transport: asyncio.Transport | None = None
        self.head, self.left = b"", 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        if self.left:
            self.left -= len(data)
        else:
            self.head += data
            end = self.head.find(HEAD_END)
            if end < 0:
                return
            length = LENGTH.search(self.head, 0, end + 2)
            self.left = (int(length[1]) if length else 0) - (len(self.head) - end - len(HEAD_END))
            self.tally.answers[int(self.head[9:12])] += 1
            self.head = b""
        if self.left == 0:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_exception(LoadFailed(f"the server hung up: {error}"))

    def _send(self) -> None:
        request = next(self.requests, None) if time.perf_counter() < self.until else None
        if request is None:
            if not self.over.done():
                self.over.set_result(None)
        elif self.transport is not None:
            self.transport.write(request)

    def close(self) -> None:
        if not self.over.done():
            self.over.cancel()
        if self.transport is not None:
            self.transport.abort()


async def _wrk(port: int, path: str, seconds: int, connections: int, cookies: Sequence[str]) -> float:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://{HOST}:{port}{path}"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if cookies:
            script.write(SCRIPT % ", ".join(f'"{cookie}"' for cookie in cookies))
            script.flush()
            command[1:1] = ["-s", script.name]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            async with asyncio.timeout(seconds + DEADLINE_SECONDS):
                said = (await process.communicate())[0].decode()
        finally:
            if process.returncode is None:
                process.kill()
    return rate_of(said)


def rate_of(said: str) -> float:
    """The pages a second that wrk reports; raises LoadFailed when it reports errors."""
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None or "Non-2xx" in said or "Socket errors" in said:
        raise LoadFailed(said.strip())
    return float(found[1])
