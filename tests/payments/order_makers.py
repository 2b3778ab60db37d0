"""Orders and trades for the tests of payments, without any room above it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import makers
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site, load_site
from cishan.clock import SteppedClock
from cishan.payments.actions import NewLine, open_order
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.alipay.terms import Trade, TradeStatus
from cishan.payments.models import Order
from cishan.payments.owners import Unspent, Used
from cishan.payments.states import LateChoice, UnassignedReason
from cishan.sealing import Sealer
from gateway_makers import make_merchant

PRICE_FEN = 30_000
TRADE_NO = "2025030322001400000000000001"


@dataclass
class RecordingOwner:
    """Takes the money of a line, or refuses it for `refuses`; remembers how often it was asked."""

    refuses: UnassignedReason | None = None
    asked: list[int] = field(default_factory=list)
    uses: Used | None = None
    left: Unspent = field(default_factory=lambda: Unspent(PRICE_FEN, untouched=True))
    given_up: list[int] = field(default_factory=list)

    async def accept_payment(self, owner_id: int, *, order_id: int, now: datetime) -> UnassignedReason | None:
        self.asked.append(owner_id)
        return self.refuses

    async def use_late_money(self, owner_id: int, amount_fen: int, *, donor_id: int, now: datetime) -> Used | None:
        return self.uses

    async def unspent(self, owner_id: int) -> Unspent:
        return self.left

    async def give_up(self, owner_id: int, *, actor: Viewer | None, now: datetime) -> None:
        self.given_up.append(owner_id)

    def address_of(self, owner_id: int) -> str:
        return f"/me/claims/{owner_id}"


@dataclass
class AnsweringGateway(AlipayGateway):
    """The real verification of notices, with queries answered from `truth`."""

    truth: list[Trade | Exception | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def query(self, out_trade_no: str) -> Trade | None:
        self.asked.append(out_trade_no)
        answer = self.truth.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def make_answering_gateway(clock: SteppedClock) -> AnsweringGateway:
    gateway = AnsweringGateway()
    AlipayGateway.__init__(gateway, make_merchant(), clock)
    return gateway


@dataclass(frozen=True)
class Till:
    """A charity, a donor and an order of 300 yuan that waits for its money."""

    site: Site
    donor: Viewer
    order: Order


async def make_site(now: datetime) -> Site:
    found = await load_site()
    if found is None:
        await makers.make_charity(now=now)
        found = await load_site()
    assert found is not None
    return found


async def make_till(
    *, sealer: Sealer, now: datetime, owner_id: int = 7, late_choice: LateChoice = LateChoice.REFUND
) -> Till:
    site = await make_site(now)
    donor = await makers.make_donor(sealer=sealer, now=now)
    line = NewLine("claim", owner_id, site.fund_id, PRICE_FEN)
    order = await open_order(
        [line],
        charity_id=site.charity_id,
        subject="微心愿捐款7号",
        expires_at=now + timedelta(minutes=30),
        actor=donor,
        now=now,
        late_choice=late_choice,
    )
    return Till(site, donor, order)


def trade_for(
    order: Order, status: TradeStatus = TradeStatus.TRADE_SUCCESS, *, total_fen: int = PRICE_FEN, trade_no: str = ""
) -> Trade:
    return Trade(
        out_trade_no=order.out_trade_no,
        trade_no=trade_no or f"T{order.out_trade_no}",
        status=status,
        total_fen=total_fen,
        refunded_fen=0,
        paid_at=order.created_at,
        buyer="159****5620",
    )
