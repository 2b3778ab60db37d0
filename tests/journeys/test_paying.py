"""A donor claims and pays; whatever happens on the way, the money and the wish end where they should."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

import makers
from cishan.claims.actions import lapse_due_claims
from cishan.claims.models import Claim
from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.payments.models import Order
from cishan.payments.sandbox.faults import Fault
from cishan.payments.states import OrderStatus
from cishan.sealing import Sealer
from cishan.wishes.models import Wish
from cishan.wishes.states import WishStatus
from conftest import Committed
from journeys.counter import Counter, open_counter


@pytest.fixture
async def counter(committed_database: Committed, clock: SteppedClock, sealer: Sealer) -> AsyncIterator[Counter]:
    async with open_counter(committed_database.settings, clock, sealer) as opened:
        yield opened


@pytest.fixture
async def wish(counter: Counter) -> Wish:
    return await makers.make_published_wish(sealer=counter.sealer, now=counter.clock.now())


async def state_of(wish: Wish) -> tuple[ClaimStatus, WishStatus, OrderStatus]:
    claim = await Claim.filter(wish_id=wish.id).order_by("-id").first()
    order = await Order.filter(lines__owner_id=claim.id).order_by("-id").first() if claim else None
    assert claim is not None
    assert order is not None
    return claim.status, (await Wish.get(id=wish.id)).status, order.status


async def booked_fen() -> dict[str, int]:
    found = await rows(
        "SELECT a.type, sum(p.amount_fen)::bigint AS fen FROM ledger_posting p "
        "JOIN ledger_account a ON a.id = p.account_id GROUP BY a.type"
    )
    return {row["type"]: row["fen"] for row in found}


PAID = (ClaimStatus.PAID, WishStatus.CLAIMED, OrderStatus.PAID)


async def test_paying_by_notice_books_the_gift_and_shows_its_path(counter: Counter, wish: Wish) -> None:
    _, browser = await counter.donor()
    cashier = await counter.open_cashier(browser, await counter.claim(browser, wish.id))
    assert "300.00" in cashier.text
    await counter.press(cashier, "pay")
    assert await counter.deliver_notices() == 1
    assert await state_of(wish) == PAID
    assert await booked_fen() == {"alipay": 30_000, "fund": -30_000}
    claim = await Claim.get(wish_id=wish.id)
    page = await browser.get(f"/me/claims/{claim.id}")
    assert "收到您的捐款 300 元" in page.text


async def test_coming_back_settles_before_any_notice(counter: Counter, wish: Wish) -> None:
    _, browser = await counter.donor()
    cashier = await counter.open_cashier(browser, await counter.claim(browser, wish.id))
    paid = await counter.press(cashier, "pay")
    answer = await browser.get(paid.headers["location"])
    assert answer.headers["location"].startswith("/me/claims/")
    assert await state_of(wish) == PAID


async def test_a_payment_whose_notice_is_lost_is_found_by_asking(
    committed_database: Committed, clock: SteppedClock, sealer: Sealer
) -> None:
    async with open_counter(committed_database.settings, clock, sealer, faults=frozenset({Fault.DROP})) as counter:
        wish = await makers.make_published_wish(sealer=sealer, now=clock.now())
        _, browser = await counter.donor()
        cashier = await counter.open_cashier(browser, await counter.claim(browser, wish.id))
        await counter.press(cashier, "pay")
        await counter.deliver_notices()
        assert (await state_of(wish))[0] is ClaimStatus.RESERVED
        counter.step(minutes=1)
        assert await counter.poll() == 1
        assert await state_of(wish) == PAID


async def test_while_the_gateway_is_away_the_order_is_unknown_and_nothing_is_lost(
    committed_database: Committed, clock: SteppedClock, sealer: Sealer
) -> None:
    async with open_counter(committed_database.settings, clock, sealer, faults=frozenset({Fault.DROP})) as counter:
        wish = await makers.make_published_wish(sealer=sealer, now=clock.now())
        _, browser = await counter.donor()
        cashier = await counter.open_cashier(browser, await counter.claim(browser, wish.id))
        await counter.press(cashier, "pay")
        number = (await Order.first()).out_trade_no  # type: ignore[union-attr]
        counter.sandbox.sandbox.set_faults(number, frozenset({Fault.DROP, Fault.SERVER_ERROR}))
        counter.step(minutes=1)
        await counter.poll()
        order = await Order.get(out_trade_no=number)
        assert order.status is OrderStatus.PENDING
        assert order.unknown_since == clock.now()
        counter.sandbox.sandbox.set_faults(number, frozenset({Fault.DROP}))
        counter.step(minutes=3)
        await counter.poll()
        assert await state_of(wish) == PAID


async def test_declining_and_leaving_keep_the_wish_until_time_runs_out(counter: Counter, wish: Wish) -> None:
    _, browser = await counter.donor()
    cashier = await counter.open_cashier(browser, await counter.claim(browser, wish.id))
    await counter.press(cashier, "decline")
    await counter.press(cashier, "leave")
    counter.step(minutes=31)
    await counter.poll()
    assert (await state_of(wish))[2] is OrderStatus.CLOSED
    claim = await Claim.get(wish_id=wish.id)
    assert claim.due_at is not None
    for offset, lapsed in ((-1, 0), (0, 1)):
        counter.clock.move_to(claim.due_at + timedelta(seconds=offset))
        assert await lapse_due_claims(limit=10, sealer=counter.sealer, now=counter.clock.now()) == lapsed
    assert await state_of(wish) == (ClaimStatus.LAPSED, WishStatus.PUBLISHED, OrderStatus.CLOSED)


async def test_money_that_comes_after_the_claim_lapsed_takes_the_wish_again_when_it_is_free(
    counter: Counter, wish: Wish
) -> None:
    _, browser = await counter.donor()
    cashier = await counter.open_cashier(browser, await counter.claim(browser, wish.id))
    await counter.press(cashier, "pay")
    counter.step(minutes=40)
    await lapse_due_claims(limit=10, sealer=counter.sealer, now=counter.clock.now())
    assert (await Wish.get(id=wish.id)).status is WishStatus.PUBLISHED
    await counter.deliver_notices()
    assert await state_of(wish) == PAID
    assert await booked_fen() == {"alipay": 30_000, "fund": -30_000}


async def test_money_that_comes_when_somebody_else_has_the_wish_is_kept_for_its_donor(
    counter: Counter, wish: Wish
) -> None:
    donor, browser = await counter.donor()
    cashier = await counter.open_cashier(browser, await counter.claim(browser, wish.id))
    await counter.press(cashier, "pay")
    counter.step(minutes=40)
    await lapse_due_claims(limit=10, sealer=counter.sealer, now=counter.clock.now())
    _, other = await counter.donor()
    await counter.claim(other, wish.id)
    await counter.deliver_notices()
    assert await booked_fen() == {"alipay": 30_000, "unassigned": -30_000}
    kept = await rows("SELECT donor_id, reason FROM unassigned_money")
    assert kept == [{"donor_id": donor.account_id, "reason": "late"}]


async def test_paying_two_orders_of_one_claim_keeps_the_second_apart(counter: Counter, wish: Wish) -> None:
    _, browser = await counter.donor()
    path = await counter.claim(browser, wish.id)
    first = await counter.open_cashier(browser, path)
    await browser.post(path.replace("/pay", "/pay-anew"), data={"form_key": "k" * 20})
    second = await counter.open_cashier(browser, path)
    await counter.press(first, "pay")
    await counter.press(second, "pay")
    await counter.deliver_notices()
    assert await booked_fen() == {"alipay": 60_000, "fund": -30_000, "unassigned": -30_000}
    assert [row["reason"] for row in await rows("SELECT reason FROM unassigned_money")] == ["duplicate"]


async def test_cancelling_puts_the_wish_back_on_the_wall(counter: Counter, wish: Wish) -> None:
    _, browser = await counter.donor()
    path = (await counter.claim(browser, wish.id)).removesuffix("/pay")
    cancelled = await browser.post(f"{path}/cancel", data={"form_key": "k" * 20})
    assert cancelled.status_code == 303
    assert (await Wish.get(id=wish.id)).status is WishStatus.PUBLISHED
    assert "没有扣您的钱" in (await browser.get(path)).text


async def test_a_strangers_gift_is_not_there(counter: Counter, wish: Wish) -> None:
    _, browser = await counter.donor()
    path = (await counter.claim(browser, wish.id)).removesuffix("/pay")
    _, stranger = await counter.donor()
    for address in (path, f"{path}/pay"):
        assert (await stranger.get(address)).status_code == 404
    refused = await stranger.post(f"{path}/cancel", data={"form_key": "k" * 20})
    assert refused.status_code == 404


async def test_a_fourth_wish_at_once_is_refused(counter: Counter) -> None:
    _, browser = await counter.donor()
    people = await makers.make_wish_people(sealer=counter.sealer, now=counter.clock.now())
    for number in range(4):
        wish = await makers.make_published_wish(sealer=counter.sealer, now=counter.clock.now(), people=people)
        answer = await browser.post(
            f"/wishes/{wish.id}/claim", data={"way": "bring", "form_key": f"key-of-a-form-no-{number}"}
        )
        assert answer.status_code == (303 if number < 3 else 429)
    assert (await Wish.get(id=wish.id)).status is WishStatus.PUBLISHED
