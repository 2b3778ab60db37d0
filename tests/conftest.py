"""One real PostgreSQL for the run, a template database built by the migrations, and a transaction for each test.

A test that needs real commits (races, faults, anything with several connections) takes `committed_database` instead:
a database of its own, copied from the template.
"""

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from tortoise.transactions import in_transaction

from cishan.app import create_app
from cishan.clock import SteppedClock
from cishan.database import database, migrate
from cishan.postgres import Cluster, start_cluster
from cishan.sealing import Sealer, create_keys, load_sealer
from cishan.settings import Environment, Settings
from makers import QUICK_PASSWORDS

START = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)
"""Monday, nine in the morning in Beijing."""
TEMPLATE = "cishan_template"
_numbers = itertools.count(1)


class _Rollback(Exception):
    """Ends a test's transaction so that nothing of it stays."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with start_cluster(tmp_path_factory.mktemp("postgres"), durable=False) as running:
        yield running


@pytest.fixture(scope="session")
async def template(cluster: Cluster, base_settings: Settings) -> str:
    """A database brought to the newest schema by the real migrations."""
    cluster.create_database(TEMPLATE)
    await migrate(replace(base_settings, database_url=cluster.url(TEMPLATE)))
    return TEMPLATE


@pytest.fixture(scope="session")
def base_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    directory = tmp_path_factory.mktemp("data")
    create_keys(directory / "keys")
    return Settings(
        environment=Environment.TEST,
        data_directory=directory,
        keys_directory=directory / "keys",
        fonts_directory=directory / "fonts",
        site_url="http://testserver",
        trusted_hosts=("testserver", "127.0.0.1"),
    )


@pytest.fixture(scope="session")
def sealer(base_settings: Settings) -> Sealer:
    return load_sealer(base_settings.keys_directory)


@pytest.fixture(scope="session")
async def shared_database(cluster: Cluster, template: str, base_settings: Settings) -> AsyncIterator[Settings]:
    """The database whose tests roll back."""
    cluster.create_database("cishan_shared", template=template)
    settings = replace(base_settings, database_url=cluster.url("cishan_shared"))
    async with database(settings):
        yield settings


@pytest.fixture
async def transaction(shared_database: Settings) -> AsyncIterator[Settings]:
    """A transaction that the test, and requests it makes through `client`, run in; rolled back at the end."""
    try:
        async with in_transaction():
            yield shared_database
            raise _Rollback
    except _Rollback:
        pass


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(START)


@dataclass(frozen=True)
class Committed:
    """A database of the test's own, with the app's pool open on it."""

    settings: Settings
    name: str


@pytest.fixture
async def committed_database(cluster: Cluster, template: str, base_settings: Settings) -> AsyncIterator[Committed]:
    name = f"cishan_own_{next(_numbers)}"
    cluster.create_database(name, template=template)
    settings = replace(base_settings, database_url=cluster.url(name), pool_size=20)
    async with database(settings):
        yield Committed(settings, name)
    cluster.drop_database(name)


@pytest.fixture
async def app(transaction: Settings, clock: SteppedClock) -> AsyncIterator[Starlette]:
    """The application on the test's transaction and clock."""
    application = create_app(transaction, clock=clock, passwords=QUICK_PASSWORDS, open_database=False)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser without script: keeps cookies, follows nothing by itself."""
    async with browser_for(app) as found:
        yield found


def browser_for(app: Starlette) -> httpx2.AsyncClient:
    """Another visitor's browser for the same application."""
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app, raise_app_exceptions=False),
        base_url="http://testserver",
        headers={"Origin": "http://testserver"},
    )


@pytest.fixture
def data_directory(tmp_path: Path) -> Path:
    return tmp_path
