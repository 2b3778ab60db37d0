"""The funds' months are what the books say, whenever the job comes, and a month that is over stays counted."""

from datetime import timedelta

import pytest

from cishan.charities.queries import Site
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.disclosures.months import count_months
from cishan.disclosures.queries import fund_flows, months_of_fund
from cishan.disclosures.statements import statement_for
from cishan.ledger.actions import Source, book_gift, book_purchase, book_refund_due, reverse_entry
from cishan.ledger.states import AccountType
from payments.order_makers import make_site


@pytest.fixture
async def site(transaction: object, clock: SteppedClock) -> Site:
    return await make_site(clock.now())


async def test_months_agree_with_the_statement_of_the_same_time(site: Site, clock: SteppedClock) -> None:
    fund_id, first = site.fund_id, beijing_day(clock.now())
    for number in range(1, 8):
        now = clock.now()
        await book_gift(fund_id, 10_000 * number, Source("order_line", number), paid_at=now, now=now)
        await book_refund_due(fund_id, AccountType.FUND, 900, Source("refund_line", number), now=now)
        entry_id = await book_purchase(fund_id, "371402001000", 2_000 + number, Source("purchase", number), now=now)
        if number == 4:
            await reverse_entry(entry_id, now=now)
        await count_months(now=now + timedelta(minutes=1))
        clock.advance(timedelta(days=19))
    statement = await statement_for(fund_id, first, beijing_day(clock.now()))
    kept = await months_of_fund(fund_id)
    assert [one.month for one in kept] == [one.month for one in statement.months]
    for ours, theirs in zip(kept, statement.months, strict=True):
        assert ours.flow.change_fen == theirs.flow.change_fen
        assert ours.flow.spent_fen == theirs.flow.spent_fen
    (fund,) = await fund_flows(site.charity_id, None, "")
    assert fund.flow.change_fen == statement.total.change_fen == statement.closing_fen


async def test_a_job_that_slept_catches_up_with_every_month(site: Site, clock: SteppedClock) -> None:
    for number in (1, 2, 3):
        now = clock.now()
        await book_gift(site.fund_id, 5_000, Source("order_line", number), paid_at=now, now=now)
        clock.advance(timedelta(days=31))
    assert await count_months(now=clock.now()) == 3
    assert await count_months(now=clock.now()) == 0
    assert (await rows("SELECT sum(received_fen)::bigint AS fen FROM fund_month"))[0]["fen"] == 15_000


async def test_a_year_and_a_name_narrow_the_funds(site: Site, clock: SteppedClock) -> None:
    now = clock.now()
    await book_gift(site.fund_id, 5_000, Source("order_line", 1), paid_at=now, now=now)
    await count_months(now=now + timedelta(minutes=1))
    (this_year,) = await fund_flows(site.charity_id, now.year, "")
    (other_year,) = await fund_flows(site.charity_id, now.year - 1, "")
    assert (this_year.flow.received_fen, other_year.flow.received_fen) == (5_000, 0)
    assert await fund_flows(site.charity_id, None, "没有这个名字") == ()
