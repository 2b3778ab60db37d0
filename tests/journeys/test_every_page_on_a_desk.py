"""Every HTML page with the demo city's rows in it, on a desk's screen: readable by axe, small, in its frame."""

import pytest
from playwright.async_api import Browser

from cishan.routes import ROUTES
from journeys.demo_site import DemoSite
from journeys.every_page import NOT_PAGES, SAMPLES, WALKED, complaints_of_all

pytestmark = pytest.mark.browser


def test_every_page_has_a_sample_or_a_walk() -> None:
    offered = {row.path for row in ROUTES if "GET" in row.methods}
    assert offered - NOT_PAGES == set(SAMPLES) | WALKED


async def test_axe_finds_nothing_on_any_page(browser: Browser, site: DemoSite) -> None:
    complaints = await complaints_of_all(browser, site, "normal")
    assert not complaints, "\n".join(complaints)
