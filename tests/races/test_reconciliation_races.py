"""Two workers reconcile one day, two people resolve one difference, an entry is booked while its month closes."""

import asyncio
from datetime import date, datetime

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.clock import BEIJING, SteppedClock
from cishan.database import credentials, rows
from cishan.errors import Conflict
from cishan.ledger.actions import Source, book_adjustment
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.reconciliation.closing import close_month, propose_closing
from cishan.reconciliation.comparing import record_bill
from cishan.reconciliation.fetching import open_days, reconcile_due_days
from cishan.reconciliation.reading import read_bill
from cishan.reconciliation.resolving import resolve_difference
from cishan.reconciliation.states import Resolution
from cishan.sealing import Sealer
from conftest import Committed
from gateway_makers import SELLER_ID
from races.world import all_at_once
from reconciliation.no_refunds import NoRefunds
from reconciliation.scenes import DAY, NEXT_MORNING, Shop, make_shop

WORKERS = 8
FEBRUARY = date(2025, 2, 1)
LAST_OF_FEBRUARY = datetime(2025, 2, 28, 12, tzinfo=BEIJING)


@pytest.fixture
async def shop(committed_database: Committed, sealer: Sealer, clock: SteppedClock) -> Shop:
    return await make_shop(committed_database.settings, sealer, clock)


async def fees(shop: Shop) -> int:
    return await balance_of(shop.site.fund_id, AccountType.FEES)


async def test_many_workers_fetch_a_day_once_and_book_its_fee_once(shop: Shop) -> None:
    shop.bill(shop.listed(await shop.paid(), fee_fen=180), shop.listed(await shop.order(), out_trade_no="SHOP7"))
    now = shop.clock.move_to(NEXT_MORNING)
    await all_at_once(
        [lambda: reconcile_due_days(limit=5, services=shop.services, owners=shop.owners, refunds=NoRefunds(), now=now)]
        * WORKERS
    )
    assert (len(shop.alipay.fetched), await fees(shop), len(await shop.differences())) == (1, 180, 1)


async def test_even_those_who_have_fetched_the_same_bill_record_it_once(shop: Shop) -> None:
    shop.bill(shop.listed(await shop.paid(), fee_fen=180), shop.listed(await shop.order(), out_trade_no="SHOP7"))
    now = shop.clock.move_to(NEXT_MORNING)
    await open_days(now=now)
    bill, day_id = read_bill(shop.alipay.bills[DAY], seller_id=SELLER_ID, day=DAY), (await shop.day())["id"]
    await all_at_once([lambda: record_bill(day_id, bill, refunds=NoRefunds(), now=now)] * WORKERS)
    assert (await fees(shop), len(await shop.differences())) == (180, 1)
    assert len(await rows("SELECT id FROM bill_file")) == 1


async def test_a_difference_is_booked_by_one_of_many(shop: Shop) -> None:
    shop.bill(shop.listed(await shop.order(), out_trade_no="SHOP7"))
    await shop.reconcile()
    difference, bookkeeper, now = (
        (await shop.differences())[0]["id"],
        await shop.staff(Role.BOOKKEEPER),
        shop.clock.now(),
    )

    async def resolve() -> bool:
        try:
            await resolve_difference(difference, Resolution.BOOKED, "店里扫码付的", actor=bookkeeper, now=now)
        except Conflict:
            return False
        return True

    assert sum(await all_at_once([resolve] * WORKERS)) == 1
    assert await balance_of(shop.site.fund_id, AccountType.ALIPAY) == 30_000


async def test_an_entry_is_in_the_month_before_it_closes_or_not_at_all(
    shop: Shop, committed_database: Committed
) -> None:
    """The entry holds the charity's row until it commits; who closes waits, and then counts it."""
    bookkeeper, finance = await shop.staff(Role.BOOKKEEPER), await shop.staff(Role.FINANCE)
    now, charity_id = shop.clock.now(), shop.site.charity_id
    await propose_closing(charity_id, FEBRUARY, actor=bookkeeper, now=now)
    booked, go_on = asyncio.Event(), asyncio.Event()

    async def book() -> None:
        async with in_transaction():
            await book_adjustment(
                shop.site.fund_id, 100, Source("test", 1), occurred_at=LAST_OF_FEBRUARY, now=LAST_OF_FEBRUARY
            )
            booked.set()
            await go_on.wait()

    booking = asyncio.create_task(book())
    await booked.wait()
    closing = asyncio.create_task(close_month(charity_id, FEBRUARY, actor=finance, now=now))
    while not await rows("SELECT 1 FROM pg_locks WHERE NOT granted"):
        assert not closing.done()
    go_on.set()
    await booking
    # The entry that it waited for is not chained yet, so the month does not close over it.
    with pytest.raises(Conflict, match="连上账链"):
        await closing
    await shop.chained()
    await close_month(charity_id, FEBRUARY, actor=finance, now=now)
    assert (await rows("SELECT entries FROM month_closing"))[0]["entries"] == 1
    with pytest.raises(Exception, match="is closed"):
        await book_adjustment(
            shop.site.fund_id, 100, Source("test", 2), occurred_at=LAST_OF_FEBRUARY, now=LAST_OF_FEBRUARY
        )
    await without_the_guard(committed_database)
    async with in_transaction():
        await book_adjustment(
            shop.site.fund_id, 100, Source("test", 2), occurred_at=LAST_OF_FEBRUARY, now=LAST_OF_FEBRUARY
        )
    assert (await rows("SELECT count(*) AS n FROM ledger_entry"))[0]["n"] == 2


async def without_the_guard(committed: Committed) -> None:
    """Positive control: what the trigger refuses goes through without it."""
    connection = await asyncpg.connect(**credentials(committed.settings.database_url))
    await connection.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_month_open")
    await connection.close()
