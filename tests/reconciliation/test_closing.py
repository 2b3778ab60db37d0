"""A month is closed by two people when nothing is open in it, and from then on nothing can be booked in it."""

import csv
import io
from datetime import date, datetime, timedelta

import pytest
from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import BEIJING, SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, Forbidden
from cishan.ledger.actions import Source, book_adjustment
from cishan.ledger.states import AccountType
from cishan.reconciliation.closing import close_month, propose_closing
from cishan.reconciliation.rules import MonthFacts, obstacles
from cishan.reconciliation.vouchers import account_codes, as_csv, as_workbook, vouchers_of
from cishan.sealing import Sealer
from cishan.settings import Settings
from reconciliation.scenes import NEXT_MORNING, Shop, make_shop

MARCH = date(2025, 3, 1)
APRIL_2 = datetime(2025, 4, 4, 10, tzinfo=BEIJING)


@pytest.fixture
async def shop(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Shop:
    return await make_shop(transaction, sealer, clock)


async def ready_month(shop: Shop) -> tuple[Viewer, Viewer]:
    """March with one gift, every day of it reconciled; the bookkeeper and the approver."""
    bookkeeper, finance = await shop.staff(Role.BOOKKEEPER), await shop.staff(Role.FINANCE)
    shop.bill(shop.listed(await shop.paid(), fee_fen=180))
    await shop.reconcile(NEXT_MORNING)
    await shop.chained()
    await shop.reconcile(APRIL_2)
    return bookkeeper, finance


async def closed_march(shop: Shop) -> None:
    bookkeeper, finance = await ready_month(shop)
    now = shop.clock.now()
    await propose_closing(shop.site.charity_id, MARCH, actor=bookkeeper, now=now)
    await close_month(shop.site.charity_id, MARCH, actor=finance, now=now)


async def book(shop: Shop, booked_at: datetime) -> None:
    await book_adjustment(shop.site.fund_id, 100, Source("test", 1), occurred_at=booked_at, now=booked_at)


async def test_two_people_close_a_month_whose_days_all_agree(shop: Shop) -> None:
    await closed_march(shop)
    (row,) = await rows("SELECT * FROM month_closing")
    assert (row["month"], row["entries"]) == (MARCH, 2)
    assert row["closed_by_id"] != row["proposed_by_id"]


async def test_nothing_is_booked_in_a_closed_month_or_before_it(shop: Shop) -> None:
    await closed_march(shop)
    for instant in (datetime(2025, 3, 31, 23, 59, 59, tzinfo=BEIJING), datetime(2025, 2, 1, tzinfo=BEIJING)):
        with pytest.raises(Exception, match="is closed"):
            async with in_transaction():
                await book(shop, instant)


async def test_what_concerns_a_closed_month_is_booked_in_the_open_one(shop: Shop) -> None:
    await closed_march(shop)
    await book(shop, datetime(2025, 4, 1, tzinfo=BEIJING))
    assert (await rows("SELECT count(*) AS n FROM ledger_entry WHERE kind = 'adjustment'"))[0]["n"] == 1


async def test_a_closed_month_stays_closed(shop: Shop) -> None:
    await closed_march(shop)
    with pytest.raises(Exception, match="stays so"):
        async with in_transaction():
            await rows("UPDATE month_closing SET closed_at = NULL, closed_by_id = NULL, entries = NULL")
    found = await rows("SELECT has_table_privilege('month_closing', 'DELETE') AS may")
    assert not found[0]["may"]


async def test_who_proposes_does_not_close_and_who_closes_does_not_propose(shop: Shop) -> None:
    bookkeeper, finance = await ready_month(shop)
    now, charity_id = shop.clock.now(), shop.site.charity_id
    with pytest.raises(Forbidden):
        await propose_closing(charity_id, MARCH, actor=finance, now=now)
    with pytest.raises(Conflict):
        await close_month(charity_id, MARCH, actor=finance, now=now)
    await propose_closing(charity_id, MARCH, actor=bookkeeper, now=now)
    with pytest.raises(Forbidden):
        await close_month(charity_id, MARCH, actor=bookkeeper, now=now)
    await close_month(charity_id, MARCH, actor=finance, now=now)
    with pytest.raises(Conflict):
        await close_month(charity_id, MARCH, actor=finance, now=now)


async def test_an_open_difference_keeps_a_month_open(shop: Shop) -> None:
    bookkeeper = await shop.staff(Role.BOOKKEEPER)
    await shop.paid()
    shop.bill()
    await shop.reconcile(NEXT_MORNING)
    await shop.chained()
    await shop.reconcile(APRIL_2)
    with pytest.raises(Conflict, match="1 处差异"):
        await propose_closing(shop.site.charity_id, MARCH, actor=bookkeeper, now=shop.clock.now())


async def test_days_without_a_bill_keep_a_month_open(shop: Shop) -> None:
    bookkeeper = await shop.staff(Role.BOOKKEEPER)
    shop.bill(shop.listed(await shop.paid()))
    shop.clock.move_to(APRIL_2)
    with pytest.raises(Conflict, match="1 天还没有"):
        await propose_closing(shop.site.charity_id, MARCH, actor=bookkeeper, now=shop.clock.now())


NOTHING = MonthFacts(MARCH, 0, 0, 0, 0, 0, False, False)
FIRST_OF_APRIL = datetime(2025, 4, 1, tzinfo=BEIJING)


def test_a_month_that_is_over_and_has_nothing_open_can_be_closed() -> None:
    assert obstacles(NOTHING, FIRST_OF_APRIL) == ()
    assert len(obstacles(NOTHING, FIRST_OF_APRIL - timedelta(seconds=1))) == 1


@pytest.mark.parametrize(
    "field",
    ["days_missing", "differences_open", "bank_lines_open", "entries_unchained", "trial_balance_fen", "earlier_open"],
)
def test_each_obstacle_has_its_sentence(field: str) -> None:
    facts = MonthFacts(**{**NOTHING.__dict__, field: 1})
    assert len(obstacles(facts, FIRST_OF_APRIL)) == 1


async def test_the_vouchers_of_a_month_balance_and_name_the_accounts_of_the_law(shop: Shop) -> None:
    await ready_month(shop)
    vouchers = await vouchers_of(shop.site.charity_id, MARCH)
    assert vouchers.debit_fen == vouchers.credit_fen == 30_180
    table = list(csv.reader(io.StringIO(as_csv(vouchers).decode("utf-8-sig"))))
    assert [row[3] for row in table[1:-1]] == ["1009", "4101", "5301", "1009"]
    assert table[-1][-2:] == ["301.80", "301.80"]
    assert as_workbook(vouchers).startswith(b"PK")


async def test_from_2026_on_the_vouchers_say_that_the_codes_are_to_be_checked(shop: Shop) -> None:
    vouchers = await vouchers_of(shop.site.charity_id, date(2026, 1, 1))
    assert "财会〔2024〕25号" in as_csv(vouchers).decode("utf-8-sig")


def test_every_account_of_ours_has_its_code_at_any_time() -> None:
    for day in (date(2025, 1, 1), date(2026, 11, 1)):
        assert {account.value for account in AccountType} <= set(account_codes(day))
