"""One simulated year from set-up to verdict, stage by stage."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from cishan.accounts.actions import disable_account
from cishan.accounts.sessions import open_session
from cishan.accounts.states import AccountKind
from cishan.clock import beijing_day, beijing_midnight
from cishan.database import JsonRow, rows
from cishan.divisions.rules import subtree, town_of
from cishan.households.registry import NAME_LABEL
from cishan.settings import Settings
from cishan.simulate.books import keep_books
from cishan.simulate.catalogue import draw_item, draw_price_fen
from cishan.simulate.counts import Counted, read_counts
from cishan.simulate.database import own_database
from cishan.simulate.gathering import Need
from cishan.simulate.giving import LARGE_FEN, give_as_namesake, give_much, give_to_fund, look_at_large_gifts
from cishan.simulate.helping import Home, Purse, declare_kin, help_families
from cishan.simulate.life import live
from cishan.simulate.loading import Payroll, load_month, load_registry
from cishan.simulate.plan import Plan
from cishan.simulate.progress import Progress
from cishan.simulate.projects import run_project, ventures
from cishan.simulate.reporting import publish_reports
from cishan.simulate.scene import Scene, chances_of, office_moment, rng_of
from cishan.simulate.staff import Recruiter
from cishan.simulate.sweeps import Sweeps
from cishan.simulate.timeline import Timeline
from cishan.simulate.transfers import give_by_transfer
from cishan.simulate.urgent import help_at_once
from cishan.simulate.usage import MemoryWatch, Stages
from cishan.simulate.world import World, open_world
from cishan.summaries.actions import freeze_lists
from cishan.verify.checks import CheckResult, run_checks
from cishan.verify.promises import CHECKS

MONTHS = 12
DAYS_OF_GATHERING = 8
"""Wishes are gathered in so many days from the first of each month."""
IMPORT_DAY = 10
RETIRES_IN = 6
VILLAGES_PER_TOWN = 2
LARGE_GIFT_IN, HELPS_IN = 4, 9
HELP_FEN = 40_000
URGENT_CASES = 4

VILLAGES = "SELECT code FROM division WHERE level = 5 AND code BETWEEN $1 AND $2 AND valid_to IS NULL ORDER BY code"
HOMES = """
WITH first AS (SELECT household_id, min(id) AS id FROM membership WHERE to_on IS NULL GROUP BY household_id)
SELECT h.id, h.division_code, p.name_sealed AS signer_sealed
  FROM household h
  LEFT JOIN first f ON f.household_id = h.id LEFT JOIN membership m ON m.id = f.id LEFT JOIN person p ON p.id = m.person_id
 WHERE h.division_code = ANY($1) AND h.closed_at IS NULL ORDER BY h.id
"""
"""Families and whose name is on their account; as a join, for a search in each family goes wrong while the tables have no statistics."""
SO_FAR = """
SELECT count(*) AS collected, count(*) FILTER (WHERE status = 'published') AS on_wall,
       count(*) FILTER (WHERE status = 'fulfilled') AS fulfilled FROM wish
"""


@dataclass(frozen=True)
class Outcome:
    """What a run came to. `ended_on` is the day in China on which its last claim had ended."""

    plan: Plan
    ended_on: date
    counted: Counted
    checks: list[CheckResult]
    seconds: dict[str, float]
    peak_bytes: int
    database_url: str

    @property
    def ok(self) -> bool:
        nothing_left = not any(self.counted.counts[name] for name in ("wishes_open", "orders_pending"))
        return (
            all(check.ok for check in self.checks)
            and nothing_left
            and not self.counted.counts["fulfilled_without_list"]
        )


async def simulate_year(plan: Plan, settings: Settings, progress: Progress, *, keep: bool) -> Outcome:
    """Replays the year in a database of its own and returns what came of it. Leaves no process behind."""
    stages = Stages()
    with (
        tempfile.TemporaryDirectory(prefix="cishan_simulation_files_") as directory,
        MemoryWatch() as memory,
        stages.stage("set_up"),
    ):
        async with (
            own_database(settings, keep=keep) as (app_url, owner_url),
            open_world(plan, Path(directory), app_url, owner_url) as world,
        ):
            year = _Year(plan, world, progress, stages)
            await year.replay()
            counted, checks = await year.judge()
            ended_on = beijing_day(world.clock.now())
    return Outcome(plan, ended_on, counted, checks, stages.seconds, memory.peak_bytes, app_url if keep else "")


class _Year:
    def __init__(self, plan: Plan, world: World, progress: Progress, stages: Stages) -> None:
        self._plan = plan
        self._world = world
        self._progress = progress
        self._stages = stages

    async def replay(self) -> None:
        low, high = subtree(self._plan.city_code)
        villages = [row["code"] for row in await rows(VILLAGES, low, high)]
        chosen = _villages_with_staff(self._plan, villages)
        with self._stages.stage("staff_and_donors"):
            self._progress.say(f"邀请 {len(chosen)} 个村的工作人员，注册 {self._plan.scale.donors} 位爱心人士……")
            recruiter = Recruiter(self._world)
            staff = await recruiter.hire(chosen)
            donors = await recruiter.recruit_donors(self._plan.scale.donors)
            companies = await recruiter.recruit_companies(len(donors), self._plan.scale.companies)
        with self._stages.stage("registry"):
            self._progress.say(f"导入 {self._plan.scale.households:,} 户的登记册……")
            places = villages if self._plan.scale.households >= len(villages) else chosen
            payroll = await load_registry(self._world, staff.admin, places)
        timeline = Timeline(self._world.clock)
        scene = Scene(self._world, staff, donors, companies, timeline, chances_of(self._plan))
        with self._stages.stage("year"):
            for need in await self._needs(scene, chosen):
                await timeline.begin(live(scene, need))
            await timeline.begin(self._benefits(scene, payroll))
            await timeline.begin(self._leave(scene))
            await timeline.begin(keep_books(scene))
            await timeline.begin(give_to_fund(scene))
            await timeline.begin(give_by_transfer(scene))
            await timeline.begin(self._help(scene, chosen))
            families = _Families(self._world, villages, chosen, rng_of(self._plan, "families"))
            for venture in ventures(scene, chosen):
                await timeline.begin(run_project(scene, venture, families.take))
            await timeline.begin(publish_reports(scene, date(self._plan.year, MONTHS, 31)))
            await timeline.begin(self._report(scene))
            sweeps = Sweeps(self._world)
            await timeline.run(sweeps.tend)
            await sweeps.run_all()
        with self._stages.stage("lists"):
            await self._freeze()

    async def judge(self) -> tuple[Counted, list[CheckResult]]:
        """Counts and checks, both read from the database."""
        self._progress.say("统计和核对……")
        with self._stages.stage("verify"):
            checks = await run_checks(CHECKS, require_rows=True, now=self._world.clock.now())
            return await read_counts(self._plan.year), checks

    async def _needs(self, scene: Scene, villages: Sequence[str]) -> list[Need]:
        """Which families wish for what, and when; each family once."""
        rng = rng_of(self._plan, "needs")
        homes = await rows(HOMES, list(villages))
        rng.shuffle(homes)
        needs = []
        for number in range(self._plan.scale.wishes):
            home, item = homes[number % len(homes)], draw_item(rng)
            month = 1 + number * MONTHS // self._plan.scale.wishes
            first = beijing_midnight(date(self._plan.year, month, 1))
            needs.append(
                Need(
                    number=number,
                    course=scene.chances.course.deal(),
                    village=home["division_code"],
                    household_id=home["id"],
                    signer=self._world.sealer.open(home["signer_sealed"], NAME_LABEL),
                    item=item,
                    price_fen=draw_price_fen(item, rng),
                    heard_at=office_moment(first, rng.randrange(DAYS_OF_GATHERING), rng),
                )
            )
        return needs

    async def _benefits(self, scene: Scene, payroll: Payroll) -> None:
        """Each month the bureau's files of that month, one for each programme."""
        rng = rng_of(self._plan, "imports")
        for month in range(1, MONTHS + 1):
            day = beijing_midnight(date(self._plan.year, month, IMPORT_DAY))
            await scene.timeline.until(office_moment(day, 0, rng))
            with self._stages.stage("benefits"):
                await load_month(self._world, scene.staff.admin, payroll, date(self._plan.year, month, 1))

    async def _leave(self, scene: Scene) -> None:
        """Someone of the staff retires, still signed in, and their account is closed."""
        staff = scene.staff
        await scene.timeline.until(beijing_midnight(date(self._plan.year, RETIRES_IN, 1)))
        now = await scene.at_work(rng_of(self._plan, "leaving"), days=0)
        await open_session(staff.supervisor.account_id, AccountKind.STAFF, device="模拟", now=now)
        await disable_account(staff.supervisor.account_id, actor=staff.admin, now=now)

    async def _help(self, scene: Scene, villages: Sequence[str]) -> None:
        """A company's large gift in spring becomes help for families in September, when the money has come to the bank."""
        rng, fund_id = rng_of(self._plan, "help"), scene.world.site.fund_id
        await scene.timeline.until(beijing_midnight(date(self._plan.year, LARGE_GIFT_IN, 1)))
        await scene.at_work(rng, days=0)
        await give_much(scene, fund_id, scene.donors[0], LARGE_FEN, rng)
        await give_as_namesake(scene, fund_id, rng)
        await scene.timeline.until(beijing_midnight(date(self._plan.year, HELPS_IN, 1)))
        await scene.at_work(rng, days=0)
        found = await rows(HOMES, list(villages))
        homes = [_home_of(row, self._world) for row in rng.sample(found, self._plan.scale.helped_homes)]
        await declare_kin(scene, homes)
        await look_at_large_gifts(scene, fund_id, rng)
        await help_families(scene, Purse(fund_id, HELP_FEN), homes, rng)
        await help_at_once(scene, fund_id, homes[:URGENT_CASES], rng)

    async def _report(self, scene: Scene) -> None:
        """Says once a month how things stand."""
        for month in range(2, MONTHS + 2):
            year, shown = divmod(month - 1, MONTHS)
            await scene.timeline.until(beijing_midnight(date(self._plan.year + year, shown + 1, 1)))
            found = (await rows(SO_FAR))[0]
            self._progress.say(
                f"{self._plan.year} 年 {month - 1:2} 月底：征集 {found['collected']}，"
                f"墙上 {found['on_wall']}，圆梦 {found['fulfilled']}"
            )

    async def _freeze(self) -> None:
        """The lists of the year, and of the next one for wishes that were handed over after its end."""
        self._progress.say("冻结每户的幸福清单……")
        for year in (self._plan.year, self._plan.year + 1):
            await freeze_lists(self._plan.city_code, year, now=self._world.clock.now())


class _Families:
    """Families of the towns that have staff, in the order in which projects help them; each once."""

    def __init__(self, world: World, villages: Sequence[str], staffed: Sequence[str], rng: Random) -> None:
        towns = {town_of(village) for village in staffed}
        self._world = world
        self._villages = [village for village in villages if town_of(village) in towns]
        self._taken: set[int] = set()
        self._rng = rng

    async def take(self, count: int) -> list[Home]:
        """So many families that still live where they are registered and have not been helped yet."""
        found = [row for row in await rows(HOMES, self._villages) if row["id"] not in self._taken]
        chosen = self._rng.sample(found, count)
        self._taken |= {row["id"] for row in chosen}
        return [_home_of(row, self._world) for row in chosen]


def _home_of(row: JsonRow, world: World) -> Home:
    return Home(row["id"], row["division_code"], world.sealer.open(row["signer_sealed"], NAME_LABEL))


def _villages_with_staff(plan: Plan, villages: Sequence[str]) -> list[str]:
    """Two villages in each of some towns, so that each coordinator has a colleague."""
    rng = rng_of(plan, "villages")
    by_town: dict[str, list[str]] = {}
    for village in villages:
        by_town.setdefault(town_of(village), []).append(village)
    towns = sorted(town for town, found in by_town.items() if len(found) >= VILLAGES_PER_TOWN)
    wanted = min(len(towns), plan.scale.villages // VILLAGES_PER_TOWN)
    chosen = rng.sample(towns, wanted)
    return sorted(village for town in chosen for village in rng.sample(by_town[town], VILLAGES_PER_TOWN))
