"""A fund's uses and what is left are what it has received, to the fen, and a payout leads back to its fund."""

from dataclasses import replace

import httpx2
import pytest
from starlette.applications import Starlette
from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import NotFound
from cishan.ledger.actions import Source, book_advance, book_fee, book_purchase
from cishan.ledger.states import AccountType
from cishan.payouts.paying import record_paid, record_returned
from cishan.payouts.states import PayoutStatus
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.tracing.funds import trace_fund
from cishan.tracing.payouts import trace_payout
from cishan.tracing.states import FundUse
from conftest import browser_for
from makers import CITY, TOWN, make_staff, signed_in
from payouts.payout_makers import Bureau, make_approved, make_bureau, send

GIVEN_FEN, HELP_FEN = 1_000_000, 100_000


@pytest.fixture
async def bureau(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Bureau:
    return await make_bureau(sealer, clock, given_fen=GIVEN_FEN)


async def paid(bureau: Bureau) -> int:
    payout_id = await make_approved(bureau, HELP_FEN)
    await send(bureau, payout_id)
    await record_paid(payout_id, paid_at=bureau.clock.now(), actor=bureau.cashier, now=bureau.clock.now())
    return payout_id


async def spend_on_wishes(bureau: Bureau) -> None:
    now = bureau.clock.now()
    async with in_transaction():
        await book_fee(bureau.fund_id, AccountType.BANK, 600, Source("test", 1), kept_at=now, now=now)
        await book_advance(bureau.fund_id, TOWN, 5_000, Source("test", 2), now=now)
        await book_purchase(bureau.fund_id, TOWN, 3_000, Source("test", 3), now=now)


async def test_uses_and_rest_are_what_was_received(bureau: Bureau) -> None:
    await paid(bureau)
    await make_approved(bureau, 20_000)
    await spend_on_wishes(bureau)
    traced = await trace_fund(bureau.fund_id)
    assert traced.received_fen == GIVEN_FEN == sum(fen for _, fen in traced.uses)
    assert dict(traced.uses) == {
        FundUse.BOUGHT: 3_000,
        FundUse.PAID_OUT: HELP_FEN,
        FundUse.OWED: 20_000,
        FundUse.FEES: 600,
        FundUse.IN_TOWNS: 2_000,
        FundUse.LEFT: GIVEN_FEN - 3_000 - HELP_FEN - 20_000 - 600 - 2_000,
    }


async def test_what_came_back_is_there_again(bureau: Bureau) -> None:
    payout_id = await paid(bureau)
    assert dict((await trace_fund(bureau.fund_id)).uses)[FundUse.LEFT] == GIVEN_FEN - HELP_FEN
    await record_returned(payout_id, "账号已注销", actor=bureau.cashier, now=bureau.clock.now())
    assert (await trace_fund(bureau.fund_id)).uses == ((FundUse.LEFT, GIVEN_FEN),)


async def test_a_payout_leads_back_to_its_fund(bureau: Bureau) -> None:
    payout_id = await paid(bureau)
    traced = await trace_payout(payout_id)
    assert (traced.what, traced.amount_fen, traced.status) == ("大病救助金", HELP_FEN, PayoutStatus.PAID)
    assert traced.is_listed
    assert not replace(traced, status=PayoutStatus.RETURNED).is_listed
    assert traced.fund == await trace_fund(bureau.fund_id)


async def test_what_is_not_there_is_not_found(bureau: Bureau) -> None:
    with pytest.raises(NotFound):
        await trace_payout(999_999)
    with pytest.raises(NotFound):
        await trace_fund(bureau.fund_id, charity_id=bureau.charity_id + 1)


async def test_finance_follows_a_donation_into_its_fund_and_back_from_a_payment(
    app: Starlette, sealer: Sealer, clock: SteppedClock
) -> None:
    bureau = await make_bureau(sealer, clock, given_fen=GIVEN_FEN)
    await paid(bureau)
    finance = await make_staff(Role.FINANCE, CITY, sealer=sealer, now=clock.now(), name="杨财务")
    number = (await rows("SELECT out_trade_no FROM payment_order"))[0]["out_trade_no"]
    payment = (await rows("SELECT id FROM ledger_entry WHERE kind = 'payout'"))[0]["id"]
    async with browser_for(app) as browser:
        await signed_in(browser, finance, now=clock.now())
        found = await text_of(browser, f"/desk/finance/entries?order={number}")
        assert "一共收到 10,000 元" in found
        assert "付给家庭、村和商家" in found
        told = await text_of(browser, f"/desk/finance/entries/{payment}")
        assert "这笔钱的来龙去脉" in told


async def text_of(browser: httpx2.AsyncClient, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200
    return answer.text
