"""Large gifts say where they come from, split ones are joined, and their money rests until two people have looked."""

import asyncio
from datetime import timedelta

import pytest

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.claims.purchases import advance_money
from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.donations.actions import OWNER_KIND, DonationPayments
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.payments.states import LateChoice
from cishan.refunds.actions import part_key, start_refund, take_gift_back
from cishan.refunds.late_money import resolve_open_money
from cishan.refunds.neighbours import Neighbours
from cishan.refunds.queries import parts_of
from cishan.refunds.states import RefundReason
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.vigilance.actions import close_case, find_out, set_terms
from cishan.vigilance.states import CaseOutcome, GiftSource
from claim_makers import make_claim, make_team
from conftest import Committed
from donations.donation_makers import pay, pledge
from payments.order_makers import make_site

OVER_FEN = 100_000
DAY = timedelta(days=1)


@pytest.fixture
async def site(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Site:
    return await watched_site(sealer, clock)


async def watched_site(sealer: Sealer, clock: SteppedClock) -> Site:
    site = await make_site(clock.now())
    await set_terms(
        site.charity_id,
        OVER_FEN,
        valid_from=beijing_day(clock.now()),
        actor=await finance(sealer, clock),
        now=clock.now(),
    )
    return site


async def finance(sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_staff(Role.FINANCE, makers.CITY, sealer=sealer, now=clock.now())


@pytest.fixture
async def donor(site: Site, sealer: Sealer, clock: SteppedClock) -> Viewer:
    return await makers.make_donor(sealer=sealer, now=clock.now())


async def cases() -> int:
    found: int = (await rows("SELECT count(*) AS n FROM watch_case"))[0]["n"]
    return found


@pytest.mark.parametrize(("amount_fen", "asked"), [(OVER_FEN - 1, False), (OVER_FEN, False), (OVER_FEN + 1, True)])
async def test_only_more_than_the_figure_is_asked_about(
    site: Site, donor: Viewer, clock: SteppedClock, amount_fen: int, asked: bool
) -> None:
    if asked:
        with pytest.raises(InvalidInput) as question:
            await pledge(site.fund_id, amount_fen, donor=donor, now=clock.now())
        assert set(question.value.fields) == {"source"}
        assert await rows("SELECT id FROM payment_order") == []
        await pledge(site.fund_id, amount_fen, donor=donor, now=clock.now(), source=GiftSource.INCOME)
    else:
        await pledge(site.fund_id, amount_fen, donor=donor, now=clock.now())
    assert await cases() == asked


@pytest.mark.parametrize(("later", "joined"), [(7 * DAY - timedelta(seconds=1), True), (7 * DAY, False)])
async def test_gifts_of_seven_days_are_joined(
    site: Site, donor: Viewer, clock: SteppedClock, later: timedelta, joined: bool
) -> None:
    await pledge(site.fund_id, OVER_FEN, donor=donor, now=clock.now())
    clock.advance(later)
    await pledge(site.fund_id, 100, donor=donor, now=clock.now(), source=GiftSource.SAVINGS)
    assert await cases() == joined


async def test_all_accounts_of_an_organisation_are_one_giver(site: Site, sealer: Sealer, clock: SteppedClock) -> None:
    first = await makers.make_organisation(sealer=sealer, now=clock.now())
    second = await makers.make_donor(sealer=sealer, now=clock.now())
    await rows(
        "UPDATE account SET organisation_id = (SELECT organisation_id FROM account WHERE id = $1) WHERE id = $2",
        first.account_id,
        second.account_id,
    )
    await pledge(site.fund_id, OVER_FEN, donor=first, now=clock.now())
    with pytest.raises(InvalidInput):
        await pledge(site.fund_id, 100, donor=second, now=clock.now())


async def test_two_orders_at_once_are_joined_too(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    site = await watched_site(sealer, clock)
    donor = await makers.make_donor(sealer=sealer, now=clock.now())
    both = [pledge(site.fund_id, OVER_FEN - 100, donor=donor, now=clock.now()) for _ in range(2)]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["InvalidInput", "Pledged"]


async def watched_gift(site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock) -> tuple[int, int]:
    """A paid gift whose case is open: the donation and the case."""
    pledged = await pledge(site.fund_id, OVER_FEN + 1, donor=donor, now=clock.now(), source=GiftSource.BUSINESS)
    await pay(pledged, sealer=sealer, now=clock.now())
    return pledged.donation_id, (await rows("SELECT id FROM watch_case"))[0]["id"]


async def test_watched_money_is_received_and_does_not_go_back(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    donation_id, case_id = await watched_gift(site, donor, sealer, clock)
    neighbours = Neighbours({OWNER_KIND: DonationPayments(sealer)})
    one, other = await finance(sealer, clock), await finance(sealer, clock)

    async def take_back() -> int:
        return await take_gift_back(
            OWNER_KIND, donation_id, neighbours=neighbours, actor=donor, sealer=sealer, now=clock.now()
        )

    with pytest.raises(Conflict) as refused:
        await take_back()
    assert "核查" not in refused.value.sentence
    order = (await rows("SELECT id, out_trade_no FROM payment_order"))[0]
    part = (await parts_of(order["id"]))[0]
    with pytest.raises(Conflict):
        await start_refund(
            site.charity_id,
            order["out_trade_no"],
            {part_key(part): part.open_fen},
            RefundReason.MISTAKE,
            "本人说点错了",
            neighbours=neighbours,
            actor=one,
            now=clock.now(),
        )
    charity_id, now = site.charity_id, clock.now()
    await find_out(case_id, "看过营业执照，是经营所得", charity_id=charity_id, actor=one, now=now)
    await close_case(case_id, CaseOutcome.CLEARED, charity_id=charity_id, actor=other, now=now)
    assert await take_back()


async def test_watched_money_that_came_twice_waits_with_it(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    pledged = await pledge(
        site.fund_id,
        OVER_FEN + 1,
        donor=donor,
        now=clock.now(),
        source=GiftSource.BUSINESS,
        late_choice=LateChoice.REFUND,
    )
    await pay(pledged, sealer=sealer, now=clock.now(), total_fen=OVER_FEN + 500)
    neighbours = Neighbours({OWNER_KIND: DonationPayments(sealer)})
    handled = await resolve_open_money(limit=10, neighbours=neighbours, sealer=sealer, now=clock.now())
    assert (handled.handled, handled.failed) == (0, 0)
    assert await rows("SELECT id FROM refund") == []


async def test_watched_money_of_a_claim_is_not_advanced(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    team = await make_team(transaction, sealer=sealer, now=clock.now())
    claim_id = await make_claim(team, ClaimStatus.PAID, now=clock.now())
    await rows(
        "INSERT INTO watch_case (order_id, joined_fen, opened_at, due_at, finding) "
        "SELECT id, total_fen, $1, $1, '' FROM payment_order",
        clock.now(),
    )
    (refused,) = await advance_money([claim_id], actor=team.finance, now=clock.now())
    assert "正在核查" in refused.refusal
    assert await rows("SELECT id FROM advance") == []


async def test_a_case_takes_two_people_of_finance(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    _, case_id = await watched_gift(site, donor, sealer, clock)
    one, other, now = await finance(sealer, clock), await finance(sealer, clock), clock.now()
    who = {"charity_id": site.charity_id, "now": now}
    with pytest.raises(Conflict, match="还没有人写"):
        await close_case(case_id, CaseOutcome.CLEARED, actor=other, **who)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        await find_out(case_id, "嗯", actor=one, **who)  # type: ignore[arg-type]
    await find_out(case_id, "看过存折，是积蓄", actor=one, **who)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="不能自己办结"):
        await close_case(case_id, CaseOutcome.CLEARED, actor=one, **who)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        await find_out(case_id, "看过存折，是积蓄", actor=donor, **who)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await find_out(case_id, "看过存折，是积蓄", charity_id=999, actor=one, now=now)
    await close_case(case_id, CaseOutcome.REPORTED, actor=other, **who)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="已经办结"):
        await find_out(case_id, "又看了一遍存折", actor=one, **who)  # type: ignore[arg-type]


async def test_pledges_apart_that_are_paid_together_are_joined_when_the_money_comes(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    first = await pledge(site.fund_id, OVER_FEN // 2 + 1, donor=donor, now=clock.now())
    second = await pledge(site.fund_id, OVER_FEN // 2 + 1, donor=donor, now=clock.advance(8 * DAY))
    await pay(first, sealer=sealer, now=clock.now())
    assert await rows("SELECT id FROM watch_case") == []
    await pay(second, sealer=sealer, now=clock.now())
    found = await rows("SELECT joined_fen, source FROM watch_case WHERE closed_at IS NULL")
    assert found == [{"joined_fen": OVER_FEN + 2, "source": None}]


async def test_gifts_eight_days_apart_are_not_joined(
    site: Site, donor: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    for _ in range(2):
        pledged = await pledge(site.fund_id, OVER_FEN // 2 + 1, donor=donor, now=clock.now())
        await pay(pledged, sealer=sealer, now=clock.now())
        clock.advance(8 * DAY)
    assert await rows("SELECT id FROM watch_case") == []
