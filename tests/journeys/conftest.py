"""One Chromium and one demo city for all journeys in a browser."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from cishan.postgres import Cluster
from journeys.demo_site import DemoSite, open_demo_site

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        running = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        await running.close()


@pytest.fixture(scope="session")
async def site(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DemoSite]:
    async with open_demo_site(cluster, tmp_path_factory.mktemp("demo"), "cishan_demo_site") as opened:
        yield opened
