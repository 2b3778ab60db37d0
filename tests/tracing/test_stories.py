"""From any entry of the books one reads its whole story: from a gift to the purchase, to the refund, from an approval to the payment."""

import pytest

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.actions import OWNER_KIND
from cishan.claims.money import ClaimPayments
from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.ledger.queries import Search, entries
from cishan.payouts.paying import record_paid, record_returned
from cishan.refunds.actions import take_gift_back
from cishan.refunds.neighbours import Neighbours
from cishan.refunds.sending import record_success
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.tracing.stories import Story, sources_of, sources_of_order, story_of
from claim_makers import Team, make_claim, make_team
from payouts.payout_makers import make_approved, make_bureau, send


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


async def kinds_of(charity_id: int, story: Story) -> list[str]:
    found = await entries(charity_id, Search(sources=await sources_of(story)), limit=20)
    return [entry.kind.value for entry in reversed(found)]


async def test_every_entry_leads_back_to_its_claim(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.BOUGHT, now=clock.now(), spent_fen=100)
    await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    listed = await entries(team.site.charity_id, Search(sources=await sources_of(Story("claim", claim_id))), limit=10)
    assert len(listed) == 4
    assert {await story_of(entry.source_kind, entry.source_id) for entry in listed} == {Story("claim", claim_id)}


async def test_a_gift_taken_back_is_told_to_its_end(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.PAID, now=clock.now())
    giver = Viewer((await rows("SELECT donor_id FROM claim WHERE id = $1", claim_id))[0]["donor_id"], Role.DONOR)
    neighbours = Neighbours({OWNER_KIND: ClaimPayments(team.sealer)})
    await take_gift_back(OWNER_KIND, claim_id, neighbours=neighbours, actor=giver, sealer=team.sealer, now=clock.now())
    await record_success(
        (await rows("SELECT id FROM refund"))[0]["id"], left_at=clock.now(), sealer=team.sealer, now=clock.now()
    )
    told = await kinds_of(team.site.charity_id, Story("claim", claim_id))
    assert told == ["gift", "refund_due", "refund"]
    line = (await rows("SELECT id FROM refund_line"))[0]["id"]
    assert await story_of("refund_line", line) == Story("claim", claim_id)
    number = (await rows("SELECT out_trade_no FROM payment_order"))[0]["out_trade_no"]
    assert set(await sources_of_order(number)) == set(await sources_of(Story("claim", claim_id)))


async def test_a_donation_is_found_by_its_order(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> None:
    bureau = await make_bureau(sealer, clock)
    order = (await rows("SELECT id, out_trade_no FROM payment_order"))[0]
    found = await entries(bureau.charity_id, Search(sources=await sources_of_order(order["out_trade_no"])), limit=9)
    assert [entry.kind.value for entry in found] == ["gift"]
    assert await story_of(found[0].source_kind, found[0].source_id) == Story("order", order["id"])
    assert await sources_of_order("C0") == ()


async def test_help_is_told_from_its_approval_to_its_return(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    bureau = await make_bureau(sealer, clock)
    payout_id = await make_approved(bureau)
    await make_approved(bureau)
    await send(bureau, payout_id)
    await record_paid(payout_id, paid_at=clock.now(), actor=bureau.cashier, now=clock.now())
    assert await kinds_of(bureau.charity_id, Story("payout", payout_id)) == ["payable", "payout"]
    await record_returned(payout_id, "账号已注销", actor=bureau.cashier, now=clock.now())
    told = await kinds_of(bureau.charity_id, Story("payout", payout_id))
    assert told == ["payable", "payout", "reversal", "reversal"]
