"""A donation stand behind a proxy: donors pay at the sandbox over real HTTP, and what we ask of it goes through the proxy."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import makers
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.clock import SteppedClock
from cishan.database import JsonRow, rows
from cishan.donations.actions import OWNER_KIND, DonationPayments, Pledged, make_donation
from cishan.payments.owners import LineOwners
from cishan.payments.polling import poll_due_orders
from cishan.payments.sandbox.faults import Fault
from cishan.payments.states import LateChoice
from cishan.reconciliation.fetching import reconcile_due_days
from cishan.reconciliation.refunds import refunds_of_day
from cishan.refunds.hearing import RefundEars
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.settings import Settings
from cishan.verify.checks import run_checks
from cishan.verify.money import MONEY_CHECKS
from cishan.verify.refunds import REFUND_CHECKS
from faults.proxy import Proxy, open_proxy
from gateway_makers import Shop, make_checkout, make_gateway, open_shop
from payments.order_makers import make_site

GIVEN_FEN = 1_230
"""A thousand of them in a week are no large gift yet."""
TIMEOUT_SECONDS = 0.4
"""As long as a test is ready to wait for a gateway that does not answer; production waits ten seconds."""
TICK = timedelta(seconds=10)
ORDERS_AT_ONCE = 20


@dataclass
class Stand:
    """`services` reach the gateway through `proxy`; `direct` reach it as it is."""

    site: Site
    donor: Viewer
    shop: Shop
    proxy: Proxy
    clock: SteppedClock
    services: Services
    direct: Services
    owners: LineOwners

    async def pledge(self, amount_fen: int = GIVEN_FEN) -> Pledged:
        return await make_donation(
            self.site.fund_id,
            amount_fen,
            shows_name=False,
            late_choice=LateChoice.REFUND,
            actor=self.donor,
            now=self.clock.now(),
        )

    async def pay(self, pledged: Pledged, amount_fen: int = GIVEN_FEN) -> None:
        """The donor pays; no notice of it is ever sent."""
        await self.shop.pay(
            make_checkout(
                pledged.out_trade_no,
                subject="慈善捐款",
                total_fen=amount_fen,
                expires_at=self.clock.now() + timedelta(minutes=30),
            )
        )

    async def paid(self) -> Pledged:
        pledged = await self.pledge()
        await self.pay(pledged)
        return pledged

    async def order(self, pledged: Pledged) -> JsonRow:
        found = await rows(
            "SELECT id, status, paid_at, unknown_since, next_poll_at, polls FROM payment_order WHERE out_trade_no = $1",
            pledged.out_trade_no,
        )
        return found[0]

    async def poll(self) -> int:
        """One tick of the worker."""
        return await poll_due_orders(
            limit=ORDERS_AT_ONCE, services=self.services, owners=self.owners, now=self.clock.now()
        )

    async def poll_when_due(self, pledged: Pledged) -> JsonRow:
        """Lets time pass until this order is asked about, and asks."""
        due: datetime = (await self.order(pledged))["next_poll_at"]
        self.clock.move_to(max(due, self.clock.now()))
        await self.poll()
        return await self.order(pledged)

    async def differences_of_the_day(self) -> int:
        """What the next morning's bill and the books say differently, once the bill has been compared."""
        self.clock.move_to(self.clock.now() + timedelta(days=2))
        handled = await reconcile_due_days(
            limit=10, services=self.direct, owners=self.owners, refunds=refunds_of_day(), now=self.clock.now()
        )
        assert handled.handled > 0
        assert handled.failed == 0
        assert (await rows("SELECT count(*) AS n FROM bill_day WHERE compared_at IS NOT NULL"))[0]["n"] > 0
        found: int = (await rows("SELECT count(*) AS n FROM bill_difference"))[0]["n"]
        return found

    async def check_promises(self) -> None:
        """The books' own checks; those of deadlines are asked now."""
        checks = [*MONEY_CHECKS, *REFUND_CHECKS]
        found = await run_checks(checks, require_rows=False, now=self.clock.now())
        assert [check.name for check in found if not check.ok] == []

    def misbehave(self, pledged: Pledged, *faults: Fault) -> None:
        """The sandbox spoils what it answers about this order; notices stay unsent."""
        self.shop.running.sandbox.set_faults(pledged.out_trade_no, frozenset({Fault.DROP, *faults}))


@asynccontextmanager
async def open_stand(settings: Settings, sealer: Sealer, clock: SteppedClock) -> AsyncIterator[Stand]:
    owners = {OWNER_KIND: DonationPayments(sealer)}
    async with open_shop(clock, faults=frozenset({Fault.DROP})) as shop:
        sandbox_port = int(shop.running.url.rpartition(":")[2].strip("/"))
        async with open_proxy(("127.0.0.1", sandbox_port)) as proxy:
            behind = make_gateway(f"http://127.0.0.1:{proxy.port}/gateway.do", clock, timeout_seconds=TIMEOUT_SECONDS)
            direct = Services(settings, clock, sealer, shop.gateway, hear_refund=RefundEars(owners))
            site = await make_site(clock.now())
            donor = await makers.make_donor(sealer=sealer, now=clock.now())
            yield Stand(site, donor, shop, proxy, clock, replace(direct, gateway=behind), direct, owners)
            await behind.aclose()
