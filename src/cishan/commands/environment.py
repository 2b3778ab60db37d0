"""What most commands begin with: the settings, read once, and a database that answers."""

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
import uvloop

from cishan.commands.outcome import Missing
from cishan.settings import Environment, Settings

T = TypeVar("T")


def read_settings(*, otherwise: Environment = Environment.PRODUCTION) -> Settings:
    """The settings of the environment; a variable that can't be read is wrong usage.

    `otherwise` is the environment where none is named: production, but for commands that only make demos and tests.
    """
    try:
        return Settings.from_environment(otherwise=otherwise)
    except ValueError as error:
        raise click.UsageError(f"设置读不懂：{error}") from error


def settings_with_database() -> Settings:
    """The settings, with a database named in them."""
    settings = read_settings()
    if not settings.database_url:
        raise Missing("没有设置数据库：请设置 DATABASE_URL，或先运行 cishan setup。只想试用请运行 cishan demo。")
    return settings


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a command's asynchronous part; a database that can't be reached ends it in a sentence."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except (FileNotFoundError, PermissionError) as error:
        raise Missing(f"需要的文件读不到：{error}") from error
    except Exception as error:
        if not _is_about_connecting(error):
            raise
        raise Missing(f"连不上数据库：{error}") from error


def _is_about_connecting(error: Exception) -> bool:
    # Loaded here: the sandbox and `--help` never talk to a database.
    import asyncpg
    from tortoise.exceptions import DBConnectionError

    kinds = (
        ConnectionError,
        socket.gaierror,
        asyncpg.PostgresConnectionError,
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
        asyncpg.CannotConnectNowError,
        DBConnectionError,
    )
    return isinstance(error, kinds)
