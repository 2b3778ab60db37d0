"""Child processes that start in order, keep logs, and never outlive the process that started them.

`cishan demo` runs a database, a payment gateway, a web server and a worker side by side. Nothing here
restarts anything: when one of them ends, the person who ran the command should hear which one and why.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import BinaryIO, Self, TextIO

POLL_SECONDS = 0.05
READY_SECONDS = 60.0
GRACE_SECONDS = 10.0
HTTP_SECONDS = 2.0
LAST_LINES = 15
LINE_BYTES = 16_384
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_PR_SET_PDEATHSIG = 1


class ProcessError(Exception):
    """A child ended, or never became ready. The text is one for the person at the terminal."""


class StopRequested(Exception):
    """Somebody pressed Ctrl-C, or sent SIGTERM, while children were still starting."""


@dataclass(frozen=True)
class Answers:
    """Ready when this URL answers 200."""

    url: str

    def holds(self, child: Child) -> bool:
        # A proxy named in the environment knows nothing of our loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.url, timeout=HTTP_SECONDS) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@dataclass(frozen=True)
class Says:
    """Ready when a line of the child's output contains this text."""

    text: str

    def holds(self, child: Child) -> bool:
        return child.said.is_set()


@dataclass
class Child:
    """One running program, its log and the thread that fills the log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    said: threading.Event = field(default_factory=threading.Event)
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    reader: threading.Thread | None = None

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def tail(self) -> str:
        """The last lines of output, complete once the child has ended."""
        if self.reader is not None and not self.is_alive():
            self.reader.join(timeout=1.0)
        return "\n".join(self.last_lines)


@dataclass(frozen=True)
class _Watched:
    name: str
    is_alive: Callable[[], bool]
    tail: Callable[[], str]


class Supervisor:
    """Starts programs in order, waits while all of them live, and stops them in reverse order.

    Use it as a context manager in the main thread: it answers Ctrl-C, SIGTERM and SIGHUP while inside.
    Output goes to `<log_directory>/<name>.log`, and to `echo` too when given, each line behind its name.
    """

    def __init__(
        self, log_directory: Path, *, echo: TextIO | None = None, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        self.children: list[Child] = []
        self._log_directory = log_directory
        self._echo = echo
        self._grace_seconds = grace_seconds
        self._watched: list[_Watched] = []
        self._stop_requested = False
        self._former_handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        self._log_directory.mkdir(parents=True, exist_ok=True)
        for number in STOP_SIGNALS:
            # nohup asks us to ignore SIGHUP, and means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._former_handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for number, handler in self._former_handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._former_handlers.clear()

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        ready: Answers | Says | None = None,
        deadline_seconds: float = READY_SECONDS,
    ) -> Child:
        """Start `argv` and return once it is ready.

        `env` is added to our own environment. Raises ProcessError with the last lines of the log when the
        child ends or the deadline passes first, StopRequested when we are asked to stop meanwhile.
        """
        child = self._spawn(name, argv, env or {}, ready)
        self.children.append(child)
        self.watch(name, child.is_alive, child.tail)
        deadline = time.monotonic() + deadline_seconds
        while ready is not None and not ready.holds(child):
            self._check_all_alive()
            if self._stop_requested:
                raise StopRequested
            if time.monotonic() > deadline:
                raise ProcessError(_with_tail(f"{name} 在 {deadline_seconds:g} 秒内没有准备好。", child.tail()))
            time.sleep(POLL_SECONDS)
        return child

    def watch(self, name: str, is_alive: Callable[[], bool], tail: Callable[[], str]) -> None:
        """Let the whole run end when something we did not start ourselves, such as the database, ends."""
        self._watched.append(_Watched(name, is_alive, tail))

    def wait(self) -> None:
        """Return when asked to stop; raise ProcessError naming the first program that ended by itself."""
        while not self._stop_requested:
            self._check_all_alive()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """SIGTERM to each child, the last started first; SIGKILL to those still there after the grace."""
        self._watched.clear()
        while self.children:
            _end(self.children.pop(), self._grace_seconds)

    def _spawn(
        self, name: str, argv: Sequence[str | Path], env: Mapping[str, str], ready: Answers | Says | None
    ) -> Child:
        log = self._log_directory / f"{name}.log"
        try:
            process = subprocess.Popen(
                [str(word) for word in argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
                # Ctrl-C reaches a whole terminal group at once; its own session keeps our order of stopping.
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        except OSError as error:
            raise ProcessError(f"{name} 无法启动：{error}") from error
        child = Child(name, process, log)
        expected = ready.text if isinstance(ready, Says) else None
        child.reader = threading.Thread(
            target=_relay,
            args=(child, log.open("wb"), expected, self._echo),
            name=f"log of {name}",
            daemon=True,
        )
        child.reader.start()
        return child

    def _check_all_alive(self) -> None:
        for watched in self._watched:
            if not watched.is_alive():
                raise ProcessError(_with_tail(f"{watched.name} 意外结束，其余程序已一起停下。", watched.tail()))

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # A plain attribute: a threading.Event set in a handler can deadlock with the code it interrupts.
        self._stop_requested = True


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` that makes Linux send the child this signal when we end, even by kill -9.

    Elsewhere there is no such call, and None is returned. The kernel counts the *thread* that forked as the
    parent, so other threads than the main one are refused: the child would die with them.
    """
    if sys.platform != "linux":
        return None
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("child processes that die with their parent are started from the main thread")
    # Everything is looked up here: between fork and exec the child should do as little as possible.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent, wanted = os.getpid(), int(number)

    def ask_for_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, wanted, 0, 0, 0)
        # The parent may have ended between the fork and the call above; then no signal would ever come.
        if os.getppid() != parent:
            os._exit(1)

    return ask_for_signal


def die_with_launcher() -> None:
    """Makes this process end when the one that forked it ends, even by kill -9: for workers that others fork for us."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def free_port() -> int:
    """A TCP port on 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _relay(child: Child, log: BinaryIO, expected: str | None, echo: TextIO | None) -> None:
    output = child.process.stdout
    assert output is not None
    with log, output:
        while raw := output.readline(LINE_BYTES):
            line = raw.decode("utf-8", "replace").rstrip()
            child.last_lines.append(line)
            log.write(f"{child.name} | {line}\n".encode())
            log.flush()
            if echo is not None:
                print(f"{child.name} | {line}", file=echo, flush=True)
            if expected is not None and expected in line:
                child.said.set()


def _end(child: Child, grace_seconds: float) -> None:
    if child.is_alive():
        child.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(grace_seconds)
    # Whatever the child left behind in its session goes too, such as the workers of a server that crashed.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()
    if child.reader is not None:
        child.reader.join(timeout=1.0)


def _with_tail(sentence: str, tail: str) -> str:
    return f"{sentence}最后的输出：\n{tail}" if tail else f"{sentence}它没有留下任何输出。"
