"""Everything the benchmarks run in: a durable database of their own, a filled city, and the product serving it.

All of it listens on loopback, lives in one temporary directory and is gone at the end, after an error too.
"""

import json
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg

from bench.city import fill_city
from bench.scale import Scale
from cishan.database import credentials
from cishan.postgres import Cluster, start_cluster
from cishan.processes import Answers, Child, Supervisor, free_port
from cishan.sealing import create_keys
from cishan.settings import Environment, Settings
from cishan.shipped import ROOT

WORKERS = 2
DATABASE = "bench"
CLUSTER_SETTINGS = ("logging_collector=on", "log_destination=jsonlog", "log_directory=log", "log_filename=statements")
STATEMENT_LOG = Path("data") / "log" / "statements.json"


@dataclass
class World:
    """The city and who serves it. `child` is the launcher of the web processes."""

    scale: Scale
    cluster: Cluster
    settings: Settings
    directory: Path
    port: int
    child: Child
    used_wishes: int = field(default=0)
    orders_made: bool = field(default=False)
    used_orders: int = field(default=0)
    projects: dict[int, Any] = field(default_factory=dict)
    """What `bench.projects` has filled, by the number of gifts."""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection that owns the schema."""
        connection = await asyncpg.connect(**credentials(self.settings.database_url))
        try:
            yield connection
        finally:
            await connection.close()

    @contextmanager
    def peer(self, kind: str, extra: Mapping[str, str]) -> Iterator[int]:
        """One of bench/peers.py with as many workers as the product; gives its port and stops it at the end."""
        port = free_port()
        with Supervisor(self.directory / "log") as supervisor:
            supervisor.start(
                f"peer-{kind}",
                # Not `-m`: every worker would import the peers' module before it says that it lives.
                [sys.executable, "-c", f"from bench.peers import serve; serve({kind!r}, {port})"],
                env={**environment_of(self.settings), "PYTHONPATH": str(ROOT), **extra},
                ready=Answers(f"http://127.0.0.1:{port}/wishes"),
            )
            yield port

    def take_wishes(self, count: int) -> range:
        """Places of published wishes that no other round claims."""
        taken = range(self.used_wishes, self.used_wishes + count)
        if taken.stop > self.scale.wishes // 10:
            raise ValueError(f"only {self.scale.wishes // 10} wishes are published, {taken.stop} are wanted")
        self.used_wishes = taken.stop
        return taken

    def statements(self, offset: int) -> list[dict[str, Any]]:
        """What the database server has logged after `offset` bytes."""
        with (self.cluster.home / STATEMENT_LOG).open(encoding="utf-8") as log:
            log.seek(offset)
            return [json.loads(line) for line in log if line.endswith("\n")]

    def log_size(self) -> int:
        return (self.cluster.home / STATEMENT_LOG).stat().st_size


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables by which a child reads the same settings."""
    return {
        "CISHAN_ENVIRONMENT": settings.environment.value,
        "DATABASE_URL": settings.database_url,
        "CISHAN_DATA_DIRECTORY": str(settings.data_directory),
        "CISHAN_KEYS_DIRECTORY": str(settings.keys_directory),
        "CISHAN_FONTS_DIRECTORY": str(settings.fonts_directory),
        # An installed program has its bytecode; a machine set up for tests may forbid writing it.
        "PYTHONDONTWRITEBYTECODE": "",
    }


@asynccontextmanager
async def open_world(scale: Scale) -> AsyncIterator[World]:
    """Makes the city and starts the product with two workers. Call it from the main thread."""
    with tempfile.TemporaryDirectory(prefix="cishan-bench-") as name:
        directory = Path(name)
        create_keys(directory / "keys")
        with start_cluster(directory / "postgres", durable=True, settings=CLUSTER_SETTINGS) as cluster:
            cluster.create_database(DATABASE)
            settings = Settings(
                environment=Environment.TEST,
                database_url=cluster.url(DATABASE),
                data_directory=directory,
                keys_directory=directory / "keys",
                fonts_directory=directory / "fonts",
            )
            await fill_city(settings, scale)
            with Supervisor(directory / "log") as supervisor:
                port = free_port()
                child = start_product(supervisor, "web", settings, port, workers=WORKERS)
                yield World(scale, cluster, settings, directory, port, child)


def start_product(supervisor: Supervisor, name: str, settings: Settings, port: int, *, workers: int) -> Child:
    """`cishan serve`, as anyone starts it; returns when /ready answers."""
    return supervisor.start(
        name,
        [sys.executable, "-m", "cishan", "serve", "--port", str(port), "--workers", str(workers)],
        env=environment_of(replace(settings, site_url=f"http://127.0.0.1:{port}")),
        ready=Answers(f"http://127.0.0.1:{port}/ready"),
    )


def processes_of(child: Child) -> list[int]:
    """The ids of the processes that a launcher has started, itself not among them."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            if parent == child.process.pid:
                found.append(int(entry.name))
    return found
