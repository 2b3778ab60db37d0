"""Donors who give to a fund: once, every month, and a large sum that two people look at before it is used."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_midnight
from cishan.database import rows
from cishan.donations.actions import OWNER_KIND, make_donation
from cishan.monthly.actions import start_plan
from cishan.payments.states import LateChoice
from cishan.refunds.actions import take_gift_back
from cishan.refunds.neighbours import neighbours_of
from cishan.simulate.cashier import DonorBrowser
from cishan.simulate.scene import DAY, Scene, rng_of
from cishan.vigilance.actions import close_case, find_out
from cishan.vigilance.lists import add_names
from cishan.vigilance.states import CaseOutcome, GiftSource, ListedKind

NAMED_SHARE = 0.3
PHONE_SHARE = 0.8
USUAL_FEN = (2_000, 5_000, 5_000, 10_000, 10_000, 20_000, 50_000)
MONTHLY_FEN = 3_000
MONTHLY_DAY = 8
LARGE_FEN = 6_000_000
"""More than the figure from which the source of a gift is asked for."""
GIVING_UNTIL = (10, 1)

CASES = """
SELECT w.id, w.handler_id FROM watch_case w JOIN order_line l ON l.order_id = w.order_id
 WHERE w.closed_at IS NULL AND l.fund_id = $1 ORDER BY w.id
"""
TURNS = """
SELECT t.donation_id FROM monthly_turn t JOIN monthly_plan p ON p.id = t.plan_id JOIN donation d ON d.id = t.donation_id
 WHERE p.id = $1 AND d.status = 'pledged'
"""


@dataclass(frozen=True)
class Gift:
    """What somebody gives, to which fund."""

    fund_id: int
    amount_fen: int
    source: GiftSource | None = None


async def give(scene: Scene, donor: Viewer, gift: Gift, rng: Random) -> int:
    """A donation, paid at the gateway's own page; returns its id."""
    made = await make_donation(
        gift.fund_id,
        gift.amount_fen,
        shows_name=rng.random() < NAMED_SHARE,
        late_choice=LateChoice.REFUND,
        actor=donor,
        now=scene.now(),
        source=gift.source,
    )
    await pay_donation(scene, donor, made.donation_id, rng)
    return made.donation_id


async def pay_donation(scene: Scene, donor: Viewer, donation_id: int, rng: Random) -> None:
    phone = rng.random() < PHONE_SHARE
    browser = await DonorBrowser.sign_in(scene.world, donor, phone=phone, now=scene.now())
    await browser.press(await browser.open_cashier(f"donations/{donation_id}"), "pay")


async def give_to_fund(scene: Scene) -> None:
    """The 微心愿 fund's own year: gifts spread over its months, one taken back, one large, a few every month."""
    plan, fund_id = scene.world.plan, scene.world.site.fund_id
    rng = rng_of(plan, "giving")
    for donor in rng.sample(scene.donors, plan.scale.monthly_donors):
        await scene.timeline.begin(give_monthly(scene, donor, fund_id))
    last = beijing_midnight(date(plan.year, *GIVING_UNTIL))
    days = sorted(rng.randrange((last - scene.now()).days) for _ in range(plan.scale.fund_gifts))
    began = scene.now()
    for number, days_on in enumerate(days):
        await scene.timeline.until(began + days_on * DAY + timedelta(minutes=rng.randrange(9 * 60, 21 * 60)))
        donor = rng.choice(scene.donors)
        donation_id = await give(scene, donor, Gift(fund_id, rng.choice(USUAL_FEN)), rng)
        if number == 1:
            await take_back(scene, donor, donation_id)


async def take_back(scene: Scene, donor: Viewer, donation_id: int) -> None:
    """An hour later the donor thinks better of it."""
    world = scene.world
    now = await scene.after(hours=1)
    neighbours = neighbours_of(world.services, world.owners)
    await take_gift_back(OWNER_KIND, donation_id, neighbours=neighbours, actor=donor, sealer=world.sealer, now=now)


async def give_much(scene: Scene, fund_id: int, donor: Viewer, amount_fen: int, rng: Random) -> None:
    """A large gift; finance looks where it comes from, and a second person closes the case the day after."""
    await give(scene, donor, Gift(fund_id, amount_fen, GiftSource.COMPANY), rng)
    await scene.at_work(rng, days=1)
    await look_at_large_gifts(scene, fund_id, rng)


async def look_at_large_gifts(scene: Scene, fund_id: int, rng: Random) -> None:
    """Two people of finance look at every gift to a fund that rests, so that it may be used."""
    staff, charity_id = scene.staff, scene.world.site.charity_id
    for case in await rows(CASES, fund_id):
        if case["handler_id"] is None:
            what = "单位公户付款，来源清楚。"
            await find_out(case["id"], what, charity_id=charity_id, actor=staff.finance, now=scene.now())
    await scene.at_work(rng, days=1)
    for case in await rows(CASES, fund_id):
        if case["handler_id"] is not None:
            await close_case(
                case["id"], CaseOutcome.CLEARED, charity_id=charity_id, actor=staff.second_finance, now=scene.now()
            )


async def give_as_namesake(scene: Scene, fund_id: int, rng: Random) -> None:
    """An authority lists a name that one of the companies has too; its next small gift is looked at and cleared."""
    staff, world, charity_id = scene.staff, scene.world, scene.world.site.charity_id
    company = scene.companies[-1]
    found = await rows(
        "SELECT g.name FROM account a JOIN organisation g ON g.id = a.organisation_id WHERE a.id = $1",
        company.account_id,
    )
    kind = ListedKind.ORGANISATION
    await add_names(
        charity_id, "示例公告第 1 号", kind, found[0]["name"], actor=staff.finance, sealer=world.sealer, now=scene.now()
    )
    await scene.at_work(rng, days=1)
    await give_much(scene, fund_id, company, USUAL_FEN[-1], rng)


async def give_monthly(scene: Scene, donor: Viewer, fund_id: int) -> None:
    """Somebody who gives every month; the month in which they forget costs them nothing."""
    plan, rng = scene.world.plan, rng_of(scene.world.plan, f"monthly {donor.account_id}")
    plan_id = await start_plan(fund_id, MONTHLY_FEN, MONTHLY_DAY, shows_name=False, actor=donor, now=scene.now())
    forgets_in = rng.randrange(1, 13)
    for month in range(1, 13):
        await scene.timeline.until(_evening(date(plan.year, month, MONTHLY_DAY)))
        for turn in await rows(TURNS, plan_id) if month != forgets_in else ():
            await pay_donation(scene, donor, turn["donation_id"], rng)


def _evening(day: date) -> datetime:
    return beijing_midnight(day) + timedelta(hours=20)
