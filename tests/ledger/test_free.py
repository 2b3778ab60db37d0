"""What of a fund's money is free is one answer: what is promised or owed to somebody is nobody else's, wherever it lies (R-9)."""

import pytest
from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.actions import OWNER_KIND as CLAIM
from cishan.claims.money import ClaimPayments
from cishan.claims.purchases import approve_purchase
from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.donations.actions import OWNER_KIND as DONATION
from cishan.donations.actions import DonationPayments
from cishan.errors import Conflict
from cishan.ledger.actions import Source, book_hold, book_hold_back
from cishan.ledger.free import free_at, promised_to_wishes, spendable_of
from cishan.ledger.queries import uncommitted_of
from cishan.ledger.states import AccountType
from cishan.payouts.allocating import Share, allocate
from cishan.refunds.actions import take_gift_back
from cishan.refunds.neighbours import Neighbours
from cishan.sealing import Sealer
from cishan.settings import Settings
from claim_makers import PRICE_FEN, Team, buy, make_claim, make_team
from donations.donation_makers import pay, pledge
from makers import TOWN, make_donor
from payouts.payout_makers import Bureau, make_approved, make_bureau, send

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
    assert (await uncommitted_of(fund_id), await promised_to_wishes(fund_id)) == (PRICE_FEN, PRICE_FEN)
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
