"""A new database for one run: on the configured server, or in a server of our own that ends with us."""

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from cishan.database import credentials
from cishan.postgres import PostgresError, start_cluster
from cishan.settings import Settings

NAME_PREFIX = "cishan_simulation_"
OWN_SERVER = ("shared_buffers=256MB", "max_wal_size=4GB", "maintenance_work_mem=128MB", "work_mem=16MB")
"""A year's rows are loaded once and read once; nothing here has to survive."""


@asynccontextmanager
async def own_database(settings: Settings, *, keep: bool) -> AsyncIterator[tuple[str, str]]:
    """Yields the app's address and the owner's of a database that nobody has used before; drops it unless kept.

    `keep` is for a configured server; our own ends with us.
    """
    name = f"{NAME_PREFIX}{secrets.token_hex(4)}"
    if settings.database_url:
        async with _on_configured_server(settings, name, keep=keep) as urls:
            yield urls
    else:
        async with _on_own_server(name) as urls:
            yield urls


@asynccontextmanager
async def _on_configured_server(settings: Settings, name: str, *, keep: bool) -> AsyncIterator[tuple[str, str]]:
    owner = settings.owner_url or settings.database_url
    await _execute(owner, f'CREATE DATABASE "{name}"')
    try:
        yield _with_database(settings.database_url, name), _with_database(owner, name)
    finally:
        if not keep:
            await _execute(owner, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@asynccontextmanager
async def _on_own_server(name: str) -> AsyncIterator[tuple[str, str]]:
    """A server that ends with the run, so there is nothing to keep."""
    directory = Path(tempfile.mkdtemp(prefix=NAME_PREFIX))
    places = [directory]
    try:
        with start_cluster(directory, durable=False, settings=OWN_SERVER) as cluster:
            # Where root runs this, the server's files lie outside a directory that only root may enter.
            places.append(cluster.home)
            cluster.create_database(name)
            yield cluster.url(name), cluster.url(name)
    finally:
        for place in places:
            shutil.rmtree(place, ignore_errors=True)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(**credentials(url))
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError as error:
        raise PostgresError(
            "这个数据库账号不能新建数据库。请换一个有 CREATEDB 权限的账号，或不设 DATABASE_URL。"
        ) from error
    finally:
        await connection.close()


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
