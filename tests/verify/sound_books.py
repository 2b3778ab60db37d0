"""A small database in which every promise has something to look at, told through the product's own actions."""

from datetime import timedelta

import claim_makers
import makers
from cishan.accounts.actions import disable_account
from cishan.accounts.states import Role
from cishan.claims.actions import lapse_due_claims
from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.ledger.actions import number_entries
from cishan.ledger.chain import chain_entries, publish_heads
from cishan.payments.actions import close_unopened
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.summaries.actions import freeze_lists

DAY = timedelta(days=1)


async def tell_story(settings: Settings, sealer: Sealer, clock: SteppedClock) -> None:
    """Three wishes come true in three ways, one waits for its buyer, one was paid for too late, one never."""
    now = clock.now()
    team = await claim_makers.make_team(settings, sealer=sealer, now=now)
    await claim_makers.make_claim(team, ClaimStatus.CONFIRMED, now=now, spent_fen=28_000)
    await claim_makers.make_claim(team, ClaimStatus.CONFIRMED, now=now, way=ClaimWay.BRING)
    await claim_makers.make_claim(team, ClaimStatus.CONFIRMED, now=now, way=ClaimWay.GIVE_TIME)
    await claim_makers.make_claim(team, ClaimStatus.ADVANCED, now=now)
    late = await claim_makers.make_claim(team, ClaimStatus.RESERVED, now=now)
    await claim_makers.make_claim(team, ClaimStatus.RESERVED, now=now)
    now = clock.advance(timedelta(minutes=40))
    assert await lapse_due_claims(limit=10, sealer=sealer, now=now) == 2
    await claim_makers.pay(team, late, now=now)
    for order in await rows("SELECT out_trade_no FROM payment_order WHERE status = 'pending'"):
        await close_unopened(order["out_trade_no"], now=now)
    leaver = await makers.make_staff(Role.SUPERVISOR, makers.CITY, sealer=sealer, now=now)
    await disable_account(leaver.account_id, actor=await makers.make_admin(sealer=sealer, now=now), now=now)
    await freeze_lists(makers.CITY, now.year, now=clock.advance(DAY))
    await number_entries()
    await chain_entries(limit=1_000, now=clock.now())
    await publish_heads(now=clock.now())
