"""Nothing that differs disappears: it is booked or explained by a person, and by two where money would be missing."""

import pytest

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.models import Fund
from cishan.charities.states import FundKind
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, IllegalMove, InvalidInput
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.reconciliation.resolving import (
    agree_to_difference,
    decline_difference,
    resolve_difference,
    take_difference,
)
from cishan.reconciliation.states import DifferenceStatus, Resolution
from cishan.sealing import Sealer
from cishan.settings import Settings
from reconciliation.scenes import NEXT_MORNING, Shop, make_shop, minutes

WHY = "店里扫码付的，不是我们的订单"


@pytest.fixture
async def shop(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Shop:
    return await make_shop(transaction, sealer, clock)


@pytest.fixture
async def bookkeeper(shop: Shop) -> Viewer:
    return await shop.staff(Role.BOOKKEEPER)


@pytest.fixture
async def finance(shop: Shop) -> Viewer:
    return await shop.staff(Role.FINANCE)


async def with_more_there(shop: Shop) -> int:
    """The bill has 300 yuan that our books lack."""
    order = await shop.order()
    shop.bill(shop.listed(order, out_trade_no="SHOP7"))
    await shop.reconcile()
    return int((await shop.differences())[0]["id"])


async def with_less_there(shop: Shop) -> int:
    """The bill lacks 300 yuan that our books have."""
    await shop.paid()
    shop.bill()
    await shop.reconcile()
    return int((await shop.differences())[0]["id"])


async def alipay_balance(shop: Shop) -> int:
    return await balance_of(shop.site.fund_id, AccountType.ALIPAY)


async def test_money_that_only_the_bill_has_is_booked_by_one_person(shop: Shop, bookkeeper: Viewer) -> None:
    difference = await with_more_there(shop)
    await resolve_difference(difference, Resolution.BOOKED, WHY, actor=bookkeeper, now=shop.clock.now())
    assert await alipay_balance(shop) == 30_000
    assert (await shop.day())["status"] == "cleared"


async def test_money_that_only_we_have_is_written_off_by_two_people(
    shop: Shop, bookkeeper: Viewer, finance: Viewer
) -> None:
    difference = await with_less_there(shop)
    found = await resolve_difference(difference, Resolution.BOOKED, WHY, actor=bookkeeper, now=shop.clock.now())
    assert (found, await alipay_balance(shop), (await shop.day())["status"]) == (
        DifferenceStatus.PROPOSED,
        30_000,
        "different",
    )
    await agree_to_difference(difference, actor=finance, now=shop.clock.now())
    assert (await alipay_balance(shop), (await shop.day())["status"]) == (0, "cleared")


async def test_a_reason_instead_of_a_booking_needs_two_people_too_where_money_is_missing(
    shop: Shop, bookkeeper: Viewer, finance: Viewer
) -> None:
    difference = await with_less_there(shop)
    await resolve_difference(difference, Resolution.EXPLAINED, WHY, actor=bookkeeper, now=shop.clock.now())
    assert (await shop.day())["status"] == "different"
    await agree_to_difference(difference, actor=finance, now=shop.clock.now())
    assert ((await shop.day())["status"], await alipay_balance(shop)) == ("cleared", 30_000)


async def test_what_is_declined_is_open_again(shop: Shop, bookkeeper: Viewer, finance: Viewer) -> None:
    difference = await with_less_there(shop)
    now = shop.clock.now()
    await resolve_difference(difference, Resolution.BOOKED, WHY, actor=bookkeeper, now=now)
    await decline_difference(difference, "请先问支付宝客服", actor=finance, now=now)
    (row,) = await shop.differences()
    assert (row["status"], row["proposed_by_id"], row["resolution"]) == ("open", None, None)
    assert await alipay_balance(shop) == 30_000


async def test_the_database_too_wants_two_people(shop: Shop, bookkeeper: Viewer) -> None:
    difference = await with_less_there(shop)
    with pytest.raises(Exception, match="ck_bill_difference_write_off"):
        await rows(
            "UPDATE bill_difference SET status = 'resolved', resolution = 'explained', resolved_by_id = $2, "
            "resolved_at = $3 WHERE id = $1",
            difference,
            bookkeeper.account_id,
            shop.clock.now(),
        )


@pytest.mark.parametrize("role", [Role.FINANCE, Role.CASHIER, Role.EDITOR])
async def test_only_the_bookkeeper_resolves(shop: Shop, role: Role) -> None:
    difference, other = await with_more_there(shop), await shop.staff(role)
    with pytest.raises(Forbidden):
        await resolve_difference(difference, Resolution.BOOKED, WHY, actor=other, now=shop.clock.now())
    with pytest.raises(Forbidden):
        await take_difference(difference, actor=other, now=shop.clock.now())


@pytest.mark.parametrize("role", [Role.BOOKKEEPER, Role.CASHIER])
async def test_only_finance_agrees(shop: Shop, bookkeeper: Viewer, role: Role) -> None:
    difference = await with_less_there(shop)
    await resolve_difference(difference, Resolution.BOOKED, WHY, actor=bookkeeper, now=shop.clock.now())
    with pytest.raises(Forbidden):
        await agree_to_difference(difference, actor=await shop.staff(role), now=shop.clock.now())


async def test_a_reason_that_says_nothing_is_refused(shop: Shop, bookkeeper: Viewer) -> None:
    difference = await with_more_there(shop)
    for reason in ("", "  ok ", "不" * 301):
        with pytest.raises(InvalidInput):
            await resolve_difference(difference, Resolution.EXPLAINED, reason, actor=bookkeeper, now=shop.clock.now())


async def test_a_difference_is_resolved_once(shop: Shop, bookkeeper: Viewer) -> None:
    difference = await with_more_there(shop)
    await resolve_difference(difference, Resolution.BOOKED, WHY, actor=bookkeeper, now=shop.clock.now())
    with pytest.raises(IllegalMove):
        await resolve_difference(difference, Resolution.BOOKED, WHY, actor=bookkeeper, now=shop.clock.now())
    with pytest.raises(Conflict):
        await take_difference(difference, actor=bookkeeper, now=shop.clock.now())
    assert await alipay_balance(shop) == 30_000


async def test_what_was_resolved_stays_so_when_the_day_is_compared_again(shop: Shop, bookkeeper: Viewer) -> None:
    difference = await with_more_there(shop)
    await resolve_difference(difference, Resolution.EXPLAINED, WHY, actor=bookkeeper, now=shop.clock.now())
    await shop.reconcile(NEXT_MORNING + minutes(24 * 60))
    assert ((await shop.differences())[0]["status"], (await shop.day())["status"]) == ("resolved", "cleared")


async def test_it_is_opened_anew_when_the_bill_changes_afterwards(shop: Shop, bookkeeper: Viewer) -> None:
    order = await shop.paid()
    shop.bill(shop.listed(order, received_fen=30_100))
    await shop.reconcile()
    difference = (await shop.differences())[0]["id"]
    await resolve_difference(difference, Resolution.BOOKED, WHY, actor=bookkeeper, now=shop.clock.now())
    shop.bill(shop.listed(order, received_fen=30_200))
    await shop.reconcile(NEXT_MORNING + minutes(60 * 24))
    first, second = await shop.differences()
    assert (first["status"], first["ours_fen"], first["theirs_fen"]) == ("resolved", 30_000, 30_100)
    assert (second["status"], second["ours_fen"], second["theirs_fen"]) == ("open", 30_100, 30_200)
    await resolve_difference(second["id"], Resolution.BOOKED, WHY, actor=bookkeeper, now=shop.clock.now())
    assert (await alipay_balance(shop), (await shop.day())["status"]) == (30_200, "cleared")


async def test_money_that_was_booked_from_the_bill_and_then_comes_in_by_itself_is_a_difference(
    shop: Shop, bookkeeper: Viewer
) -> None:
    order = await shop.order()
    shop.bill(shop.listed(order))
    await shop.reconcile()
    difference = (await shop.differences())[0]["id"]
    await resolve_difference(difference, Resolution.BOOKED, WHY, actor=bookkeeper, now=shop.clock.now())
    shop.knows(order)
    await shop.reconcile(NEXT_MORNING + minutes(60 * 24))
    second = (await shop.differences())[1]
    assert (second["kind"], second["ours_fen"], second["theirs_fen"]) == ("amount", 60_000, 30_000)


async def test_taking_a_difference_on_makes_one_its_owner(shop: Shop, bookkeeper: Viewer) -> None:
    difference = await with_more_there(shop)
    await take_difference(difference, actor=bookkeeper, now=shop.clock.now())
    assert (await shop.differences())[0]["owner_id"] == bookkeeper.account_id


async def test_what_a_bill_has_more_of_a_projects_order_is_the_projects(shop: Shop, bookkeeper: Viewer) -> None:
    fund = await Fund.create(
        charity_id=shop.site.charity_id,
        kind=FundKind.PROJECT,
        name="寒冬送暖",
        filing_number="53371400MJE0000011A25099",
        purpose="过冬",
        opened_on=beijing_day(shop.clock.now()),
    )
    order = await shop.paid()
    await rows(
        "UPDATE order_line SET fund_id = $2 WHERE order_id = (SELECT id FROM payment_order WHERE out_trade_no = $1)",
        order.out_trade_no,
        fund.id,
    )
    shop.bill(shop.listed(order, amount_fen=30_500))
    await shop.reconcile()
    difference = int((await shop.differences())[0]["id"])
    await resolve_difference(difference, Resolution.BOOKED, WHY, actor=bookkeeper, now=shop.clock.now())
    assert await balance_of(fund.id, AccountType.ALIPAY) == 500
