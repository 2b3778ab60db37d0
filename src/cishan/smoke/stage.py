"""The system the smoke test walks on: database, web, worker and sandbox on free ports in a temporary directory."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cishan.app import make_services
from cishan.charities.actions import set_up_merchant
from cishan.commands.environment import run
from cishan.database import database, migrate
from cishan.demo.city import open_office
from cishan.demo.grounds import APP_ID, SELLER_ID, Grounds, prepared_grounds
from cishan.demo.run import start_programs
from cishan.demo.staff import open_accounts
from cishan.processes import Supervisor, free_port
from cishan.settings import Settings
from cishan.wishes.campaigns import DEFAULT_TERMS

ASK_AT_ONCE = replace(DEFAULT_TERMS, check_after_days=0)
"""The walk can't wait three days for the check to fall due, so its campaign asks on the day of the hand-over."""


@contextmanager
def running_system(given: Settings) -> Iterator[str]:
    """Starts everything and gives the site's address; leaves no process and no file."""
    with tempfile.TemporaryDirectory(prefix="cishan-smoke-") as name:
        directory = Path(name)
        with prepared_grounds(directory, free_port(), replace(given, database_url="", owner_url="")) as grounds:
            run(_prepare(grounds))
            with Supervisor(directory / "logs") as supervisor:
                start_programs(supervisor, grounds, workers=1)
                yield grounds.settings.site_url


async def _prepare(grounds: Grounds) -> None:
    """A charity, its campaign and its people; no household and no wish."""
    await migrate(grounds.settings)
    async with database(grounds.settings):
        services = await make_services(grounds.settings)
        now = services.clock.now()
        site = await open_office(now, ASK_AT_ONCE)
        await open_accounts(sealer=services.sealer, now=now)
        await set_up_merchant(site.charity_id, app_id=APP_ID, seller_id=SELLER_ID, gateway_url=grounds.gateway_url)
