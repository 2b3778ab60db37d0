"""The whole counter: our app, the sandbox gateway over real HTTP, and donors with browsers. Time stands in a stepped clock."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
from starlette.applications import Starlette

import makers
from cishan.accounts.viewer import Viewer
from cishan.app import create_app
from cishan.clock import SteppedClock
from cishan.payments.polling import poll_due_orders
from cishan.payments.sandbox.serve import RunningSandbox, running_sandbox
from cishan.sealing import Sealer
from cishan.settings import Settings
from conftest import browser_for
from gateway_makers import make_gateway, make_settings


@dataclass(frozen=True)
class Counter:
    app: Starlette
    sandbox: RunningSandbox
    clock: SteppedClock
    sealer: Sealer
    outside: httpx2.AsyncClient
    stack: AsyncExitStack

    async def browser_of(self, viewer: Viewer) -> httpx2.AsyncClient:
        browser = await self.stack.enter_async_context(browser_for(self.app))
        return await makers.signed_in(browser, viewer, now=self.clock.now())

    async def donor(self) -> tuple[Viewer, httpx2.AsyncClient]:
        donor = await makers.make_donor(sealer=self.sealer, now=self.clock.now())
        return donor, await self.browser_of(donor)

    async def claim(self, browser: httpx2.AsyncClient, wish_id: int, way: str = "pay") -> str:
        """Claims through the form and returns the address the browser is sent to."""
        answer = await browser.post(
            f"/wishes/{wish_id}/claim", data={"way": way, "form_key": secrets.token_urlsafe(24)}
        )
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def open_cashier(self, browser: httpx2.AsyncClient, pay_path: str) -> httpx2.Response:
        to_gateway = await browser.get(pay_path)
        assert to_gateway.status_code == 303
        return await self.outside.get(to_gateway.headers["location"], follow_redirects=True)

    async def press(self, cashier: httpx2.Response, button: str) -> httpx2.Response:
        """Presses a button of the cashier and returns where it leads, not followed."""
        return await self.outside.post(f"{cashier.url.copy_with(query=None)}/{button}")

    async def deliver_notices(self) -> int:
        return await self.sandbox.sandbox.deliver_due()

    async def poll(self) -> int:
        state = self.app.state
        return await poll_due_orders(limit=100, services=state.services, owners=state.line_owners, now=self.clock.now())

    def step(self, **time: float) -> None:
        self.clock.advance(timedelta(**time))


@asynccontextmanager
async def open_counter(
    settings: Settings, clock: SteppedClock, sealer: Sealer, **sandbox: Any
) -> AsyncIterator[Counter]:
    """Notices reach the app as HTTP requests, without a second server; everything else is on loopback."""
    async with AsyncExitStack() as stack:
        holder: list[Starlette] = []

        async def to_app(request: httpx2.Request) -> httpx2.Response:
            async with browser_for(holder[0]) as postman:
                body, headers = await request.aread(), dict(request.headers)
                answer = await postman.post(request.url.path, content=body, headers=headers)
            return httpx2.Response(answer.status_code, text=answer.text)

        post_office = await stack.enter_async_context(httpx2.AsyncClient(transport=httpx2.MockTransport(to_app)))
        running = await stack.enter_async_context(running_sandbox(make_settings(**sandbox), clock, client=post_office))
        gateway = make_gateway(running.gateway_url, clock)
        app = create_app(settings, clock=clock, gateway=gateway, passwords=makers.QUICK_PASSWORDS, open_database=False)
        holder.append(app)
        await stack.enter_async_context(app.router.lifespan_context(app))
        outside = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False))
        stack.push_async_callback(gateway.aclose)
        yield Counter(app, running, clock, sealer, outside, stack)
