"""A small database in which every promise has something to look at, told through the product's own actions."""

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tortoise.connection import get_connection

import claim_makers
import makers
from bank.story import tell_of_transfers
from cishan.accounts.actions import disable_account
from cishan.accounts.states import Role
from cishan.bank.coding import code_line
from cishan.bank.reading import COLUMNS, EXAMPLE
from cishan.bank.statements import apply_statement, preview_statement
from cishan.bank.states import BankLineStatus
from cishan.claims.actions import claim_wish, lapse_due_claims
from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.clock import SteppedClock, beijing_day
from cishan.database import APP_ROLE, rows
from cishan.ledger.actions import number_entries
from cishan.ledger.chain import chain_entries, publish_heads
from cishan.payments.actions import close_unopened
from cishan.reconciliation.closing import close_month, propose_closing
from cishan.reconciliation.comparing import record_bill
from cishan.reconciliation.fetching import open_days
from cishan.reconciliation.reading import BillLine, bill_of
from cishan.reconciliation.refunds import refunds_of_day
from cishan.reconciliation.resolving import resolve_difference
from cishan.reconciliation.states import BillRowKind, Resolution
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.summaries.actions import freeze_lists
from cishan.vigilance.actions import set_terms as set_watch_terms
from cishan.vigilance.states import GiftSource
from disclosures.story import tell_of_disclosures
from donations import donation_makers
from payouts.story import tell_of_payouts
from projects.story import tell_of_projects
from receipts.story import tell_of_receipts
from refunds.story import tell_of_refunds
from urgent.story import tell_of_urgent_help
from vigilance.story import tell_of_lists

STORY = "cishan_story"
BEGAN = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FEBRUARY = date(2025, 2, 1)


@dataclass(frozen=True)
class Books:
    """The story, inside a transaction that ends with the test."""

    now: datetime

    async def as_owner(self, statements: str) -> None:
        """Does what the app's role, the triggers and the constraints would refuse."""
        await get_connection("default").execute_script(
            f"SET LOCAL ROLE NONE; SET LOCAL session_replication_role = replica; {statements}; SET LOCAL ROLE {APP_ROLE}"
        )


async def tell_story(settings: Settings, sealer: Sealer, clock: SteppedClock) -> None:
    """Three wishes come true in three ways, one waits for its buyer, one was paid for too late, one never."""
    now = clock.now()
    team = await claim_makers.make_team(settings, sealer=sealer, now=now)
    await claim_makers.make_claim(team, ClaimStatus.CONFIRMED, now=now, spent_fen=28_000)
    await claim_makers.make_claim(team, ClaimStatus.CONFIRMED, now=now, way=ClaimWay.BRING)
    await claim_makers.make_claim(team, ClaimStatus.CONFIRMED, now=now, way=ClaimWay.GIVE_TIME)
    await claim_makers.make_claim(team, ClaimStatus.ADVANCED, now=now)
    late = await claim_makers.make_claim(team, ClaimStatus.RESERVED, now=now)
    await claim_makers.make_claim(team, ClaimStatus.RESERVED, now=now)
    now = clock.advance(timedelta(minutes=40))
    assert await lapse_due_claims(limit=10, sealer=sealer, now=now) == 2
    wish = await rows("SELECT wish_id FROM claim WHERE id = $1", late)
    quicker = await makers.make_donor(sealer=sealer, now=now)
    await claim_wish(wish[0]["wish_id"], ClaimWay.PAY, site=team.site, actor=quicker, now=now)
    await claim_makers.pay(team, late, now=now)
    await set_watch_terms(team.site.charity_id, 4_000, valid_from=beijing_day(now), actor=team.finance, now=now)
    given = await donation_makers.pledge(team.site.fund_id, 5_000, donor=quicker, now=now, source=GiftSource.SAVINGS)
    await set_watch_terms(team.site.charity_id, 5_000_000, valid_from=beijing_day(now), actor=team.finance, now=now)
    await donation_makers.pay(given, sealer=sealer, now=now)
    await tell_of_lists(team.site, team.finance, sealer, clock)
    for order in await rows("SELECT out_trade_no FROM payment_order WHERE status = 'pending'"):
        await close_unopened(order["out_trade_no"], now=now)
    await tell_of_refunds(team, clock)
    await tell_of_payouts(sealer, clock)
    await tell_of_urgent_help(sealer, clock)
    leaver = await makers.make_staff(Role.SUPERVISOR, makers.CITY, sealer=sealer, now=now)
    await disable_account(leaver.account_id, actor=await makers.make_admin(sealer=sealer, now=now), now=now)
    await tell_of_projects(sealer, clock)
    await tell_of_receipts(team.finance, sealer=sealer, now=now)
    await freeze_lists(makers.CITY, now.year, now=clock.advance(DAY))
    await agree_with_bill(settings, team, sealer, clock)
    await tell_of_transfers(settings, team.site, sealer, clock)
    await tell_of_disclosures(team.site, team.finance, sealer, clock)
    await number_entries()
    await chain_entries(limit=1_000, now=clock.now())
    await publish_heads(now=clock.now())


async def agree_with_bill(settings: Settings, team: claim_makers.Team, sealer: Sealer, clock: SteppedClock) -> None:
    """The bill of the first day with its fee, a payment of somebody else's in it, a bank's statement, and February closed."""
    now, charity_id = clock.now(), team.site.charity_id
    bookkeeper = await makers.make_staff(Role.BOOKKEEPER, makers.CITY, sealer=sealer, now=now)
    cashier = await makers.make_staff(Role.CASHIER, makers.CITY, sealer=sealer, now=now)
    await open_days(now=now)
    day_id = (await rows("SELECT id FROM bill_day"))[0]["id"]
    paid = await rows("SELECT trade_no, out_trade_no, paid_fen, paid_at FROM payment_order WHERE status = 'paid'")
    listed = [(row["trade_no"], row["out_trade_no"], row["paid_fen"], row["paid_at"]) for row in paid]
    listed.append(("T0", "SHOP7", 1_990, listed[0][3]))
    lines = [
        BillLine(line, BillRowKind.PAYMENT, trade_no, number, "", fen, fen, 60, at)
        for line, (trade_no, number, fen, at) in enumerate(listed, start=6)
    ]
    returned = await rows(
        "SELECT o.trade_no, o.out_trade_no, r.request_no, r.amount_fen, r.succeeded_at "
        "FROM refund r JOIN payment_order o ON o.id = r.order_id WHERE r.status = 'succeeded'"
    )
    for line, row in enumerate(returned, start=6 + len(lines)):
        fen, at = row["amount_fen"], row["succeeded_at"]
        kind = BillRowKind.REFUND
        lines.append(BillLine(line, kind, row["trade_no"], row["out_trade_no"], row["request_no"], fen, fen, 0, at))
    await record_bill(day_id, bill_of(lines), refunds=refunds_of_day(), now=now)
    difference = (await rows("SELECT id FROM bill_difference"))[0]["id"]
    await resolve_difference(difference, Resolution.BOOKED, "店里扫码付的", actor=bookkeeper, now=now)
    file = io.BytesIO(f"{','.join(COLUMNS)}\r\n{EXAMPLE.replace('500.00', '30.00')}\r\n".encode())
    directory = settings.data_directory / "statements"
    statement, _ = await preview_statement(
        file, "3月.csv", charity_id=charity_id, directory=directory, actor=cashier, now=now
    )
    await apply_statement(statement, charity_id=charity_id, directory=directory, actor=cashier, sealer=sealer, now=now)
    line = (await rows("SELECT id FROM bank_line"))[0]["id"]
    await code_line(line, BankLineStatus.WITHDRAWAL, "", charity_id=charity_id, actor=bookkeeper, now=now)
    await propose_closing(charity_id, FEBRUARY, actor=bookkeeper, now=now)
    await close_month(charity_id, FEBRUARY, actor=team.finance, now=now)
