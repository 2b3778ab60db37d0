"""Each day's bill is fetched, kept and compared; what Alipay lists and we lack comes in through the one door."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.reconciliation.fetching import open_days
from cishan.reconciliation.ports import OwnRefund
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.settings import Settings
from reconciliation.bill_makers import bill_zip
from reconciliation.scenes import DAY, NEXT_MORNING, Shop, make_shop, minutes

DAYS = timedelta(days=1)


@pytest.fixture
async def shop(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Shop:
    return await make_shop(transaction, sealer, clock)


async def test_a_day_whose_bill_says_what_our_books_say_agrees(shop: Shop) -> None:
    shop.bill(shop.listed(await shop.paid()), shop.listed(await shop.paid()))
    await shop.reconcile()
    day = await shop.day()
    assert (day["status"], await shop.differences()) == ("agreed", [])
    assert (await rows("SELECT count(*) AS n FROM bill_row"))[0]["n"] == 2


async def test_the_fee_is_booked_once_however_often_the_bill_is_fetched(shop: Shop) -> None:
    shop.bill(shop.listed(await shop.paid(), fee_fen=180))
    await shop.reconcile()
    await shop.reconcile(NEXT_MORNING + DAYS)
    assert await balance_of(shop.site.fund_id, AccountType.FEES) == 180
    assert await balance_of(shop.site.fund_id, AccountType.ALIPAY) == 30_000 - 180


async def test_a_late_bill_books_only_what_its_fee_has_become_more(shop: Shop) -> None:
    order, late = await shop.paid(), await shop.paid()
    shop.bill(shop.listed(order, fee_fen=180))
    await shop.reconcile()
    assert (await shop.day())["status"] == "different"
    shop.bill(shop.listed(order, fee_fen=180), shop.listed(late, fee_fen=20))
    await shop.reconcile(NEXT_MORNING + timedelta(hours=1))
    assert ((await shop.day())["status"], (await shop.differences())[0]["resolution"]) == ("agreed", "agrees_now")
    assert await balance_of(shop.site.fund_id, AccountType.FEES) == 200
    assert (await rows("SELECT count(*) AS n FROM bill_file"))[0]["n"] == 2


async def test_before_half_past_nine_no_bill_is_asked_for(shop: Shop) -> None:
    shop.bill(shop.listed(await shop.paid()))
    await shop.reconcile(NEXT_MORNING - minutes(2))
    assert await rows("SELECT id FROM bill_day") == []
    assert shop.alipay.fetched == []


async def test_no_day_is_skipped(shop: Shop) -> None:
    await shop.order()
    shop.clock.move_to(NEXT_MORNING + 4 * DAYS)
    assert await open_days(now=shop.clock.now()) == 5
    assert await open_days(now=shop.clock.now()) == 0
    found = [row["day"] for row in await rows("SELECT day FROM bill_day ORDER BY day")]
    assert found == [DAY + number * DAYS for number in range(5)]


async def test_money_whose_notice_was_lost_comes_in_by_the_bill(shop: Shop) -> None:
    order = await shop.order()
    shop.knows(order)
    shop.bill(shop.listed(order))
    await shop.reconcile()
    assert ((await shop.day())["status"], await shop.differences()) == ("agreed", [])
    assert await balance_of(shop.site.fund_id, AccountType.ALIPAY) == 30_000
    event = await rows("SELECT detail FROM event WHERE subject_kind = 'order' AND verb = 'receive'")
    assert '"bill"' in str(event[0]["detail"]).replace("'", '"')


async def test_a_bill_is_not_believed_against_what_the_gateway_says(shop: Shop) -> None:
    order = await shop.order()
    shop.bill(shop.listed(order))
    await shop.reconcile()
    (difference,) = await shop.differences()
    assert (difference["kind"], difference["ours_fen"], difference["theirs_fen"]) == ("missing_here", 0, 30_000)
    assert await rows("SELECT id FROM ledger_entry WHERE kind = 'gift'") == []


async def test_what_only_one_side_has_or_has_otherwise_is_a_difference_each(shop: Shop) -> None:
    lost, less, strange = await shop.paid(), await shop.paid(), await shop.order()
    shop.bill(shop.listed(less, received_fen=29_900), shop.listed(strange, out_trade_no="SHOP7", trade_no="T7"))
    await shop.reconcile()
    found = {(one["kind"], one["out_trade_no"], one["ours_fen"], one["theirs_fen"]) for one in await shop.differences()}
    assert found == {
        ("missing_there", lost.out_trade_no, 30_000, 0),
        ("amount", less.out_trade_no, 30_000, 29_900),
        ("missing_here", "SHOP7", 0, 30_000),
    }
    assert all(one["due_at"] > shop.clock.now() for one in await shop.differences())


async def test_a_payment_at_midnight_may_be_in_the_bill_of_the_next_day(shop: Shop) -> None:
    order = await shop.paid()
    shop.bill()
    shop.bill(shop.listed(order, at="2025-03-04 00:00:03"), day=DAY + DAYS)
    await shop.reconcile()
    assert (await shop.day())["status"] == "different"
    await shop.reconcile(NEXT_MORNING + DAYS)
    assert ((await shop.day())["status"], (await shop.day(DAY + DAYS))["status"]) == ("agreed", "agreed")


async def test_an_empty_day_without_a_bill_agrees_after_three_days(shop: Shop) -> None:
    await shop.order()
    await shop.reconcile()
    assert ((await shop.day())["status"], (await shop.day())["problem"]) == ("waiting", "not_there")
    await shop.reconcile(NEXT_MORNING + 3 * DAYS)
    assert (await shop.day())["status"] == "agreed"


async def test_a_day_with_money_and_never_a_bill_is_different(shop: Shop) -> None:
    await shop.paid()
    await shop.reconcile(NEXT_MORNING + 3 * DAYS)
    assert ((await shop.day())["status"], (await shop.differences())[0]["kind"]) == ("different", "missing_there")


async def test_a_gateway_that_is_away_is_asked_again_in_ten_minutes(shop: Shop) -> None:
    shop.bill(shop.listed(await shop.paid()))
    shop.alipay.away = True
    await shop.reconcile()
    day = await shop.day()
    assert (day["status"], day["problem"]) == ("waiting", "gateway_away")
    assert day["next_try_at"] == shop.clock.now() + minutes(10)
    shop.alipay.away = False
    await shop.reconcile(NEXT_MORNING + minutes(11))
    assert ((await shop.day())["status"], (await shop.day())["problem"]) == ("agreed", "")


@pytest.mark.parametrize(
    ("data", "problem"),
    [(bill_zip([], DAY)[:-30], "not_a_zip"), (bill_zip([], DAY + DAYS), "wrong_day"), (b"busy", "not_a_zip")],
)
async def test_a_file_that_is_not_the_days_bill_leaves_it_waiting(shop: Shop, data: bytes, problem: str) -> None:
    await shop.paid()
    shop.alipay.bills[DAY] = data
    await shop.reconcile()
    day = await shop.day()
    assert (day["status"], day["problem"], await rows("SELECT id FROM bill_file")) == ("waiting", problem, [])
    assert day["next_try_at"] > shop.clock.now()


async def test_one_days_fault_leaves_the_others_theirs(shop: Shop) -> None:
    shop.bill(shop.listed(await shop.paid()), day=DAY)
    shop.alipay.bills[DAY + DAYS] = b"busy"
    await shop.reconcile(NEXT_MORNING + DAYS)
    assert ((await shop.day())["status"], (await shop.day(DAY + DAYS))["status"]) == ("agreed", "waiting")


@dataclass
class KeptRefunds:
    """Refunds that somebody keeps; `heard` are those that were looked into."""

    made: list[OwnRefund] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    async def made_between(self, charity_id: int, start: object, end: object) -> list[OwnRefund]:
        return self.made

    async def with_numbers(self, charity_id: int, request_nos: object) -> list[OwnRefund]:
        return self.made

    async def hear(
        self, out_trade_no: str, request_no: str, refunded_fen: int, *, services: Services, now: object
    ) -> bool:
        self.heard.append(request_no)
        self.made.append(OwnRefund(f"T{out_trade_no}", out_trade_no, request_no, refunded_fen))
        return True


async def test_refunds_are_compared_by_their_own_number(shop: Shop) -> None:
    order = await shop.paid()
    shop.refunds = kept = KeptRefunds([OwnRefund(f"T{order.out_trade_no}", order.out_trade_no, "R1", 1_250)])
    shop.bill(shop.listed(order), shop.listed(order, request_no="R1", amount_fen=1_250))
    await shop.reconcile()
    assert ((await shop.day())["status"], kept.heard) == ("agreed", [])


async def test_a_refund_made_elsewhere_is_looked_into(shop: Shop) -> None:
    order = await shop.paid()
    shop.refunds = kept = KeptRefunds()
    shop.bill(shop.listed(order), shop.listed(order, request_no="CONSOLE1", amount_fen=1_250))
    await shop.reconcile()
    assert ((await shop.day())["status"], kept.heard) == ("agreed", ["CONSOLE1"])


async def test_without_anybody_who_keeps_refunds_each_is_a_difference(shop: Shop) -> None:
    order = await shop.paid()
    shop.bill(shop.listed(order), shop.listed(order, request_no="R1", amount_fen=1_250))
    await shop.reconcile()
    (difference,) = await shop.differences()
    assert (difference["row_kind"], difference["ours_fen"], difference["theirs_fen"]) == ("refund", 0, -1_250)


async def test_a_kept_bill_can_be_neither_changed_nor_deleted(shop: Shop) -> None:
    shop.bill(shop.listed(await shop.paid()))
    await shop.reconcile()
    found = await rows(
        "SELECT has_table_privilege('bill_row', 'UPDATE') AS u, has_table_privilege('bill_row', 'DELETE') AS d, "
        "has_table_privilege('bill_file', 'DELETE') AS f, has_table_privilege('bill_difference', 'DELETE') AS x"
    )
    assert set(found[0].values()) == {False}
