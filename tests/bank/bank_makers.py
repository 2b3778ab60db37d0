"""Statements of the bank, and what the cashier and the bookkeeper do with them."""

import io
from datetime import datetime

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.bank.gifts import take_as_gift, take_named_transfers
from cishan.bank.reading import COLUMNS
from cishan.bank.statements import apply_statement, preview_statement
from cishan.clock import BEIJING
from cishan.database import JsonRow, rows
from cishan.donations.actions import OWNER_KIND, DonationPayments, Pledged, make_donation
from cishan.payments.owners import LineOwners
from cishan.payments.states import LateChoice, PayChannel
from reconciliation.scenes import Shop

PARTY = "德州示例商贸有限公司"
PLEDGED_FEN = 5_000_000


def line(serial: str, amount_fen: int, at: datetime, *, party: str = PARTY, summary: str = "捐款") -> str:
    """A row of the bank's file; what went out is negative."""
    text = f"{abs(amount_fen) / 100:.2f}"
    came, went = (text, "") if amount_fen > 0 else ("", text)
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S},{serial},{came},{went},{party},{summary}"


def table(*lines: str) -> io.BytesIO:
    return io.BytesIO("\r\n".join((",".join(COLUMNS), *lines)).encode("utf-8-sig"))


async def bring(shop: Shop, *lines: str) -> int:
    """The cashier brings a statement; how many movements of it are new."""
    cashier, charity_id = await shop.staff(Role.CASHIER), shop.site.charity_id
    directory = shop.services.settings.data_directory / "statements"
    now = shop.clock.now()
    statement_id, _ = await preview_statement(
        table(*lines), "3月.csv", charity_id=charity_id, directory=directory, actor=cashier, now=now
    )
    return await apply_statement(
        statement_id, charity_id=charity_id, directory=directory, actor=cashier, sealer=shop.services.sealer, now=now
    )


def donation_owners(shop: Shop) -> LineOwners:
    return {OWNER_KIND: DonationPayments(shop.services.sealer)}


async def pledge_transfer(
    shop: Shop,
    donor: Viewer,
    amount_fen: int = PLEDGED_FEN,
    *,
    fund_id: int | None = None,
    late_choice: LateChoice = LateChoice.REFUND,
) -> tuple[Pledged, str]:
    """A company says that it will transfer a gift; the pledge and its code."""
    made = await make_donation(
        fund_id or shop.site.fund_id,
        amount_fen,
        shows_name=True,
        late_choice=late_choice,
        actor=donor,
        now=shop.clock.now(),
        channel=PayChannel.BANK,
        may_ask=False,
    )
    return made, await code_of(made)


async def code_of(made: Pledged) -> str:
    found = await rows("SELECT transfer_code FROM payment_order WHERE out_trade_no = $1", made.out_trade_no)
    return str(found[0]["transfer_code"])


async def take(shop: Shop) -> int:
    """The job that takes what names an order and its sum; how many it looked at."""
    owners = donation_owners(shop)
    handled = await take_named_transfers(limit=100, services=shop.services, owners=owners, now=shop.clock.now())
    assert handled.failed == 0
    return handled.handled


async def take_by_hand(shop: Shop, serial: str, code: str) -> None:
    await take_as_gift(
        (await bank_line(serial))["id"],
        code,
        "",
        charity_id=shop.site.charity_id,
        services=shop.services,
        owners=donation_owners(shop),
        actor=await shop.staff(Role.BOOKKEEPER),
        now=shop.clock.now(),
    )


async def bank_line(serial: str) -> JsonRow:
    return (await rows("SELECT * FROM bank_line WHERE serial = $1", serial))[0]
