"""The demo city behind a real web server, and the people who sign in to it: for looking at pages as they are used."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import uvicorn
from starlette.applications import Starlette

import makers
from cishan.accounts.sessions import open_session
from cishan.accounts.states import AccountKind, Role
from cishan.app import create_app, line_owners, make_services
from cishan.clock import SystemClock
from cishan.database import rows
from cishan.demo.city import load_city
from cishan.ledger.actions import number_entries
from cishan.payments.sandbox.serve import running_sandbox
from cishan.processes import free_port
from cishan.services import Services
from cishan.settings import Environment, Settings
from gateway_makers import make_gateway, make_settings

COORDINATOR_WITH_TASKS = """
SELECT w.filed_by_id AS id FROM wish w JOIN claim c ON c.wish_id = w.id AND c.status IN ('advanced', 'bought')
 ORDER BY c.id LIMIT 1
"""
REVIEWER_WITH_TASKS = """
SELECT g.account_id AS id FROM role_grant g JOIN wish w ON left(w.division_code, 9) = left(g.division_code, 9)
   AND w.status = 'visited' WHERE g.role = 'town_reviewer' AND g.ended_at IS NULL ORDER BY g.id LIMIT 1
"""
HOLDER = "SELECT account_id AS id FROM role_grant WHERE role = $1 AND ended_at IS NULL ORDER BY id LIMIT 1"
DONOR = """
SELECT a.id FROM account a JOIN claim c ON c.donor_id = a.id AND c.status = 'confirmed'
 WHERE a.kind = 'donor' AND (a.organisation_id IS NOT NULL) = $1 ORDER BY a.id LIMIT 1
"""


class AnnouncingServer(uvicorn.Server):
    """Says when it listens, so that nobody has to look again and again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


@dataclass(frozen=True)
class DemoSite:
    url: str
    app: Starlette
    services: Services

    async def account_of(self, role: Role) -> int:
        """Somebody of this role for whom there is something to see."""
        if role in {Role.DONOR, Role.ORGANISATION}:
            found = await rows(DONOR, role is Role.ORGANISATION)
        elif role is Role.COORDINATOR:
            found = await rows(COORDINATOR_WITH_TASKS)
        elif role is Role.TOWN_REVIEWER:
            found = await rows(REVIEWER_WITH_TASKS)
        else:
            found = await rows(HOLDER, role.value)
        return int(found[0]["id"])

    async def token_of(self, role: Role) -> str:
        """A session token of that person."""
        kind = AccountKind.DONOR if role in {Role.DONOR, Role.ORGANISATION} else AccountKind.STAFF
        now = self.services.clock.now()
        return await open_session(await self.account_of(role), kind, device="浏览器", now=now)


@asynccontextmanager
async def open_demo_site(settings: Settings) -> AsyncIterator[DemoSite]:
    """Loads the city into the open, empty database and serves it on a free port, with a sandbox to pay at."""
    async with (
        running_sandbox(make_settings(), SystemClock(), deliver=True) as sandbox,
        _served(settings, sandbox.gateway_url) as site,
    ):
        yield site


@asynccontextmanager
async def _served(settings: Settings, gateway_url: str) -> AsyncIterator[DemoSite]:
    port = free_port()
    settings = replace(settings, environment=Environment.DEMO, site_url=f"http://127.0.0.1:{port}", port=port)
    clock = SystemClock()
    gateway = make_gateway(gateway_url, clock)  # type: ignore[arg-type]
    services = await make_services(settings, clock=clock, gateway=gateway, passwords=makers.QUICK_PASSWORDS)
    await load_city(services, line_owners(services), report=lambda _: None)
    await number_entries()
    app = create_app(settings, clock=clock, gateway=gateway, passwords=makers.QUICK_PASSWORDS, open_database=False)
    server = AnnouncingServer(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    await server.is_up.wait()
    try:
        yield DemoSite(settings.site_url, app, services)
    finally:
        server.should_exit = True
        await serving
        await gateway.aclose()
