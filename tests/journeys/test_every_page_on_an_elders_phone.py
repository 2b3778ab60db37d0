"""Every HTML page with the demo city's rows in it, in elder mode on a phone: readable by axe, small, in its frame."""

import pytest
from playwright.async_api import Browser

from journeys.demo_site import DemoSite
from journeys.every_page import complaints_of_all

pytestmark = pytest.mark.browser


async def test_axe_finds_nothing_on_any_page(browser: Browser, site: DemoSite) -> None:
    complaints = await complaints_of_all(browser, site, "elder")
    assert not complaints, "\n".join(complaints)
