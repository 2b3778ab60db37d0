"""Every fen of a gift is somewhere, at every step of its way, and a household's line knows who paid for it."""

import pytest

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.actions import OWNER_KIND
from cishan.claims.money import ClaimPayments
from cishan.claims.purchases import approve_purchase
from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import NotFound
from cishan.refunds.actions import take_gift_back
from cishan.refunds.neighbours import Neighbours
from cishan.refunds.sending import record_success
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.tracing.gifts import Part, backing_of, trace_order, trace_orders
from cishan.tracing.states import Whereabouts
from cishan.verify.checks import run_checks
from cishan.verify.tracing import TRACE_CHECKS
from claim_makers import PRICE_FEN, Team, buy, make_claim, make_team

LEFT_FEN = 1_250


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


async def order_of(claim_id: int) -> str:
    found = await rows(
        "SELECT o.out_trade_no FROM order_line l JOIN payment_order o ON o.id = l.order_id "
        "WHERE l.owner_kind = 'claim' AND l.owner_id = $1",
        claim_id,
    )
    number: str = found[0]["out_trade_no"]
    return number


async def parts_of(claim_id: int) -> tuple[Part, ...]:
    return (await trace_order(await order_of(claim_id))).parts


async def check_promises(clock: SteppedClock) -> None:
    found = await run_checks(TRACE_CHECKS, require_rows=False, now=clock.now())
    assert [check.name for check in found if not check.ok] == []


@pytest.mark.parametrize(
    ("status", "spent_fen", "places"),
    [
        (ClaimStatus.PAID, None, {Whereabouts.HELD: PRICE_FEN}),
        (ClaimStatus.ADVANCED, None, {Whereabouts.IN_TOWN: PRICE_FEN}),
        (ClaimStatus.BOUGHT, PRICE_FEN, {Whereabouts.SPENT: PRICE_FEN}),
        (
            ClaimStatus.CONFIRMED,
            PRICE_FEN - LEFT_FEN,
            {Whereabouts.SPENT: PRICE_FEN - LEFT_FEN, Whereabouts.IN_FUND: LEFT_FEN},
        ),
    ],
)
async def test_a_gift_is_followed_from_step_to_step(
    team: Team, clock: SteppedClock, status: ClaimStatus, spent_fen: int | None, places: dict[Whereabouts, int]
) -> None:
    claim_id = await make_claim(team, status, now=clock.now(), spent_fen=spent_fen)
    parts = await parts_of(claim_id)
    assert {part.place: part.fen for part in parts} == places
    assert {part.claim_id for part in parts} == {claim_id}
    await check_promises(clock)


async def test_a_gift_taken_back_is_traced_back_to_its_donor(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.PAID, now=clock.now())
    giver = Viewer((await rows("SELECT donor_id FROM claim WHERE id = $1", claim_id))[0]["donor_id"], Role.DONOR)
    neighbours = Neighbours({OWNER_KIND: ClaimPayments(team.sealer)})
    await take_gift_back(OWNER_KIND, claim_id, neighbours=neighbours, actor=giver, sealer=team.sealer, now=clock.now())
    assert [part.place for part in await parts_of(claim_id)] == [Whereabouts.RETURN_OWED]
    refund = (await rows("SELECT id FROM refund"))[0]["id"]
    await record_success(refund, left_at=clock.now(), sealer=team.sealer, now=clock.now())
    assert await parts_of(claim_id) == (Part(Whereabouts.RETURNED, PRICE_FEN, claim_id),)
    await check_promises(clock)


async def test_what_a_purchase_cost_beyond_its_gift_came_from_the_fund(team: Team, clock: SteppedClock) -> None:
    await make_claim(team, ClaimStatus.CONFIRMED, now=clock.now(), spent_fen=PRICE_FEN - LEFT_FEN)
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    await buy(team, claim_id, PRICE_FEN + LEFT_FEN, now=clock.now())
    purchase = (await rows("SELECT id FROM purchase WHERE claim_id = $1", claim_id))[0]["id"]
    await approve_purchase(purchase, actor=team.second_finance, sealer=team.sealer, now=clock.now())
    backing = await backing_of(claim_id)
    assert (backing.spent_fen, backing.from_fund_fen) == (PRICE_FEN + LEFT_FEN, LEFT_FEN)
    assert [part.fen for _, part in backing.gifts] == [PRICE_FEN]
    await check_promises(clock)


async def test_many_orders_are_traced_by_one_query_that_reads_only_theirs(team: Team, clock: SteppedClock) -> None:
    claims = [await make_claim(team, ClaimStatus.PAID, now=clock.now()) for _ in range(3)]
    orders = [row["id"] for row in await rows("SELECT id FROM payment_order ORDER BY id")]
    traced = await trace_orders(orders[:2])
    assert {order: [part.claim_id for part in parts] for order, parts in traced.items()} == {
        orders[0]: [claims[0]],
        orders[1]: [claims[1]],
    }


async def test_an_order_that_nobody_paid_or_another_charity_has_is_not_there(team: Team, clock: SteppedClock) -> None:
    unpaid = await order_of(await make_claim(team, ClaimStatus.RESERVED, now=clock.now()))
    paid = await order_of(await make_claim(team, ClaimStatus.PAID, now=clock.now()))
    for number, charity_id in ((unpaid, None), ("C0", None), (paid, 999)):
        with pytest.raises(NotFound):
            await trace_order(number, charity_id=charity_id)
