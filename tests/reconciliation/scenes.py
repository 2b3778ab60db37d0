"""A shop with paid orders, its bills and the people of its finance: for the tests of reconciliation."""

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import httpx2
from starlette.applications import Starlette

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.app import create_app
from cishan.charities.queries import Site
from cishan.clock import BEIJING, SteppedClock, beijing_day
from cishan.database import JsonRow, rows
from cishan.ledger.actions import number_entries
from cishan.ledger.chain import chain_entries
from cishan.payments.actions import settle
from cishan.payments.alipay.terms import beijing_text
from cishan.payments.models import Order
from cishan.payments.states import SettleSource
from cishan.reconciliation.fetching import reconcile_due_days
from cishan.reconciliation.ports import RefundsOfDay
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.settings import Settings
from conftest import browser_for
from payments.order_makers import RecordingOwner, Till, make_site, make_till, trade_for
from reconciliation.bill_makers import FakeAlipay, Listed, bill_zip
from reconciliation.no_refunds import NoRefunds

DAY = date(2025, 3, 3)
NEXT_MORNING = datetime(2025, 3, 4, 9, 31, tzinfo=BEIJING)


@dataclass
class Shop:
    """The whole of one charity's money, with an Alipay that bills what it is told to bill."""

    site: Site
    services: Services
    clock: SteppedClock
    alipay: FakeAlipay
    owner: RecordingOwner = field(default_factory=RecordingOwner)
    refunds: RefundsOfDay = field(default_factory=NoRefunds)

    @property
    def owners(self) -> dict[str, RecordingOwner]:
        return {"claim": self.owner}

    async def order(self) -> Order:
        till: Till = await make_till(sealer=self.services.sealer, now=self.clock.now())
        return till.order

    async def paid(self) -> Order:
        """An order whose money came in through the door."""
        order = await self.order()
        await settle(
            trade_for(order), SettleSource.NOTICE, owners=self.owners, sealer=self.services.sealer, now=self.clock.now()
        )
        return await Order.get(id=order.id)

    def listed(self, order: Order, **changes: object) -> Listed:
        row = Listed(f"T{order.out_trade_no}", order.out_trade_no, order.total_fen, beijing_text(order.created_at))
        return replace(row, **changes)  # type: ignore[arg-type]

    def bill(self, *listed: Listed, day: date = DAY) -> None:
        self.alipay.bills[day] = bill_zip(listed, day)

    def knows(self, order: Order) -> None:
        """Alipay will say that this order was paid, if it is asked."""
        self.alipay.trades[order.out_trade_no] = {
            "trade_no": f"T{order.out_trade_no}",
            "trade_status": "TRADE_SUCCESS",
            "total_amount": f"{order.total_fen // 100}.00",
            "send_pay_date": beijing_text(order.created_at),
        }

    async def reconcile(self, at: datetime = NEXT_MORNING) -> None:
        if self.clock.now() < at:
            self.clock.move_to(at)
        await reconcile_due_days(
            limit=50, services=self.services, owners=self.owners, refunds=self.refunds, now=self.clock.now()
        )

    async def day(self, day: date = DAY) -> JsonRow:
        return (await rows("SELECT * FROM bill_day WHERE day = $1", day))[0]

    async def differences(self) -> list[JsonRow]:
        return await rows("SELECT * FROM bill_difference ORDER BY id")

    async def staff(self, role: Role) -> Viewer:
        return await makers.make_staff(role, makers.CITY, sealer=self.services.sealer, now=self.clock.now())

    async def chained(self) -> None:
        await number_entries()
        await chain_entries(limit=1_000, now=self.clock.now())


async def make_shop(settings: Settings, sealer: Sealer, clock: SteppedClock) -> Shop:
    site = await make_site(clock.now())
    alipay = FakeAlipay()
    services = Services(settings, clock, sealer, alipay.gateway(clock))
    assert beijing_day(clock.now()) == DAY
    return Shop(site, services, clock, alipay)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


async def make_desk(shop: Shop) -> Starlette:
    """The whole application in this test's transaction, with the shop's clock and Alipay."""
    app = create_app(
        shop.services.settings,
        clock=shop.clock,
        gateway=shop.services.gateway,
        passwords=makers.QUICK_PASSWORDS,
        open_database=False,
    )
    async with app.router.lifespan_context(app):
        return app


async def browser(site: Starlette, shop: Shop, role: Role) -> httpx2.AsyncClient:
    """A browser in which somebody of this role has signed in."""
    found = browser_for(site)
    return await makers.signed_in(found, await shop.staff(role), now=shop.clock.now())


def key_of(page: httpx2.Response) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', page.text)
    assert found
    return found.group(1)
