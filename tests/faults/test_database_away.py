"""K4: while the database is away pages say so with 503 and lose nothing; when it is back they are back."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx2
import pytest

import makers
from cishan.app import create_app
from cishan.clock import SteppedClock
from cishan.database import database, rows
from cishan.postgres import Cluster
from cishan.sealing import Sealer
from cishan.settings import Settings
from conftest import browser_for
from faults.proxy import Proxy, Spoiling, open_proxy
from gateway_makers import make_gateway

DATABASE = "cishan_away"


@dataclass
class Behind:
    """A browser of an app whose database stands behind the proxy."""

    proxy: Proxy
    browser: httpx2.AsyncClient


@pytest.fixture
async def behind(
    cluster: Cluster, template: str, base_settings: Settings, sealer: Sealer, clock: SteppedClock
) -> AsyncIterator[Behind]:
    cluster.create_database(DATABASE, template=template)
    socket = str(cluster.socket_directory / f".s.PGSQL.{cluster.credentials(DATABASE)['port']}")
    async with open_proxy(socket) as proxy:
        url = f"postgres://cishan@127.0.0.1:{proxy.port}/{DATABASE}"
        settings = replace(base_settings, database_url=url, pool_size=3)
        gateway = make_gateway(clock=clock)
        app = create_app(settings, clock=clock, gateway=gateway, passwords=makers.QUICK_PASSWORDS, open_database=False)
        async with database(settings), app.router.lifespan_context(app), browser_for(app) as browser:
            await makers.make_campaign(now=clock.now())
            yield Behind(proxy, browser)
            proxy.mend()
        await gateway.aclose()
    cluster.drop_database(DATABASE)


async def test_pages_say_so_and_come_back_with_the_database(behind: Behind) -> None:
    assert (await behind.browser.get("/about")).status_code == 200
    behind.proxy.spoil(Spoiling(down=True))
    for path in ("/wishes", "/wishes?q=书桌", "/about/books"):
        away = await behind.browser.get(path)
        assert away.status_code == 503
        assert "网站正在恢复" in away.text
        assert away.headers["retry-after"] == "5"
    behind.proxy.mend()
    assert (await behind.browser.get("/wishes")).status_code == 200


async def test_a_form_that_met_no_database_is_sent_again_and_counts_once(
    behind: Behind, sealer: Sealer, clock: SteppedClock
) -> None:
    now = clock.now()
    wish = await makers.make_published_wish(sealer=sealer, now=now)
    donor = await makers.make_donor(sealer=sealer, now=now)
    await makers.signed_in(behind.browser, donor, now=now)
    form = {"way": "pay", "form_key": secrets.token_urlsafe(24)}
    behind.proxy.spoil(Spoiling(down=True))
    assert (await behind.browser.post(f"/wishes/{wish.id}/claim", data=form)).status_code == 503
    behind.proxy.mend()
    assert (await behind.browser.post(f"/wishes/{wish.id}/claim", data=form)).status_code == 303
    assert await rows("SELECT count(*) AS n FROM claim") == [{"n": 1}]
