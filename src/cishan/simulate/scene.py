"""What every story of a year shares: the world, its people, the timeline, and the decks that chance deals from."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

from cishan.accounts.viewer import Viewer
from cishan.clock import BEIJING, beijing_day
from cishan.simulate.deck import Deck
from cishan.simulate.plan import (
    BUYING_SHARES,
    COURSE_SHARES,
    KEEPING_SHARES,
    PAYING_SHARES,
    Buying,
    Course,
    Keeping,
    Paying,
    Plan,
)
from cishan.simulate.staff import Staff
from cishan.simulate.timeline import Timeline
from cishan.simulate.world import World
from cishan.working_days import is_working_day

DAY = timedelta(days=1)
OPENS, CLOSES = 9, 17
"""Office hours in China."""


@dataclass(frozen=True)
class Chances:
    """One deck for each question, each with a generator of its own, so that one more deal in one changes no other."""

    course: Deck[Course]
    paying: Deck[Paying]
    keeping: Deck[Keeping]
    buying: Deck[Buying]
    donors: Random


def chances_of(plan: Plan) -> Chances:
    """Decks are smaller than the number of times they are dealt from, so that no rare card stays unseen."""
    wishes = plan.scale.wishes
    return Chances(
        course=Deck(COURSE_SHARES, Course.STRAIGHT, wishes, rng_of(plan, "course")),
        paying=Deck(PAYING_SHARES, Paying.COMES_BACK, wishes * 2 // 5, rng_of(plan, "paying")),
        keeping=Deck(KEEPING_SHARES, Keeping.KEPT, wishes // 6, rng_of(plan, "keeping")),
        buying=Deck(BUYING_SHARES, Buying.UNDER, wishes // 3, rng_of(plan, "buying")),
        donors=rng_of(plan, "donors"),
    )


def rng_of(plan: Plan, concern: str) -> Random:
    """A generator for one concern; a text as seed gives the same numbers on every machine."""
    return Random(f"{plan.seed}:{concern}")


@dataclass(frozen=True)
class Scene:
    world: World
    staff: Staff
    donors: list[Viewer]
    companies: list[Viewer]
    """Those who give large sums to projects, and nothing else."""
    timeline: Timeline
    chances: Chances

    def now(self) -> datetime:
        return self.world.clock.now()

    async def after(self, **step: float) -> datetime:
        """Sleeps for a while, as `timedelta` takes it."""
        return await self.timeline.until(self.now() + timedelta(**step))

    async def at_work(self, rng: Random, days: int) -> datetime:
        """Sleeps until some minute of the office's hours, so many days from now or on the next working day."""
        return await self.timeline.until(office_moment(self.now(), days, rng))


def office_moment(now: datetime, days: int, rng: Random) -> datetime:
    minutes = rng.randrange((CLOSES - OPENS) * 60)
    day = beijing_day(now) + days * DAY
    while True:
        moment = datetime.combine(day, time(OPENS), BEIJING) + timedelta(minutes=minutes)
        if is_working_day(day) and moment > now:
            return moment
        day += DAY
