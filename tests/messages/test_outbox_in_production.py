"""In production nobody reads what was sent."""

from dataclasses import replace

import makers
from cishan.app import create_app
from cishan.clock import SteppedClock
from cishan.settings import Environment, Settings
from conftest import browser_for


async def test_the_demos_outbox_is_not_there_in_production(transaction: Settings, clock: SteppedClock) -> None:
    await makers.make_charity(now=clock.now())
    settings = replace(
        transaction,
        environment=Environment.PRODUCTION,
        site_url="https://charity.example",
        trusted_hosts=("charity.example", "testserver"),
    )
    app = create_app(settings, clock=clock, passwords=makers.QUICK_PASSWORDS, open_database=False)
    async with app.router.lifespan_context(app), browser_for(app) as browser:
        assert (await browser.get("/demo/outbox")).status_code == 404
