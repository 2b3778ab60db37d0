"""Who lets a claim run out unpaid leaves the wish to others for a while, and after three of them the wall for the day."""

from datetime import UTC, datetime, timedelta

import pytest

import makers
from cishan.accounts.viewer import Viewer
from cishan.claims.actions import claim_wish, lapse_due_claims
from cishan.claims.rules import Lapse, check_rested, paying_resumes_at
from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.clock import SteppedClock
from cishan.errors import TooMany
from cishan.sealing import Sealer
from cishan.settings import Settings
from claim_makers import Team, make_team, status_of

NOON = datetime(2025, 3, 3, 4, tzinfo=UTC)
"""Twelve o'clock in China."""
HOUR = timedelta(hours=1)


def lapses(*hours: float) -> list[Lapse]:
    """Lapses of different wishes, so many hours after noon."""
    return [Lapse(number, NOON + hour * HOUR) for number, hour in enumerate(hours, start=1)]


@pytest.mark.parametrize(
    ("given", "resumes_at"),
    [
        ((), None),
        ((0, 1), None),
        ((0, 1, 2), NOON + 12 * HOUR),
        ((0, 12, 24), NOON + 36 * HOUR),
        ((0, 12, 24.01), None),
        ((-30, 0, 1, 2), NOON + 12 * HOUR),
        ((0, 1, 2, 11.9, 12.1), NOON + 36 * HOUR),
    ],
)
def test_three_unpaid_lapses_within_a_day_pause_paying_until_the_next(
    given: tuple[float, ...], resumes_at: datetime | None
) -> None:
    assert paying_resumes_at(lapses(*given)) == resumes_at


@pytest.mark.parametrize(("minutes", "may"), [(0, False), (29.9, False), (30, True)])
@pytest.mark.parametrize("way", list(ClaimWay))
def test_the_same_wish_is_left_to_others_for_half_an_hour(minutes: float, way: ClaimWay, *, may: bool) -> None:
    now = NOON + timedelta(minutes=minutes)
    check_rested(lapses(0), wish_id=99, way=way, now=now)
    if may:
        check_rested(lapses(0), wish_id=1, way=way, now=now)
        return
    with pytest.raises(TooMany, match="先让别人也有机会"):
        check_rested(lapses(0), wish_id=1, way=way, now=now)


def test_the_pause_is_of_paying_alone() -> None:
    check_rested(lapses(0, 1, 2), wish_id=99, way=ClaimWay.BRING, now=NOON + 3 * HOUR)
    with pytest.raises(TooMany, match="明天欢迎再来"):
        check_rested(lapses(0, 1, 2), wish_id=99, way=ClaimWay.PAY, now=NOON + 3 * HOUR)


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


async def published(team: Team, clock: SteppedClock) -> int:
    wish = await makers.make_published_wish(sealer=team.sealer, now=clock.now(), people=team.people)
    return int(wish.id)


async def let_lapse(team: Team, donor: Viewer, wish_id: int, clock: SteppedClock) -> None:
    claimed = await claim_wish(wish_id, ClaimWay.PAY, site=team.site, actor=donor, now=clock.now())
    clock.advance(timedelta(minutes=33))
    await lapse_due_claims(limit=10, sealer=team.sealer, now=clock.now())
    assert await status_of(claimed.claim_id) is ClaimStatus.LAPSED


async def test_after_a_lapse_another_donor_may_claim_at_once_and_the_same_one_later(
    team: Team, clock: SteppedClock, sealer: Sealer
) -> None:
    first, second = await published(team, clock), await published(team, clock)
    other = await makers.make_donor(sealer=sealer, now=clock.now())
    await let_lapse(team, team.donor, first, clock)
    await let_lapse(team, other, second, clock)
    with pytest.raises(TooMany):
        await claim_wish(second, ClaimWay.PAY, site=team.site, actor=other, now=clock.now())
    await claim_wish(second, ClaimWay.PAY, site=team.site, actor=team.donor, now=clock.now())
    await claim_wish(first, ClaimWay.PAY, site=team.site, actor=team.donor, now=clock.now())


async def test_after_three_lapses_paying_is_paused_until_tomorrow(team: Team, clock: SteppedClock) -> None:
    wanted = await published(team, clock)
    for _ in range(3):
        await let_lapse(team, team.donor, await published(team, clock), clock)
    with pytest.raises(TooMany, match="明天"):
        await claim_wish(wanted, ClaimWay.PAY, site=team.site, actor=team.donor, now=clock.now())
    clock.advance(timedelta(days=1))
    await claim_wish(wanted, ClaimWay.PAY, site=team.site, actor=team.donor, now=clock.now())
