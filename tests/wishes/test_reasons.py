"""What somebody typed as reason is read in the timeline, stands nowhere in the event, and can be erased."""

import pytest

import claim_makers
from cishan.claims.purchases import refuse_purchase
from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.wishes import actions as wishes
from cishan.wishes.staff_pages import staff_steps
from cishan.wishes.states import WishStatus
from cishan.wishes.work import timeline_of
from makers import make_wish, make_wish_people

REASON = "阚守义家的地址写错了"
STEPS = {
    "send_back": (WishStatus.WORDED, "reviewer"),
    "ask_rewording": (WishStatus.WORDED, "editor"),
    "take_off_wall": (WishStatus.PUBLISHED, "editor"),
    "withdraw_wish": (WishStatus.FILED, "coordinator"),
}


async def events_text() -> str:
    return str(await rows("SELECT e::text AS event FROM event e"))


@pytest.mark.parametrize("step", STEPS)
async def test_a_typed_reason_is_sealed_beside_its_event_and_can_be_erased(
    transaction: Settings, sealer: Sealer, clock: SteppedClock, step: str
) -> None:
    status, who = STEPS[step]
    people = await make_wish_people(sealer=sealer, now=clock.now())
    wish = await make_wish(status, sealer=sealer, now=clock.now(), people=people)
    take = getattr(wishes, step)
    await take(wish.id, actor=getattr(people, who), sealer=sealer, now=clock.now(), reason=REASON)

    assert staff_steps(await timeline_of(wish.id, sealer=sealer))[-1].why == REASON
    assert REASON not in await events_text()
    (kept,) = await rows("SELECT event_id, text_sealed FROM event_reason")
    assert REASON.encode() not in kept["text_sealed"]

    before = await rows("SELECT * FROM event ORDER BY id")
    await rows("DELETE FROM event_reason WHERE event_id = $1", kept["event_id"])
    assert staff_steps(await timeline_of(wish.id, sealer=sealer))[-1].why == ""
    assert await rows("SELECT * FROM event ORDER BY id") == before


async def test_our_own_sentence_stays_in_the_event(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> None:
    people = await make_wish_people(sealer=sealer, now=clock.now())
    wish = await make_wish(WishStatus.PUBLISHED, sealer=sealer, now=clock.now(), people=people)
    await wishes.take_off_reported(wish.id, actor=people.editor, now=clock.now())
    assert "有人举报" in staff_steps(await timeline_of(wish.id, sealer=sealer))[-1].why
    assert not await rows("SELECT 1 FROM event_reason")


async def test_why_finance_did_not_agree_is_sealed_too(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    team = await claim_makers.make_team(transaction, sealer=sealer, now=clock.now())
    claim_id = await claim_makers.make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    await claim_makers.buy(team, claim_id, claim_makers.PRICE_FEN + 1, now=clock.now())
    purchase = await rows("SELECT id FROM purchase WHERE claim_id = $1", claim_id)
    await refuse_purchase(purchase[0]["id"], REASON, actor=team.finance, sealer=sealer, now=clock.now())
    assert REASON not in await events_text()
    (kept,) = await rows("SELECT text_sealed FROM event_reason")
    assert sealer.open(kept["text_sealed"], "event_reason.text") == REASON
