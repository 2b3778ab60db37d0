"""Gifts of money and their receipts, made through the product's own actions."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.app import refund_follower
from cishan.charities.queries import Site
from cishan.database import rows
from cishan.payments.actions import NewLine, open_order, settle
from cishan.payments.alipay.terms import Trade, TradeStatus
from cishan.payments.states import SettleSource
from cishan.receipts.actions import BillNumbers, Payer, issue_receipt, request_receipt
from cishan.refunds.actions import start_refund
from cishan.refunds.neighbours import Neighbours
from cishan.refunds.states import RefundReason
from cishan.sealing import Sealer
from payments.order_makers import RecordingOwner, make_site

CODE_2025 = "37060125"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Office:
    """The charity with somebody who gives and somebody in finance."""

    site: Site
    donor: Viewer
    finance: Viewer
    sealer: Sealer


async def make_office(*, sealer: Sealer, now: datetime) -> Office:
    site = await make_site(now)
    donor = await makers.make_donor(sealer=sealer, now=now)
    finance = await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=now, name="何财务")
    return Office(site, donor, finance, sealer)


async def make_gift(
    office: Office, *, now: datetime, price_fen: int = 30_000, paid_fen: int | None = None, donor: Viewer | None = None
) -> int:
    """A paid order; whatever was paid beyond the price is nobody's yet."""
    order = await open_order(
        [NewLine("claim", 7, office.site.fund_id, price_fen)],
        charity_id=office.site.charity_id,
        subject="微心愿捐款7号",
        expires_at=now + timedelta(minutes=30),
        actor=donor or office.donor,
        now=now,
    )
    paid = price_fen if paid_fen is None else paid_fen
    trade = Trade(order.out_trade_no, f"T{order.out_trade_no}", TradeStatus.TRADE_SUCCESS, paid, 0, now, "159****5620")
    await settle(trade, SettleSource.POLL, owners={"claim": RecordingOwner()}, sealer=office.sealer, now=now)
    return int(order.id)


def new_bill(code: str = CODE_2025) -> BillNumbers:
    """Numbers that the finance bureau has given to nobody else."""
    return BillNumbers(code, f"{next(_numbers):010d}", "a1b2c3")


async def ask(office: Office, order_id: int, *, now: datetime, number: str = "") -> int:
    return await request_receipt(order_id, Payer("王芳", number), actor=office.donor, sealer=office.sealer, now=now)


async def issue(
    office: Office, request_id: int, *, now: datetime, amount_fen: int = 30_000, bill: BillNumbers | None = None
) -> int:
    return await issue_receipt(
        request_id, bill or new_bill(), amount_fen, actor=office.finance, sealer=office.sealer, now=now
    )


async def make_receipt(office: Office, *, now: datetime) -> tuple[int, int]:
    """A gift with its receipt: order id, receipt id."""
    order_id = await make_gift(office, now=now)
    return order_id, await issue(office, await ask(office, order_id, now=now), now=now)


async def refund(office: Office, order_id: int, amount_fen: int, *, now: datetime) -> None:
    """Finance promises some of a gift back."""
    order = (await rows("SELECT out_trade_no FROM payment_order WHERE id = $1", order_id))[0]
    line = (await rows("SELECT id FROM order_line WHERE order_id = $1", order_id))[0]
    await start_refund(
        office.site.charity_id,
        order["out_trade_no"],
        {f"line-{line['id']}": amount_fen},
        RefundReason.MISTAKE,
        "付错了",
        neighbours=Neighbours({"claim": RecordingOwner()}, follow=refund_follower(office.sealer)),
        actor=office.finance,
        now=now,
    )


async def numbers() -> list[int]:
    return [row["number"] for row in await rows("SELECT number FROM receipt ORDER BY year, number")]
