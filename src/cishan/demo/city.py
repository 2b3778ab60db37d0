"""Loads the demo's city, once: charity, divisions, people, families, benefits, wishes, claims and last year's lists.

All of it is one transaction, so a start that is killed half-way leaves nothing and the next one begins anew; a city
that stands is never touched. Everything goes through the rooms' own actions, with the days on which it would have
happened. Payments are settled with the `Trade` a gateway would vouch for: the sandbox is not up yet while the city is
loaded, and what is paid by hand later goes through it over real HTTP. Chance is seeded: the same families every time.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cryptography.exceptions import InvalidTag
from tortoise.transactions import in_transaction

from cishan.accounts.actions import PHONE_LABEL
from cishan.charities.actions import CharityFacts, set_up_charity
from cishan.charities.queries import Site, load_site
from cishan.charities.states import LegalMode
from cishan.claims.states import OVER, ClaimStatus, ClaimWay
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.demo.giving import give_to_the_fund
from cishan.demo.help import help_families
from cishan.demo.journey import Home, Journey, Stage, Waits
from cishan.demo.papers import write_papers
from cishan.demo.payments import import_payments
from cishan.demo.people import CITY, SEED, VILLAGES, Family, families
from cishan.demo.projects import open_projects
from cishan.demo.publishing import publish_reports
from cishan.demo.reconciliation import agree_with_bills
from cishan.demo.refunds import propose_refund
from cishan.demo.staff import Crew, open_accounts
from cishan.demo.texts import SAMPLES, Sample
from cishan.demo.voices import raise_doubts, report_pages
from cishan.divisions.actions import load_divisions
from cishan.divisions.rules import town_of
from cishan.households.actions import give_consent, open_household
from cishan.households.states import ConsentMethod, ConsentPurpose
from cishan.ledger.actions import number_entries
from cishan.ledger.chain import chain_entries, publish_heads
from cishan.payments.owners import LineOwners
from cishan.services import Services
from cishan.summaries.actions import freeze_lists
from cishan.wishes.campaigns import DEFAULT_TERMS, TermsFigures, open_campaign
from cishan.wishes.states import WishKind, WishStatus

FAMILIES_IN_A_VILLAGE = 7
ENTRIES = 10_000
"""More than the demo books."""
DAY = timedelta(days=1)
OPENED_DAYS_AGO = 560
"""When the demo's office opened: early enough for wishes of last year."""
LISTED_DAYS_AGO = 12
"""When last year's lists were frozen: long enough for a doubt that nobody has answered in time."""

Report = Callable[[str], None]

P, S = WishStatus.PUBLISHED, Stage
PLAN: tuple[tuple[Stage, int, int], ...] = (
    (S(P), 18, 8),
    (S(WishStatus.DRAFT), 3, 1),
    (S(WishStatus.FILED), 5, 2),
    (S(WishStatus.VISITED), 4, 3),
    (S(WishStatus.WORDED), 5, 4),
    (S(WishStatus.RETURNED), 2, 5),
    (S(WishStatus.WITHDRAWN), 1, 30),
    (S(WishStatus.LAPSED), 1, 90),
    (S(P, ClaimStatus.PROMISED, ClaimWay.BRING), 2, 7),
    (S(P, ClaimStatus.PROMISED, ClaimWay.GIVE_TIME), 1, 8),
    (S(P, ClaimStatus.PAID), 3, 6),
    (S(P, ClaimStatus.ADVANCED), 2, 8),
    (S(P, ClaimStatus.BOUGHT), 2, 9),
    (S(P, ClaimStatus.DELIVERED), 2, 12),
    (S(P, ClaimStatus.QUESTIONED), 1, 18),
    (S(P, ClaimStatus.CONFIRMED, thanks=True), 6, 60),
    (S(P, ClaimStatus.CONFIRMED, ClaimWay.GIVE_TIME, thanks=True), 2, 75),
    (S(P, ClaimStatus.CONFIRMED, thanks=True), 4, 400),
    # What went otherwise, so that the desks have work and a giver sees how it ends.
    (S(WishStatus.VISITED, waits=Waits.WORDS), 1, 5),
    (S(P, ClaimStatus.ADVANCED, waits=Waits.LEAVE), 2, 9),
    (S(P, ClaimStatus.DELIVERED, waits=Waits.PICTURE), 2, 13),
    (S(P, ClaimStatus.CONFIRMED, thanks=True, waits=Waits.THANKS), 2, 16),
    (S(P, ClaimStatus.CANCELLED), 1, 11),
    (S(P, ClaimStatus.LAPSED), 1, 26),
    (S(P, ClaimStatus.HANDED_BACK, ClaimWay.BRING), 1, 34),
    (S(P, ClaimStatus.ENDED), 1, 45),
    # And what is late.
    (S(WishStatus.FILED), 1, 11),
    (S(WishStatus.WORDED), 1, 13),
    (S(P, ClaimStatus.PAID), 1, 14),
    (S(P, ClaimStatus.ADVANCED), 2, 20),
    (S(P, ClaimStatus.BOUGHT), 1, 24),
    (S(P, ClaimStatus.DELIVERED), 1, 23),
)
"""How far wishes go, how many go so far, and how many days ago the first of them began."""


@dataclass(frozen=True)
class _Plan:
    stage: Stage
    sample: Sample
    started: datetime


async def city_stands() -> bool:
    """Whether this database has its city; it has all of it or nothing."""
    return await load_site() is not None


async def city_opens(services: Services) -> bool:
    """Whether the city that stands was sealed with the keys at hand; with others nobody could sign in."""
    found = await rows("SELECT phone_sealed FROM account ORDER BY id LIMIT 1")
    try:
        return all(services.sealer.open(row["phone_sealed"], PHONE_LABEL) for row in found)
    except (KeyError, InvalidTag):
        return False


async def load_city(services: Services, owners: LineOwners, *, report: Report) -> None:
    """Loads the city into an empty, migrated database. `report` is told, in Chinese, what is being done."""
    now = services.clock.now()
    opened = now - OPENED_DAYS_AGO * DAY
    chance = random.Random(SEED)
    async with in_transaction():
        report("慈善组织和行政区划")
        site = await open_office(opened)
        report("工作人员和爱心人士的账号")
        crew = await open_accounts(sealer=services.sealer, now=opened)
        report("困难家庭和他们的同意书")
        city = [
            family
            for village in VILLAGES
            for family in families(village, FAMILIES_IN_A_VILLAGE, beijing_day(opened), chance)
        ]
        homes = [await _settle(family, crew, services, opened) for family in city]
        report("去年和今年的补助发放表")
        listed = now - LISTED_DAYS_AGO * DAY
        await import_payments(city, actor=crew.admin, services=services, now=listed - DAY)
        report("微心愿：登记、走访、发布、认领、圆梦")
        journey = Journey(crew, site, services, owners)
        await _make_wishes(journey, homes, crew, now, chance)
        report("慈善筹项目：备案、募捐、进展")
        await open_projects(crew, site, services, owners, now=now)
        report("捐给微心愿项目的款")
        await give_to_the_fund(crew, site, services, owners, now=now)
        report("支付宝账单和银行流水")
        await agree_with_bills(crew, site, services, owners, now=now)
        report("救助款")
        await help_families(crew, site, homes, services, now=now)
        await number_entries()
        report("公开的报告")
        await publish_reports(crew, site, now=now)
        report("捐赠票据和证书")
        await write_papers(crew, sealer=services.sealer, now=now)
        await propose_refund(crew, site, owners, now=now)
        await chain_entries(limit=ENTRIES, now=now)
        await publish_heads(now=now)
        report("去年的幸福清单")
        await freeze_lists(CITY, beijing_day(now).year - 1, now=listed)
        report("疑问和举报")
        await raise_doubts(crew, services.sealer, beijing_day(now).year - 1, now=now)
        await report_pages(crew, services.sealer, now=now)


async def open_office(opened: datetime, figures: TermsFigures = DEFAULT_TERMS) -> Site:
    """The divisions, the charity and its standing campaign: what there is before anybody comes."""
    await load_divisions(CITY)
    charity = await set_up_charity(_facts(), now=opened)
    await open_campaign(charity.id, now=opened, figures=figures)
    site = await load_site()
    assert site is not None
    return site


def _facts() -> CharityFacts:
    return CharityFacts(
        name="德州市慈善总会",
        uscc="53371400MJE0000011",
        division_code=CITY,
        legal_mode=LegalMode.OWN_SITE,
        contact_phone="0534-0000000",
        report_phone="0534-0000001",
        address="德州市德城区示例路 1 号",
        registration_number="示例登记证 0001 号",
        certificate_number="示例公开募捐资格证 0001 号",
        certificate_from=date(2017, 1, 1),
        bank_name="示例银行德州分行",
        bank_number="37050000000000000001",
        fund_name="微心愿",
        filing_number="示例备案 53371400MJE0000011A25001",
        fund_purpose="满足本市困难家庭的微心愿。受益人由村和乡镇走访核实，按先后次序确定，不指定个人。",
    )


async def _settle(family: Family, crew: Crew, services: Services, opened: datetime) -> Home:
    village = family.facts.division_code
    coordinator = crew.coordinators[village]
    household_id = await open_household(family.facts, actor=coordinator, sealer=services.sealer, now=opened)
    await give_consent(
        household_id,
        (ConsentPurpose.STORE, ConsentPurpose.SHOW_TO_CLAIMER, ConsentPurpose.PUBLISH_PICTURE),
        ConsentMethod.PAPER,
        family.facts.members[0].name,
        actor=coordinator,
        sealer=services.sealer,
        now=opened,
    )
    town = town_of(village)
    neighbour = next(code for code in crew.coordinators if code != village and town_of(code) == town)
    return Home(household_id, village, family.group, coordinator, crew.coordinators[neighbour], crew.reviewers[town])


async def _make_wishes(
    journey: Journey, homes: Sequence[Home], crew: Crew, now: datetime, chance: random.Random
) -> None:
    """The oldest first, as they would have come: ids, orders and entries then stand in the order of their days."""
    plans = sorted(_plans(now, chance), key=lambda plan: plan.started)
    shuffled = list(homes)
    chance.shuffle(shuffled)
    for number, plan in enumerate(plans):
        # Whoever signs in as the first donor finds every end that a claim can have.
        donor = crew.donors[0 if plan.stage.claim in OVER else number % len(crew.donors)]
        await journey.take(shuffled[number % len(shuffled)], plan.sample, plan.stage, donor, plan.started)


def _plans(now: datetime, chance: random.Random) -> Iterator[_Plan]:
    things = [sample for sample in SAMPLES if sample.kind is WishKind.THING]
    times = [sample for sample in SAMPLES if sample.kind is not WishKind.THING]
    for stage, count, days_ago in PLAN:
        for number in range(count):
            samples = times if stage.way is ClaimWay.GIVE_TIME else things if stage.claim else SAMPLES
            started = now - timedelta(days=days_ago + number, minutes=chance.randint(0, 600))
            yield _Plan(stage, chance.choice(samples), started)
