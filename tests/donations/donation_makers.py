"""Donations to a fund, paid through `settle` with the trade that a gateway would vouch for."""

from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.donations.actions import OWNER_KIND, DonationPayments, Pledged, make_donation
from cishan.payments.actions import settle
from cishan.payments.alipay.terms import Trade, TradeStatus
from cishan.payments.states import LateChoice, SettleSource
from cishan.sealing import Sealer
from cishan.vigilance.states import GiftSource


async def pledge(
    fund_id: int,
    amount_fen: int,
    *,
    donor: Viewer,
    now: datetime,
    shows_name: bool = False,
    late_choice: LateChoice = LateChoice.REFUND,
    source: GiftSource | None = None,
) -> Pledged:
    return await make_donation(
        fund_id, amount_fen, shows_name=shows_name, late_choice=late_choice, actor=donor, now=now, source=source
    )


async def pay(
    pledged: Pledged, *, sealer: Sealer, now: datetime, paid_at: datetime | None = None, total_fen: int = 0
) -> None:
    """The donor has paid, at `paid_at` or now, the sum of the order or another."""
    found = await rows("SELECT total_fen FROM payment_order WHERE out_trade_no = $1", pledged.out_trade_no)
    trade = Trade(
        out_trade_no=pledged.out_trade_no,
        trade_no=f"T{pledged.out_trade_no}",
        status=TradeStatus.TRADE_SUCCESS,
        total_fen=total_fen or found[0]["total_fen"],
        refunded_fen=0,
        paid_at=paid_at or now,
        buyer="159****5620",
    )
    owners = {OWNER_KIND: DonationPayments(sealer)}
    await settle(trade, SettleSource.NOTICE, owners=owners, sealer=sealer, now=now)
