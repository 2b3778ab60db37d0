"""What the story of sound books tells of refunds: late money sent back, a gift taken back, both gone by the gateway's word."""

from datetime import timedelta

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.claims.actions import OWNER_KIND
from cishan.claims.money import ClaimPayments
from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.refunds.actions import take_gift_back
from cishan.refunds.late_money import resolve_open_money
from cishan.refunds.neighbours import Neighbours
from cishan.refunds.sending import record_success
from claim_makers import Team, make_claim


async def tell_of_refunds(team: Team, clock: SteppedClock) -> None:
    """Needs late money to be there; a donor also takes back what they gave a minute ago."""
    now = clock.advance(timedelta(minutes=1))
    neighbours = Neighbours({OWNER_KIND: ClaimPayments(team.sealer)})
    handled = await resolve_open_money(limit=10, neighbours=neighbours, sealer=team.sealer, now=now)
    assert (handled.handled, handled.failed) == (1, 0)
    claim_id = await make_claim(team, ClaimStatus.PAID, now=now)
    giver = Viewer((await rows("SELECT donor_id FROM claim WHERE id = $1", claim_id))[0]["donor_id"], Role.DONOR)
    await take_gift_back(OWNER_KIND, claim_id, neighbours=neighbours, actor=giver, sealer=team.sealer, now=now)
    for refund in await rows("SELECT id FROM refund"):
        assert await record_success(refund["id"], left_at=now, sealer=team.sealer, now=now)
