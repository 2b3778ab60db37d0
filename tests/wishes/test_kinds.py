"""A wish that becomes another kind keeps no figure which that kind can't have."""

import pytest

from cishan.clock import SteppedClock
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.wishes import actions as wishes
from cishan.wishes.actions import WishDraft
from cishan.wishes.rules import fitting_figures
from cishan.wishes.states import WishKind, WishStatus
from makers import make_wish, make_wish_people


@pytest.mark.parametrize(
    ("kind", "figures"), [(WishKind.THING, (30_000, 0)), (WishKind.SERVICE, (0, 3)), (WishKind.VISIT, (0, 3))]
)
def test_a_thing_has_a_price_and_time_has_hours(kind: WishKind, figures: tuple[int, int]) -> None:
    assert fitting_figures(kind, 30_000, 3) == figures


async def test_a_thing_that_becomes_a_service_loses_its_price_and_back_its_hours(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    people = await make_wish_people(sealer=sealer, now=clock.now())
    wish = await make_wish(WishStatus.DRAFT, sealer=sealer, now=clock.now(), people=people, price_fen=30_000)

    async def change(draft: WishDraft) -> tuple[int, int]:
        found = await wishes.change_draft(wish.id, draft, actor=people.coordinator, sealer=sealer, now=clock.now())
        return found.price_fen, found.hours

    assert await change(WishDraft(item="书桌")) == (30_000, 0)
    assert await change(WishDraft(kind=WishKind.SERVICE, item="打扫屋子")) == (0, 0)
    assert await change(WishDraft(hours=3)) == (0, 3)
    assert await change(WishDraft(kind=WishKind.THING, item="书桌")) == (0, 0)
