"""From a directory to a server that takes connections, whatever the last run left there."""

from __future__ import annotations

import atexit
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cishan.postgres.account import Account, account_for, reachable_binaries, reachable_home
from cishan.postgres.binaries import clean_environment, find_binaries, version_of
from cishan.postgres.cluster import SOCKET_PORT, SUPERUSER, Cluster
from cishan.postgres.errors import PostgresError
from cishan.postgres.leftovers import SOCKET_PREFIX, clear_leftovers, remember_socket_directory
from cishan.processes import die_with_parent

SOCKET_PATH_BYTES = 107
START_SECONDS = 60.0
POLL_SECONDS = 0.005

_QUICK_BUT_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# What the last processes of a server hold for a moment after a kill -9 of the first one.
_STILL_HELD = "pre-existing shared memory block"


def start_cluster(
    directory: Path,
    *,
    durable: bool = True,
    max_connections: int = 100,
    port: int | None = None,
    settings: Sequence[str] = (),
) -> Cluster:
    """Start the server of `directory`, which is made on first use, and return when it takes connections.

    `durable=False` may lose data when the machine (not merely the server) fails. With `port` it also listens
    on 127.0.0.1, where every account of this machine may enter: for tools only. `settings` are further
    `name=value` pairs. What a kill -9 left behind is cleared away first. Call it from the main thread.
    Raises PostgresError when it cannot, LiveServerError when another server owns the directory.
    """
    directory = directory.absolute()
    _make_or_refuse(directory)
    account = account_for(directory)
    home = reachable_home(directory, account)
    binaries = reachable_binaries(find_binaries(), account)
    with _one_start_at_a_time(home):
        clear_leftovers(home)
        _initialise(home, binaries, account, durable=durable)
        sockets = _socket_directory(home, account, port or SOCKET_PORT)
        pairs = [*_settings(sockets, port), f"max_connections={max_connections}"]
        pairs += [*(() if durable else _QUICK_BUT_FORGETFUL), *settings]
        return _launch(home, binaries, account, sockets, port, pairs)


def _make_or_refuse(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        data = directory / "data"
        ours = os.geteuid() in (0, data.stat().st_uid if data.exists() else os.geteuid())
    except OSError:
        ours = False
    if not (ours and os.access(directory, os.W_OK | os.X_OK)):
        raise PostgresError(f"不能在 {directory} 里存放数据库，它属于另一个用户：请用那个用户运行，或换一个目录。")


@contextmanager
def _one_start_at_a_time(home: Path) -> Iterator[None]:
    """Two starts at the same moment take turns; the second then finds a live server."""
    # Opened for reading: whoever made the file, root or the owner, the other may lock it too.
    lock = os.open(home / "lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _initialise(home: Path, binaries: Path, account: Account, *, durable: bool) -> None:
    data = home / "data"
    if data.exists():
        account.own(data)
        _check_version(data, binaries)
        return
    # Made under another name first: a run killed half-way leaves no half-made database behind.
    half = home / "data.new"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    account.own(half)
    # macOS has no C.UTF-8. Both sort by code point; Chinese order comes from a column of its own.
    locale = "C" if sys.platform == "darwin" else "C.UTF-8"
    made = subprocess.run(
        [
            *(str(binaries / "initdb"), "-D", str(half), "-U", SUPERUSER),
            *("--auth=trust", "-E", "UTF8", f"--locale={locale}"),
            *(() if durable else ("--no-sync",)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=clean_environment(),
        **account.popen_arguments(),
    )
    if made.returncode != 0:
        raise PostgresError(f"无法建立数据库目录 {data}：{made.stdout.decode('utf-8', 'replace').strip()}")
    half.rename(data)


def _check_version(data: Path, binaries: Path) -> None:
    try:
        written = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise PostgresError(f"{data} 不是数据库目录：请换一个目录，或先把里面的文件移走。") from None
    found = version_of(binaries)
    if written != str(found):
        raise PostgresError(
            f"{data} 由 PostgreSQL {written} 写成，找到的程序却是 {found} 版：请装回 {written} 版，或换一个目录。"
        )


def _socket_directory(home: Path, account: Account, port: int) -> Path:
    """The data directory, unless its path is too long for a socket or would be misread as a list of paths."""
    data = str(home / "data")
    length = len(os.fsencode(f"{data}/.s.PGSQL.{port}"))
    if length <= SOCKET_PATH_BYTES and not re.search(r"[,\"'\\\s]", data):
        return home / "data"
    place = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir="/tmp"))
    account.own(place)
    remember_socket_directory(home, place)
    return place


def _settings(sockets: Path, port: int | None) -> list[str]:
    return [
        f"unix_socket_directories={sockets}",
        "unix_socket_permissions=0700",
        f"listen_addresses={'127.0.0.1' if port else ''}",
        f"port={port or SOCKET_PORT}",
        # Read again by the next start, which by it knows a server whose launcher is gone.
        f"cluster_name=cishan-{os.getpid()}",
        "timezone=UTC",
        "log_timezone=UTC",
    ]


def _launch(
    home: Path, binaries: Path, account: Account, sockets: Path, port: int | None, pairs: Sequence[str]
) -> Cluster:
    command = [str(binaries / "postgres"), "-D", str(home / "data")]
    command += [word for pair in pairs for word in ("-c", pair)]
    deadline = time.monotonic() + START_SECONDS
    while True:
        cluster = Cluster(home, binaries, sockets, port, _spawn(command, home / "server.log", account))
        atexit.register(cluster.stop)
        if _becomes_ready(cluster, deadline):
            return cluster
        said, late = cluster.tail(), time.monotonic() > deadline
        if _STILL_HELD not in said or late:
            cluster.stop()
            raise PostgresError(f"数据库没有启动起来（{cluster.log}）：\n{said}")
        atexit.unregister(cluster.stop)
        time.sleep(POLL_SECONDS)


def _spawn(command: Sequence[str], log: Path, account: Account) -> subprocess.Popen[bytes]:
    # A new file each time: the last one may belong to root, who ran this once in our directory.
    log.unlink(missing_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=clean_environment(),
            # Ctrl-C is for us; we tell the server when those who use it are gone.
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGINT),
            **account.popen_arguments(),
        )


def _becomes_ready(cluster: Cluster, deadline: float) -> bool:
    """PostgreSQL writes its state to line 8 of postmaster.pid; line 1 says whose file it is."""
    status = cluster.home / "data" / "postmaster.pid"
    while cluster.is_running() and time.monotonic() < deadline:
        try:
            lines = status.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            lines = []
        if len(lines) >= 8 and lines[0].strip() == str(cluster.pid) and lines[7].strip() == "ready":
            return True
        time.sleep(POLL_SECONDS)
    return False
