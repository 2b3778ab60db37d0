"""Sound books: told once for all tests of this folder, and whole again after each."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tortoise.transactions import in_transaction

from cishan.clock import SteppedClock
from cishan.database import database
from cishan.postgres import Cluster
from cishan.sealing import Sealer
from cishan.settings import Settings
from verify.sound_books import BEGAN, DAY, STORY, Books, tell_story


class _Rollback(Exception):
    """Ends a test's transaction so that what it broke is whole again."""


@pytest.fixture(scope="session")
async def story(cluster: Cluster, template: str, base_settings: Settings, sealer: Sealer) -> Settings:
    cluster.create_database(STORY, template=template)
    settings = replace(base_settings, database_url=cluster.url(STORY))
    async with database(settings):
        await tell_story(settings, sealer, SteppedClock(BEGAN))
    return settings


@pytest.fixture
async def books(story: Settings) -> AsyncIterator[Books]:
    async with database(story):
        try:
            async with in_transaction():
                yield Books(BEGAN + 3 * DAY)
                raise _Rollback
        except _Rollback:
            pass
