"""Everything a simulated year runs in: one database, one clock, the sandbox and the application, all in this process."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2
import uvicorn
from starlette.applications import Starlette

from cishan.accounts.passwords import Passwords
from cishan.app import create_app
from cishan.charities.actions import CharityFacts, allow_transfers, set_up_charity, set_up_merchant
from cishan.charities.queries import Site, load_site
from cishan.charities.states import LegalMode
from cishan.clock import BEIJING, SteppedClock
from cishan.database import database, migrate
from cishan.divisions.actions import load_divisions
from cishan.divisions.queries import name_of
from cishan.payments.alipay.gateway import Merchant
from cishan.payments.alipay.signing import generate_private_key_pem, public_key_pem
from cishan.payments.merchants import private_key_file
from cishan.payments.owners import LineOwners
from cishan.payments.sandbox.engine import Sandbox
from cishan.payments.sandbox.serve import running_sandbox
from cishan.payments.sandbox.settings import SandboxSettings, application_of
from cishan.pictures.actions import ENCODER
from cishan.sealing import Sealer, create_keys
from cishan.services import Services
from cishan.settings import Environment, Settings
from cishan.simulate.plan import Plan
from cishan.wishes.campaigns import open_campaign

APP_ID = "2021000000000371"
SELLER_ID = "2088000000000371"
CHARITY_USCC = "53371400MJE0000011"
POOL_SIZE = 16
SHUTDOWN_SECONDS = 5
QUICK_PASSWORDS = Passwords(memory_kib=64, passes=1, lanes=1)
"""The same algorithm at the smallest cost: thousands of accounts are made within seconds."""


@dataclass(frozen=True)
class World:
    """What stories act on. `browser` keeps no cookies: every simulated donor brings their own."""

    plan: Plan
    directory: Path
    clock: SteppedClock
    settings: Settings
    services: Services
    owners: LineOwners
    sandbox: Sandbox
    browser: httpx2.AsyncClient
    site: Site

    @property
    def sealer(self) -> Sealer:
        return self.services.sealer


@contextlib.asynccontextmanager
async def open_world(plan: Plan, directory: Path, app_url: str, owner_url: str) -> AsyncIterator[World]:
    """Migrates the database, sets the charity up, and serves sandbox and application on loopback until the end."""
    start = datetime(plan.first_day.year, plan.first_day.month, plan.first_day.day, 9, tzinfo=BEIJING)
    clock = SteppedClock(start)
    with _listener() as listener:
        settings = Settings(
            environment=Environment.TEST,
            database_url=app_url,
            owner_url=owner_url,
            data_directory=directory / "data",
            keys_directory=directory / "keys",
            fonts_directory=directory / "fonts",
            site_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            trusted_hosts=("127.0.0.1",),
            pool_size=POOL_SIZE,
        )
        create_keys(settings.keys_directory)
        await migrate(settings)
        async with database(settings), contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(ENCODER.close)
            sandbox = await _open_sandbox(stack, plan, settings, clock)
            app = create_app(settings, clock=clock, passwords=QUICK_PASSWORDS, open_database=False)
            await stack.enter_async_context(_serving(app, listener))
            browser = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False, follow_redirects=False))
            site = await load_site()
            assert site is not None
            yield World(
                plan=plan,
                directory=directory,
                clock=clock,
                settings=settings,
                services=app.state.services,
                owners=app.state.line_owners,
                sandbox=sandbox,
                browser=browser,
                site=site,
            )


async def _open_sandbox(
    stack: contextlib.AsyncExitStack, plan: Plan, settings: Settings, clock: SteppedClock
) -> Sandbox:
    """Starts the gateway and makes it the charity's merchant account, with two key pairs of this run alone."""
    ours, theirs = generate_private_key_pem(), generate_private_key_pem()
    merchant = Merchant(APP_ID, SELLER_ID, ours, (public_key_pem(theirs),), gateway_url="http://127.0.0.1:9/")
    await load_divisions(plan.city_code)
    city = await name_of(plan.city_code)
    options = SandboxSettings(applications=(application_of(merchant, f"{city}慈善总会"),), private_key_pem=theirs)
    running = await stack.enter_async_context(running_sandbox(options, clock))
    _write_private(private_key_file(settings, APP_ID), ours)
    _write_private(settings.keys_directory / f"alipay-{APP_ID}.pem", public_key_pem(theirs))
    charity = await set_up_charity(_facts(plan, city), now=clock.now())
    await set_up_merchant(charity.id, app_id=APP_ID, seller_id=SELLER_ID, gateway_url=running.gateway_url)
    await allow_transfers(APP_ID, allowed=True)
    await open_campaign(charity.id, now=clock.now())
    return running.sandbox


def _facts(plan: Plan, city: str) -> CharityFacts:
    return CharityFacts(
        name=f"{city}慈善总会",
        uscc=CHARITY_USCC,
        division_code=plan.city_code,
        legal_mode=LegalMode.OWN_SITE,
        contact_phone="0534-12345",
        report_phone="0534-12346",
        address="示例路 1 号",
        registration_number="示例社证字第 0001 号",
        certificate_number="53371400000001",
        certificate_from=plan.first_day,
        bank_name="示例银行",
        bank_number="37050000000000000001",
        fund_name="微心愿",
        filing_number="53371400MJE0000011A25001",
        fund_purpose="本市困难家庭的微心愿。受益人由村、乡镇走访核实后按先后次序确定，不指定个人。",
    )


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)


@contextlib.contextmanager
def _listener() -> Iterator[socket.socket]:
    # Named TCP, so that asyncio switches Nagle's delay off for it.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


class _InProcessServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Ctrl-C is for the command, which then ends everything in order.
        yield


@contextlib.asynccontextmanager
async def _serving(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """The application over real HTTP; it has started when this yields."""
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = _InProcessServer(config)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        while not server.started:
            if serving.done():
                serving.result()
                raise RuntimeError("the application did not start")
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await serving
