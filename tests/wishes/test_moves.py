"""Every status against every step: only the table's moves happen."""

import pytest

from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock, beijing_day
from cishan.database import rows
from cishan.errors import CishanError, Conflict, IllegalMove, NotFound
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.wishes import actions as wishes
from cishan.wishes.actions import Wording
from cishan.wishes.models import Visit, Wish
from cishan.wishes.states import MOVES, WishStatus
from makers import WishPeople, make_donor, make_wish, make_wish_people

WORDING = Wording("想要一张书桌", "孩子在饭桌上写作业，想要一张自己的书桌。", None)


async def take(verb: str, wish: Wish, people: WishPeople, donor: Viewer, sealer: Sealer, clock: SteppedClock) -> None:
    """Tries one step through the action that people use."""
    now = clock.now()
    match verb:
        case "file":
            await wishes.file_wish(wish.id, actor=people.coordinator, sealer=sealer, now=now)
        case "confirm_visit":
            await visit_and_confirm(wish, people, sealer, clock)
        case "word":
            await wishes.word_wish(wish.id, WORDING, actor=people.reviewer, sealer=sealer, now=now)
        case "ask_rewording":
            await wishes.ask_rewording(wish.id, actor=people.editor, sealer=sealer, now=now, reason="写得短一些")
        case "send_back":
            await wishes.send_back(wish.id, actor=people.reviewer, sealer=sealer, now=now, reason="价格不对")
        case "publish":
            await wishes.publish_wish(wish.id, actor=people.editor, sealer=sealer, now=now)
        case "take_off":
            await wishes.take_off_wall(wish.id, actor=people.editor, sealer=sealer, now=now, reason="有人举报")
        case "claim":
            await wishes.claim_wish(wish.id, actor=donor, now=now)
        case "release":
            await wishes.release_wish(wish.id, actor=None, now=now, reason="超时没有付款")
        case "fulfil":
            await wishes.fulfil_wish(wish.id, actor=people.reviewer, now=now)
        case "lapse":
            await wishes.lapse_wish(wish.id, actor=None, now=now)
        case "withdraw" if wish.status is WishStatus.CLAIMED:
            await wishes.withdraw_claimed_wish(wish.id, actor=people.reviewer, now=now, reason="搬走了")
        case "withdraw":
            await wishes.withdraw_wish(wish.id, actor=people.coordinator, sealer=sealer, now=now, reason="不需要了")


async def visit_and_confirm(wish: Wish, people: WishPeople, sealer: Sealer, clock: SteppedClock) -> None:
    visit = await wishes.record_visit(
        wish.id,
        visited_on=beijing_day(clock.now()),
        findings="属实",
        second_visitor_id=people.second_visitor.account_id,
        actor=people.reviewer,
        sealer=sealer,
        now=clock.now(),
    )
    await wishes.confirm_visit(visit.id, actor=people.second_visitor, now=clock.now())


@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("status", WishStatus)
async def test_only_the_moves_of_the_table_happen(
    transaction: Settings, sealer: Sealer, clock: SteppedClock, status: WishStatus, verb: str
) -> None:
    people = await make_wish_people(sealer=sealer, now=clock.now())
    donor = await make_donor(sealer=sealer, now=clock.now())
    wish = await make_wish(status, sealer=sealer, now=clock.now(), people=people)
    starts, leads_to = MOVES[verb]
    before = await events_of(wish)

    if status in starts:
        await take(verb, wish, people, donor, sealer, clock)
        assert (await Wish.get(id=wish.id)).status is leads_to
        assert (await events_of(wish))[-1] == verb
    else:
        with pytest.raises(refusal_of(verb, wish)):
            await take(verb, wish, people, donor, sealer, clock)
        assert (await Wish.get(id=wish.id)).status is status
        assert await events_of(wish) == before


def refusal_of(verb: str, wish: Wish) -> type[CishanError]:
    """A wish that never stood on the wall is not there for a donor; one that did has been taken."""
    if verb == "claim":
        return Conflict if wish.published_at else NotFound
    return IllegalMove


async def events_of(wish: Wish) -> list[str]:
    found = await rows(
        "SELECT verb, number FROM event WHERE subject_kind = 'wish' AND subject_id = $1 ORDER BY number", wish.id
    )
    assert [row["number"] for row in found] == list(range(1, len(found) + 1))
    return [row["verb"] for row in found]


async def test_a_visit_is_kept_with_both_visitors(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> None:
    people = await make_wish_people(sealer=sealer, now=clock.now())
    wish = await make_wish(WishStatus.VISITED, sealer=sealer, now=clock.now(), people=people)
    visit = await Visit.get(wish_id=wish.id)
    assert (visit.visitor_id, visit.second_visitor_id) == (
        people.reviewer.account_id,
        people.second_visitor.account_id,
    )
