"""Tortoise's client for PostgreSQL, with transactions that give back what they took when the server dies under them.

Tortoise 1.1 keeps the connection of a transaction whose BEGIN fails, and leaves the task believing that it is inside that
transaction. A server that is killed then empties every pool for good: nothing works again until the process is restarted.
`tests/faults/test_killed_database.py` shows it without this file. Named as the engine in `database.py`.
"""

import logging
from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections
from tortoise.exceptions import TransactionManagementError

log = logging.getLogger(__name__)


class Transaction(TransactionContextPooled):
    """A transaction on a connection of the pool, which goes back to it whatever happens."""

    async def __aenter__(self) -> TransactionalDBClient:
        try:
            return await super().__aenter__()
        except BaseException:
            await self._give_back()
            raise

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        try:
            if self.client._finalized:
                return
            if exc_type is None:
                await self.client.commit()
            elif exc_type is not TransactionManagementError:
                await self.client.rollback()
        finally:
            await self._give_back()

    async def _give_back(self) -> None:
        """Ends the task's belief first, then returns the connection; a failure there changes nothing that was committed."""
        token = getattr(self, "token", None)
        if token is not None:
            get_connections().reset(token)
        pool, connection = self.client._parent._pool, self.client._connection
        if pool is None or connection is None:
            return
        try:
            await pool.release(connection)
        except Exception as error:
            # The pool has ended the connection by itself; only its last word is lost.
            log.warning("a connection could not be given back: %s", type(error).__name__)


class DatabaseClient(AsyncpgDBClient):
    """Tortoise's own client but for its transactions."""

    def _in_transaction(self) -> TransactionContext:
        return Transaction(TransactionWrapper(self), self._pool_init_lock)


client_class = DatabaseClient
