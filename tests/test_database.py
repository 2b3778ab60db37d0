"""Pools: one serves the whole process; one opened inside it serves its own block, and leaves the first as it was."""

import asyncio
from dataclasses import replace

from cishan.database import database, migrate, rows
from cishan.postgres import Cluster
from cishan.settings import Settings


async def name_of_database() -> str:
    return str((await rows("SELECT current_database() AS name"))[0]["name"])


async def test_a_pool_opened_inside_another_leaves_it_open(
    shared_database: Settings, cluster: Cluster, template: str
) -> None:
    cluster.create_database("cishan_inner", template=template)
    outer = await name_of_database()
    async with database(replace(shared_database, database_url=cluster.url("cishan_inner"))):
        assert await name_of_database() == "cishan_inner"
    assert await name_of_database() == outer
    assert await asyncio.create_task(name_of_database()) == outer
    cluster.drop_database("cishan_inner")


async def test_migrating_leaves_what_is_open_open(shared_database: Settings, cluster: Cluster, template: str) -> None:
    cluster.create_database("cishan_empty")
    outer = await name_of_database()
    for applied in (True, False):
        assert bool(await migrate(replace(shared_database, database_url=cluster.url("cishan_empty")))) is applied
        assert await name_of_database() == outer
    cluster.drop_database("cishan_empty")
