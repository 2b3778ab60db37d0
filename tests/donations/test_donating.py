"""A donation is received once, by its fund, while the fund takes money; its fund's total follows."""

from datetime import timedelta

import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.donations.actions import lapse_due_donations
from cishan.donations.totals import Total, total_of
from cishan.errors import Conflict, InvalidInput
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.payments.states import LateChoice, UnassignedReason
from cishan.sealing import Sealer
from conftest import browser_for
from donations.donation_makers import pay, pledge
from payments.order_makers import make_site

GIVEN_FEN = 10_000
CLOSES_IN = timedelta(hours=1)
BOUND = "UPDATE fund SET takes_from = $2, takes_until = $3, cap_fen = $4 WHERE id = $1"


@pytest.fixture
async def site(transaction: object, clock: SteppedClock) -> Site:
    return await make_site(clock.now())


@pytest.fixture
async def donor(site: Site, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_donor(sealer=sealer, now=clock.now())


async def unassigned() -> list[tuple[str, int]]:
    return [(row["reason"], row["amount_fen"]) for row in await rows("SELECT reason, amount_fen FROM unassigned_money")]


async def test_a_donation_is_booked_to_its_fund_and_counted_once(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    pledged = await pledge(site.fund_id, GIVEN_FEN, donor=donor, now=clock.now())
    assert await total_of(site.fund_id) == Total(0, 0)
    for _ in range(3):
        await pay(pledged, sealer=sealer, now=clock.now())
    assert await total_of(site.fund_id) == Total(GIVEN_FEN, 1)
    assert await balance_of(site.fund_id, AccountType.FUND) == -GIVEN_FEN


async def test_a_fund_that_is_not_open_yet_takes_no_donation(site: Site, donor: Viewer, clock: SteppedClock) -> None:
    await rows(BOUND, site.fund_id, clock.now() + timedelta(minutes=1), None, None)
    with pytest.raises(Conflict, match="还没有开始"):
        await pledge(site.fund_id, GIVEN_FEN, donor=donor, now=clock.now())


@pytest.mark.parametrize(
    ("paid_after", "taken"),
    [(CLOSES_IN - timedelta(seconds=1), True), (CLOSES_IN, False), (CLOSES_IN + timedelta(seconds=1), False)],
)
async def test_money_paid_before_the_end_minute_is_taken_whenever_we_hear_of_it(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock, paid_after: timedelta, taken: bool
) -> None:
    await rows(BOUND, site.fund_id, None, clock.now() + CLOSES_IN, None)
    pledged = await pledge(site.fund_id, GIVEN_FEN, donor=donor, now=clock.now())
    await pay(pledged, sealer=sealer, now=clock.now() + timedelta(days=1), paid_at=clock.now() + paid_after)
    assert (await total_of(site.fund_id)).given_fen == (GIVEN_FEN if taken else 0)
    assert await unassigned() == ([] if taken else [(UnassignedReason.LATE.value, GIVEN_FEN)])


@pytest.mark.parametrize(("given_fen", "taken"), [(4_999, True), (5_000, True), (5_001, False)])
async def test_nothing_is_taken_beyond_a_target_that_stops(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock, given_fen: int, taken: bool
) -> None:
    await rows(BOUND, site.fund_id, None, None, 15_000)
    pledged = [await pledge(site.fund_id, fen, donor=donor, now=clock.now()) for fen in (GIVEN_FEN, given_fen)]
    for one in pledged:
        await pay(one, sealer=sealer, now=clock.now())
    assert (await total_of(site.fund_id)).given_fen == GIVEN_FEN + (given_fen if taken else 0)
    assert await unassigned() == ([] if taken else [(UnassignedReason.SURPLUS.value, given_fen)])


@pytest.mark.parametrize(("given_fen", "allowed"), [(4_999, True), (5_000, True), (5_001, False)])
async def test_what_a_stopping_target_has_no_room_for_is_refused_before_paying(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock, given_fen: int, allowed: bool
) -> None:
    await rows(BOUND, site.fund_id, None, None, 15_000)
    await pay(await pledge(site.fund_id, GIVEN_FEN, donor=donor, now=clock.now()), sealer=sealer, now=clock.now())
    if allowed:
        await pledge(site.fund_id, given_fen, donor=donor, now=clock.now())
        return
    with pytest.raises(InvalidInput, match="还差 50"):
        await pledge(site.fund_id, given_fen, donor=donor, now=clock.now())


async def test_a_target_that_is_reached_takes_nothing_more(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    await rows(BOUND, site.fund_id, None, None, GIVEN_FEN)
    await pay(await pledge(site.fund_id, GIVEN_FEN, donor=donor, now=clock.now()), sealer=sealer, now=clock.now())
    with pytest.raises(Conflict, match="已经筹够"):
        await pledge(site.fund_id, 100, donor=donor, now=clock.now())


async def test_what_comes_too_late_for_a_campaign_can_only_go_back(
    site: Site, donor: Viewer, clock: SteppedClock
) -> None:
    await rows(BOUND, site.fund_id, None, clock.now() + CLOSES_IN, None)
    with pytest.raises(InvalidInput, match="只能原路退回"):
        await pledge(site.fund_id, GIVEN_FEN, donor=donor, now=clock.now(), late_choice=LateChoice.FUND)


async def test_a_donation_whose_money_came_too_late_says_so_and_waits_no_longer(
    app: Starlette, site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    given = await pledge(site.fund_id, 5_600, donor=donor, now=clock.now())
    await rows(BOUND, site.fund_id, None, clock.now(), None)
    await pay(given, sealer=sealer, now=clock.now(), paid_at=clock.advance(timedelta(minutes=1)))
    assert await rows("SELECT status FROM donation") == [{"status": "pledged"}]
    async with browser_for(app) as browser:
        await makers.signed_in(browser, donor, now=clock.now())
        page = (await browser.get(f"/me/donations/{given.donation_id}")).text
        assert "没有收下" in page
        assert "正在按您付款前选的办理" in page
        assert "等您付款" not in page
    assert await lapse_due_donations(limit=10, sealer=sealer, now=clock.now()) == 1
