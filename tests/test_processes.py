"""Children start in order, stop in reverse, are named when they fail, and never outlive us."""

from __future__ import annotations

import http.server
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cishan.processes import Answers, ProcessError, Says, StopRequested, Supervisor, die_with_parent, free_port

PATIENCE_SECONDS = 30.0

SPEAK_THEN_SLEEP = ["/bin/sh", "-c", "echo ready at last; exec sleep 600"]

# A parent that can be killed: it starts two children and waits, as `cishan demo` does.
PARENT = """
import sys
from pathlib import Path
from cishan.processes import ProcessError, Says, Supervisor
child = "import os, signal, sys, time; print('here', os.getpid(), flush=True); time.sleep(600)"
with Supervisor(Path(sys.argv[1])) as supervisor:
    for name in ("first", "second"):
        supervisor.start(name, [sys.executable, "-c", child], ready=Says("here"))
    print(*[child.process.pid for child in supervisor.children], flush=True)
    supervisor.wait()
print("stopped in order", flush=True)
"""

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's end")


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def run_parent(logs: Path) -> tuple[subprocess.Popen[str], list[int]]:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(logs)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    return parent, [int(word) for word in parent.stdout.readline().split()]


def test_a_child_is_ready_when_it_says_so_and_its_log_bears_its_name(tmp_path: Path) -> None:
    echo = io.StringIO()
    with Supervisor(tmp_path, echo=echo) as supervisor:
        child = supervisor.start("web", SPEAK_THEN_SLEEP, ready=Says("at last"))
        assert child.is_alive()
        assert (tmp_path / "web.log").read_text() == echo.getvalue() == "web | ready at last\n"
    assert not child.is_alive()


def test_a_child_is_ready_when_its_page_answers_200(tmp_path: Path) -> None:
    port, page = free_port(), tmp_path / "page"
    with Supervisor(tmp_path / "logs") as supervisor:
        # The page is missing at first: a server that answers 404 is not ready.
        server = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", tmp_path, str(port)]
        with pytest.raises(ProcessError, match="2 秒内没有准备好"):
            supervisor.start("early", server, ready=Answers(f"http://127.0.0.1:{port}/page"), deadline_seconds=2)
    page.write_text("ready")
    with Supervisor(tmp_path / "logs") as supervisor:
        child = supervisor.start("web", server, ready=Answers(f"http://127.0.0.1:{port}/page"))
        assert child.is_alive()


def test_a_child_that_is_never_ready_is_named_with_its_last_lines_and_stopped(tmp_path: Path) -> None:
    script = "for n in $(seq 1 40); do echo line $n; done; exec sleep 600"
    with Supervisor(tmp_path) as supervisor:
        with pytest.raises(ProcessError) as failure:
            supervisor.start("worker", ["/bin/sh", "-c", script], ready=Says("never"), deadline_seconds=1)
        pid = supervisor.children[0].process.pid
    assert "worker 在 1 秒内没有准备好" in str(failure.value)
    assert "line 40" in str(failure.value)
    assert "line 25\n" not in str(failure.value)
    assert is_gone(pid)


def test_a_child_that_ends_before_it_is_ready_is_named_at_once(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, pytest.raises(ProcessError, match=r"(?s)gateway 意外结束.*no such port"):
        supervisor.start("gateway", ["/bin/sh", "-c", "echo no such port; exit 3"], ready=Says("never"))


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, pytest.raises(ProcessError, match="web 无法启动"):
        supervisor.start("web", [tmp_path / "no-such-program"])


def test_when_one_child_ends_the_run_ends_and_names_it(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        lasting = supervisor.start("lasting", SPEAK_THEN_SLEEP, ready=Says("ready"))
        supervisor.start("fleeting", ["/bin/sh", "-c", "echo my last words"])
        with pytest.raises(ProcessError, match=r"(?s)fleeting 意外结束.*my last words"):
            supervisor.wait()
    assert not lasting.is_alive()


def test_something_watched_ends_the_run_too(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.watch("PostgreSQL", lambda: False, lambda: "out of disk")
        with pytest.raises(ProcessError, match=r"(?s)PostgreSQL 意外结束.*out of disk"):
            supervisor.wait()


def test_children_stop_in_reverse_order(tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = 'trap "echo $0 >> $1; exit 0" TERM; echo up; while :; do sleep 0.05; done'
    with Supervisor(tmp_path) as supervisor:
        for name in ("database", "gateway", "web"):
            supervisor.start(name, ["/bin/sh", "-c", script, name, order], ready=Says("up"))
    assert order.read_text().split() == ["web", "gateway", "database"]


def test_a_child_deaf_to_sigterm_is_killed_with_its_children(tmp_path: Path) -> None:
    script = 'trap "" TERM; sleep 600 & echo up $!; while :; do sleep 0.05; done'
    with Supervisor(tmp_path, grace_seconds=0.2) as supervisor:
        deaf = supervisor.start("deaf", ["/bin/sh", "-c", script], ready=Says("up"))
        grandchild = int(deaf.tail().split()[-1])
        assert not is_gone(grandchild)
    assert deaf.process.returncode == -signal.SIGKILL
    wait_until(lambda: is_gone(grandchild))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_order(tmp_path: Path, number: signal.Signals) -> None:
    parent, children = run_parent(tmp_path)
    parent.send_signal(number)
    said, _ = parent.communicate(timeout=PATIENCE_SECONDS)
    assert (said, parent.returncode) == ("stopped in order\n", 0)
    assert len(children) == 2
    assert all(map(is_gone, children))


def test_a_signal_while_starting_stops_the_start(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        watched = tmp_path / "slow.log"
        threading.Thread(target=lambda: (wait_until(watched.exists), os.kill(os.getpid(), signal.SIGTERM))).start()
        with pytest.raises(StopRequested):
            supervisor.start("slow", SPEAK_THEN_SLEEP, ready=Says("never"))


@on_linux
def test_no_child_outlives_a_killed_parent(tmp_path: Path) -> None:
    parent, children = run_parent(tmp_path)
    assert len(children) == 2
    parent.kill()
    parent.communicate()
    for child in children:
        wait_until(lambda child=child: is_gone(child))  # type: ignore[misc]


@on_linux
def test_children_are_not_started_from_a_thread_they_would_die_with() -> None:
    refusals: list[str] = []

    def ask() -> None:
        try:
            die_with_parent(signal.SIGTERM)
        except RuntimeError as error:
            refusals.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert "main thread" in refusals[0]


def test_handlers_are_given_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Supervisor(tmp_path):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_free_port_can_be_listened_on() -> None:
    port = free_port()
    server = http.server.HTTPServer(("127.0.0.1", port), http.server.BaseHTTPRequestHandler)
    server.server_close()
    assert server.server_port == port
