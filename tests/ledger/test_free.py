"""What of a fund's money is free is one answer: what is promised or owed to somebody is nobody else's, wherever it lies (R-9)."""

from typing import Any

import pytest
from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.actions import OWNER_KIND as CLAIM
from cishan.claims.money import ClaimPayments
from cishan.claims.purchases import advance_money, approve_purchase
from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.donations.actions import OWNER_KIND as DONATION
from cishan.donations.actions import DonationPayments, Pledged, follow_refund
from cishan.errors import Conflict, InvalidInput
from cishan.ledger.actions import Source, book_hold, book_hold_back, book_withdrawal
from cishan.ledger.free import free_at, spendable_of
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.payments.states import LateChoice
from cishan.payouts.allocating import Share, allocate
from cishan.refunds.actions import start_refund, take_gift_back
from cishan.refunds.late_money import resolve_open_money
from cishan.refunds.neighbours import Neighbours
from cishan.refunds.states import RefundReason
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.vigilance.states import GiftSource
from claim_makers import PRICE_FEN, Team, buy, make_claim, make_team
from donations.donation_makers import pay, pledge
from makers import TOWN, make_donor
from payouts.payout_makers import Bureau, make_approved, make_bureau, make_share, send

GIVEN_FEN, HELD_FEN = 1_000_000, 50_000
LEFT_FEN = 2_000


@pytest.fixture
async def bureau(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Bureau:
    return await make_bureau(sealer, clock, given_fen=GIVEN_FEN)


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


async def test_a_transfer_of_nobody_known_pays_for_no_help(bureau: Bureau) -> None:
    now = bureau.clock.now()
    async with in_transaction():
        await book_hold(bureau.fund_id, HELD_FEN, Source("test", 1), arrived_at=now, now=now)
    assert await free_at(bureau.fund_id, AccountType.BANK) == GIVEN_FEN
    async with in_transaction():
        await book_hold_back(bureau.fund_id, HELD_FEN, Source("test", 2), left_at=now, now=now)
    assert await free_at(bureau.fund_id, AccountType.BANK) == GIVEN_FEN


async def test_what_is_on_its_way_from_the_bank_leaves_once(bureau: Bureau) -> None:
    payout_id = await make_approved(bureau, 100_000)
    assert await free_at(bureau.fund_id, AccountType.BANK) == GIVEN_FEN
    await send(bureau, payout_id)
    assert await free_at(bureau.fund_id, AccountType.BANK) == GIVEN_FEN - 100_000


async def test_a_paid_claim_is_promised_to_its_wish(team: Team, clock: SteppedClock) -> None:
    fund_id = team.site.fund_id
    await make_claim(team, ClaimStatus.PAID, now=clock.now())
    assert await balance_of(fund_id, AccountType.ALIPAY) == PRICE_FEN
    assert (await spendable_of(fund_id), await free_at(fund_id, AccountType.ALIPAY)) == (0, 0)


async def test_a_refund_that_has_not_left_is_owed(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.PAID, now=clock.now())
    giver = Viewer((await rows("SELECT donor_id FROM claim WHERE id = $1", claim_id))[0]["donor_id"], Role.DONOR)
    neighbours = Neighbours({CLAIM: ClaimPayments(team.sealer)})
    await take_gift_back(CLAIM, claim_id, neighbours=neighbours, actor=giver, sealer=team.sealer, now=clock.now())
    assert await free_at(team.site.fund_id, AccountType.ALIPAY) == 0
    assert await free_at(team.site.fund_id, AccountType.BANK) == 0


async def test_a_dearer_purchase_takes_nothing_that_is_set_aside_for_a_town(team: Team, clock: SteppedClock) -> None:
    now = clock.now()
    await make_claim(team, ClaimStatus.BOUGHT, now=now, spent_fen=PRICE_FEN - LEFT_FEN)
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=now)
    await buy(team, claim_id, PRICE_FEN + 1, now=now)
    purchase = (await rows("SELECT id FROM purchase WHERE claim_id = $1", claim_id))[0]["id"]
    await allocate(team.site.fund_id, Share(TOWN, "临时困难", LEFT_FEN), actor=team.finance, now=now)
    with pytest.raises(Conflict, match=r"只剩 0\.00 元"):
        await approve_purchase(purchase, actor=team.second_finance, sealer=team.sealer, now=now)


async def test_nobody_takes_back_what_others_have_paid_for_their_wish(team: Team, clock: SteppedClock) -> None:
    """The donation is set aside for a town; what a claim brought is as much again, and the claim's."""
    now, fund_id = clock.now(), team.site.fund_id
    await make_claim(team, ClaimStatus.PAID, now=now)
    donor = await make_donor(sealer=team.sealer, now=now)
    pledged = await pledge(fund_id, PRICE_FEN, donor=donor, now=now)
    await pay(pledged, sealer=team.sealer, now=now)
    await allocate(fund_id, Share(TOWN, "临时困难", PRICE_FEN), actor=team.finance, now=now)
    neighbours = Neighbours({DONATION: DonationPayments(team.sealer)})
    with pytest.raises(Conflict):
        await take_gift_back(
            DONATION, pledged.donation_id, neighbours=neighbours, actor=donor, sealer=team.sealer, now=now
        )


async def paid_order(bureau: Bureau, amount_fen: int, *, total_fen: int = 0, **wishes: Any) -> tuple[Viewer, Pledged]:
    """A donation that lies at Alipay."""
    now = bureau.clock.now()
    donor = await make_donor(sealer=bureau.sealer, now=now)
    pledged = await pledge(bureau.fund_id, amount_fen, donor=donor, now=now, **wishes)
    await pay(pledged, sealer=bureau.sealer, now=now, total_fen=total_fen)
    return donor, pledged


async def give_back(bureau: Bureau, pledged: Pledged, key: str, amount_fen: int) -> int:
    owners = {CLAIM: ClaimPayments(bureau.sealer), DONATION: DonationPayments(bureau.sealer)}
    return await start_refund(
        bureau.charity_id,
        pledged.out_trade_no,
        {key: amount_fen},
        RefundReason.OTHER,
        "打错了",
        neighbours=Neighbours(owners, follow=follow_refund),
        actor=bureau.finance,
        now=bureau.clock.now(),
    )


async def key_of_line(pledged: Pledged) -> str:
    found = await rows(
        "SELECT l.id FROM order_line l JOIN payment_order o ON o.id = l.order_id WHERE o.out_trade_no = $1",
        pledged.out_trade_no,
    )
    return f"line-{found[0]['id']}"


async def test_late_money_that_became_help_is_not_refunded_too(bureau: Bureau) -> None:
    now = bureau.clock.now()
    _, pledged = await paid_order(bureau, 100_000, total_fen=150_000, late_choice=LateChoice.FUND)
    owners = Neighbours({DONATION: DonationPayments(bureau.sealer)}, follow=follow_refund)
    assert (await resolve_open_money(limit=9, neighbours=owners, sealer=bureau.sealer, now=now)).handled == 1
    late = (await rows("SELECT id FROM unassigned_money"))[0]["id"]
    await make_share(bureau, GIVEN_FEN + 150_000)
    with pytest.raises(Conflict, match=r"最多只能退 0\.00 元"):
        await give_back(bureau, pledged, f"money-{late}", 50_000)


async def test_what_a_bought_wish_left_over_goes_back_only_while_the_fund_has_it(
    team: Team, clock: SteppedClock
) -> None:
    now = clock.now()
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=now, spent_fen=PRICE_FEN - LEFT_FEN)
    bureau = await make_bureau(team.sealer, clock, given_fen=0)
    found = await rows(
        "SELECT l.id, o.out_trade_no FROM order_line l JOIN payment_order o ON o.id = l.order_id WHERE l.owner_id = $1",
        claim_id,
    )
    pledged = Pledged(0, found[0]["out_trade_no"])
    await make_share(bureau, LEFT_FEN)
    with pytest.raises(Conflict, match=r"最多只能退 0\.00 元"):
        await give_back(bureau, pledged, f"line-{found[0]['id']}", LEFT_FEN)


async def test_a_donation_goes_back_in_parts_to_its_last_fen(bureau: Bureau) -> None:
    _, pledged = await paid_order(bureau, 100_000)
    key = await key_of_line(pledged)
    for _ in range(2):
        await give_back(bureau, pledged, key, 50_000)
    assert await spendable_of(bureau.fund_id) == GIVEN_FEN
    with pytest.raises(InvalidInput):
        await give_back(bureau, pledged, key, 1)


async def test_a_gift_at_which_nobody_has_looked_is_set_aside_for_nothing(bureau: Bureau) -> None:
    await paid_order(bureau, 9_000_000, source=GiftSource.SAVINGS)
    assert len(await rows("SELECT id FROM watch_case WHERE closed_at IS NULL")) == 1
    assert await spendable_of(bureau.fund_id) == GIVEN_FEN
    with pytest.raises(Conflict, match="不够"):
        await make_share(bureau, GIVEN_FEN + 1)


async def test_a_town_gets_no_advance_out_of_money_that_left_for_the_bank(team: Team, clock: SteppedClock) -> None:
    claim_id, now = await make_claim(team, ClaimStatus.PAID, now=clock.now()), clock.now()
    async with in_transaction():
        await book_withdrawal(team.site.fund_id, 1, Source("test", 1), arrived_at=now, now=now)
    (result,) = await advance_money([claim_id], actor=team.finance, now=now)
    assert "可能已经提现" in result.refusal
    assert await balance_of(team.site.fund_id, AccountType.TOWN_ADVANCE) == 0
