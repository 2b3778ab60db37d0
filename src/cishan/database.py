"""The database: which models there are, how a process connects, how the schema moves forward.

Two roles: the owner migrates; the app (role cishan_app) reads and writes rows, without the right to change or delete
what is append-only. Every connection of the app takes that role, whatever login it came with.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext, get_current_context
from tortoise.exceptions import DBConnectionError
from tortoise.migrations import api as migrations_api

from cishan.settings import Settings
from cishan.shipped import shipped

APP_ROLE = "cishan_app"
MIGRATION_LOCK = 0x63_69_73_68
STATEMENT_TIMEOUT_MS = 30_000

MODEL_MODULES = [
    "cishan.accounts.models",
    "cishan.charities.models",
    "cishan.divisions.models",
    "cishan.pictures.models",
    "cishan.households.models",
    "cishan.wishes.models",
    "cishan.claims.models",
    "cishan.payments.models",
    "cishan.vigilance.models",
    "cishan.refunds.models",
    "cishan.donations.models",
    "cishan.projects.models",
    "cishan.monthly.models",
    "cishan.kin.models",
    "cishan.payouts.models",
    "cishan.urgent.models",
    "cishan.receipts.models",
    "cishan.ledger.models",
    "cishan.costs.models",
    "cishan.disclosures.models",
    "cishan.reconciliation.models",
    "cishan.bank.models",
    "cishan.benefits.models",
    "cishan.summaries.models",
    "cishan.supervision.models",
    "cishan.events.models",
    "cishan.messages.models",
    "cishan.jobs.models",
    "cishan.forms.models",
]

JsonRow = dict[str, Any]

DATABASE_AWAY = (
    ConnectionError,
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a query raises while the server is gone, going or coming back. Whatever was under way is not committed, or it was
committed and only its answer is lost: who sends the same form again gets the first answer.
"""


def credentials(url: str) -> JsonRow:
    """Splits a PostgreSQL URL into what asyncpg takes; `?host=/directory` names a socket directory."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql", "asyncpg"}:
        raise ValueError("DATABASE_URL must begin with postgresql://")
    query = dict(item.split("=", 1) for item in parts.query.split("&") if "=" in item)
    found: JsonRow = {
        "host": unquote(query["host"]) if "host" in query else (parts.hostname or "127.0.0.1"),
        "port": int(query.get("port", parts.port or 5432)),
        "user": unquote(parts.username or "cishan"),
        "database": parts.path.lstrip("/") or "cishan",
    }
    if parts.password is not None:
        found["password"] = unquote(parts.password)
    return found


def orm_config(url: str, *, role: str | None, pool_size: int = 5) -> JsonRow:
    """Tortoise's configuration for one database; `role` is taken on every connection."""
    server_settings = {
        "application_name": "cishan",
        "timezone": "UTC",
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": "60000",
    }
    if role:
        server_settings["role"] = role
    connection = {
        "engine": "cishan.database_client",
        "credentials": {
            **credentials(url),
            "minsize": 1,
            "maxsize": pool_size,
            "server_settings": server_settings,
            "reset": leave_as_it_is,
        },
    }
    return {
        "connections": {"default": connection},
        "apps": {"cishan": {"models": MODEL_MODULES, "migrations": "migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


async def leave_as_it_is(connection: object) -> None:
    """Between two users of a connection nothing is reset: no code of ours changes a session, and every query would pay for
    a second round trip. An open transaction is rolled back by the pool before this is called.
    """


TORTOISE_ORM = orm_config("postgresql://cishan@127.0.0.1/cishan", role=None)
"""For the `tortoise` command line, which only needs the models and where the migrations stand."""


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[None]:
    """Opens the app's pool for this process and closes it at the end.

    The first one open serves every task of the process; one opened inside it serves only what runs inside.
    """
    config = orm_config(settings.database_url, role=APP_ROLE, pool_size=settings.pool_size)
    first = get_current_context() is None
    async with TortoiseContext() as opened:
        await opened.init(config=config, _enable_global_fallback=first)
        yield


async def migrate(settings: Settings) -> tuple[str, ...]:
    """Brings the schema forward to the newest migration and returns the names of those it applied.

    Several at once wait for each other. With nothing to do it reads one table and is done.
    """
    url = settings.owner_url or settings.database_url
    lock = await asyncpg.connect(**credentials(url))
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        waiting = shipped_migrations() - await _applied(lock)
        if waiting:
            make_migrations_importable()
            # In a context of its own: what this process has open stays open.
            async with TortoiseContext():
                await migrations_api.migrate(config=orm_config(url, role=None))
        return tuple(sorted(waiting))
    finally:
        await lock.close()


def shipped_migrations() -> set[str]:
    """The names of the migrations that came with this installation."""
    return {path.stem for path in shipped("migrations").glob("[0-9]*_*.py")}


async def _applied(connection: asyncpg.Connection) -> set[str]:
    if not await connection.fetchval("SELECT to_regclass('tortoise_migrations') IS NOT NULL"):
        return set()
    return {row["name"] for row in await connection.fetch("SELECT name FROM tortoise_migrations WHERE app = 'cishan'")}


def make_migrations_importable() -> None:
    """`migrations` is a top-level package beside the sources, or ships inside the wheel; both are found by that name."""
    parent = str(Path(shipped("migrations")).parent)
    if parent not in sys.path:
        sys.path.append(parent)


async def rows(sql: str, *values: object) -> list[JsonRow]:
    """Runs a query on the app's connection, or the transaction it is in; returns rows as dicts."""
    return await get_connection("default").execute_query_dict(sql, list(values))


async def database_now() -> datetime:
    """The database's clock. For `DatabaseClock` alone: business rules are handed a `now`."""
    found = await rows("SELECT clock_timestamp() AS now")
    now: datetime = found[0]["now"]
    return now
