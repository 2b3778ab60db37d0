"""axe in the page that a browser has open. Only what is wrong comes back: to carry all the rest over costs more than to find it."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page
from playwright.sync_api import Page as SyncPage

Violations = list[dict[str, Any]]
"""What axe says is wrong: each with its `id` and its `nodes`, of which every one has its `html`."""

LOOK = AXE_SCRIPT + "\naxe.run({resultTypes: ['violations']}).then(found => found.violations)"


async def violations_on(page: Page) -> Violations:
    found: Violations = await page.evaluate(LOOK)
    return found


def violations_seen_by_sync(page: SyncPage) -> Violations:
    """The same for Playwright's blocking pages."""
    found: Violations = page.evaluate(LOOK)
    return found
