"""A charity with a claim counter, and a sandbox behind it: donors pay there over real HTTP, notices come back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from cishan.accounts.viewer import Viewer
from cishan.claims.actions import OWNER_KIND, Claimed, claim_wish
from cishan.claims.money import ClaimPayments
from cishan.claims.states import ClaimWay
from cishan.clock import SteppedClock
from cishan.database import JsonRow, rows
from cishan.ledger.queries import balances_of
from cishan.ledger.states import AccountType
from cishan.payments.inbox import handle_notice
from cishan.payments.owners import LineOwners
from cishan.payments.states import LateChoice, NoticeVerdict
from cishan.refunds.hearing import RefundEars
from cishan.refunds.late_money import resolve_open_money
from cishan.refunds.neighbours import Neighbours, neighbours_of
from cishan.refunds.sending import send_due_refunds
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.settings import Settings
from cishan.wishes.models import Wish
from claim_makers import Team, make_team
from gateway_makers import Shop, make_checkout, open_shop
from makers import make_wish

PRICE_FEN = 30_000


@dataclass
class Counter:
    """What a test of refunds works with; `queued` holds the jobs that were queued."""

    team: Team
    shop: Shop
    clock: SteppedClock
    services: Services
    owners: LineOwners
    queued: list[tuple[str, dict[str, int]]] = field(default_factory=list)

    @property
    def neighbours(self) -> Neighbours:
        return neighbours_of(self.services, self.owners)

    async def wish(self, price_fen: int = PRICE_FEN, item: str = "学习桌椅") -> Wish:
        return await make_wish(
            sealer=self.team.sealer, now=self.clock.now(), people=self.team.people, price_fen=price_fen, item=item
        )

    async def claim(
        self,
        late_choice: LateChoice = LateChoice.REFUND,
        *,
        price_fen: int = PRICE_FEN,
        donor: Viewer | None = None,
        wish: Wish | None = None,
    ) -> Claimed:
        wish = wish or await self.wish(price_fen)
        return await claim_wish(
            wish.id,
            ClaimWay.PAY,
            site=self.team.site,
            actor=donor or self.team.donor,
            now=self.clock.now(),
            late_choice=late_choice,
        )

    async def pay(self, out_trade_no: str) -> None:
        """The donor opens the cashier and pays, whatever the time; the notice waits for `deliver`."""
        order = (await rows("SELECT total_fen FROM payment_order WHERE out_trade_no = $1", out_trade_no))[0]
        await self.shop.pay(
            make_checkout(
                out_trade_no,
                subject="微心愿捐款",
                total_fen=order["total_fen"],
                expires_at=self.clock.now() + timedelta(minutes=10),
            )
        )

    async def deliver(self) -> list[NoticeVerdict]:
        """Hands every notice that is due to the inbox."""
        self.shop.bodies.clear()
        await self.shop.running.sandbox.deliver_due()
        return [await self.hear(body) for body in list(self.shop.bodies)]

    async def hear(self, body: bytes) -> NoticeVerdict:
        return await handle_notice(
            body, address="203.0.113.7", services=self.services, owners=self.owners, now=self.clock.now()
        )

    async def paid_claim(self, late_choice: LateChoice = LateChoice.REFUND, *, price_fen: int = PRICE_FEN) -> Claimed:
        claimed = await self.claim(late_choice, price_fen=price_fen)
        await self.pay(claimed.out_trade_no)
        assert await self.deliver() == [NoticeVerdict.SETTLED]
        return claimed

    async def resolve(self) -> int:
        handled = await resolve_open_money(
            limit=1_000,
            neighbours=self.neighbours,
            sealer=self.team.sealer,
            now=self.clock.now(),
        )
        assert handled.failed == 0
        return handled.handled

    async def send(self) -> int:
        return await send_due_refunds(limit=1_000, services=self.services, now=self.clock.now())

    async def refunds(self) -> list[JsonRow]:
        return await rows(
            "SELECT id, request_no, amount_fen, status, reason, tries, refusal, due_at FROM refund ORDER BY id"
        )

    async def statuses(self) -> list[str]:
        return [row["status"] for row in await self.refunds()]

    async def books(self) -> dict[AccountType, int]:
        """The fund's balances that are not zero; together they are."""
        found = await balances_of(self.team.site.fund_id)
        assert sum(item.balance_fen for item in found) == 0
        kinds = {item.type for item in found}
        sums = {kind: sum(item.balance_fen for item in found if item.type is kind) for kind in kinds}
        return {kind: fen for kind, fen in sums.items() if fen}


async def status_of(table: str, row_id: int) -> str:
    found = await rows(f"SELECT status FROM {table} WHERE id = $1", row_id)
    status: str = found[0]["status"]
    return status


@asynccontextmanager
async def open_counter(settings: Settings, sealer: Sealer, clock: SteppedClock) -> AsyncIterator[Counter]:
    owners = {OWNER_KIND: ClaimPayments(sealer)}
    queued: list[tuple[str, dict[str, int]]] = []

    async def enqueue(kind: str, payload: dict[str, int]) -> None:
        queued.append((kind, payload))

    async with open_shop(clock) as shop:
        services = Services(settings, clock, sealer, shop.gateway, enqueue=enqueue, hear_refund=RefundEars(owners))
        team = await make_team(settings, sealer=sealer, now=clock.now())
        yield Counter(team, shop, clock, services, owners, queued)
