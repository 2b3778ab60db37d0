"""The charity projects of a year, each a story: drafted, decided, filed, given to, ended by itself, spent, told about, settled."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from cishan.clock import beijing_day, beijing_midnight
from cishan.database import rows
from cishan.disclosures.gate import KeptDuties
from cishan.divisions.rules import county_of
from cishan.donations.totals import total_of
from cishan.plans.plan import BudgetItem, Plan
from cishan.plans.rules import Decision
from cishan.plans.states import AtTarget, GivingWay, ProjectKind, SurplusRule
from cishan.projects.actions import (
    change_plan,
    decide_project,
    draft_project,
    file_project,
    open_at_once,
    settle_project,
)
from cishan.projects.amending import Change, decide_amendment, file_amendment, propose_amendment
from cishan.projects.rules import Filing
from cishan.projects.states import ProjectStatus
from cishan.simulate.books import bring_to_bank
from cishan.simulate.causes import CAUSES, Cause
from cishan.simulate.giving import USUAL_FEN, Gift, give, give_much, look_at_large_gifts, take_back
from cishan.simulate.helping import Home, Purse, help_families
from cishan.simulate.places import help_place
from cishan.simulate.scene import DAY, Scene, rng_of
from cishan.surplus.actions import decide_surplus, left_of, propose_surplus

FIRST_DRAFT, LAST_DRAFT = (1, 6), (7, 1)
"""The days on which the year's first and last projects are drafted."""
EMERGENCY_AFTER = DAY
AMENDED = 0
"""The project whose filed plan changes while it is open."""
BEGINS_AFTER, OPEN_FOR, USE_FOR = 30 * DAY, 60 * DAY, 60 * DAY
GIVES_UNTIL = 40 * DAY
"""People give in the first days of a campaign; then two companies give the rest."""
HELP_FEN = 160_000
BY_A_VILLAGE = 9
"""Of every so many projects one part is spent by a village and a supplier."""
TAKES_BACK = 2
"""Which gift of each project is taken back within the hour."""
SETTLES_AFTER = 3
WHY_NEAR = "剩下的不够帮一户，转去圆困难家庭的微心愿，目的相近。"

TakeHomes = Callable[[int], Awaitable[list[Home]]]
"""Gives so many families that no project has helped yet."""


@dataclass(frozen=True)
class Venture:
    """One project of the year: its place in the year, and the village whose editor drafts it."""

    number: int
    village: str
    cause: Cause
    drafted_at: datetime
    is_emergency: bool

    @property
    def at_target(self) -> AtTarget:
        return AtTarget.STOP if self.number % 2 else AtTarget.GO_ON


def ventures(scene: Scene, villages: Sequence[str]) -> list[Venture]:
    """The projects of the year, spread over its first half and over the counties; the last is an emergency."""
    plan = scene.world.plan
    first, last = date(plan.year, *FIRST_DRAFT), date(plan.year, *LAST_DRAFT)
    count = plan.scale.projects
    return [
        Venture(
            number=number,
            village=villages[number * len(villages) // count],
            cause=CAUSES[number % len(CAUSES)],
            drafted_at=beijing_midnight(first + (last - first) * number // count),
            is_emergency=number == count - 1,
        )
        for number in range(count)
    ]


async def run_project(scene: Scene, venture: Venture, take_homes: TakeHomes) -> None:
    """Raises RuntimeError when the worker's jobs did not begin or end it at its minute, or it could not be settled."""
    rng = rng_of(scene.world.plan, f"project {venture.number}")
    await scene.timeline.until(venture.drafted_at)
    project_id = await (_begin_at_once if venture.is_emergency else _file)(scene, venture, rng)
    row = (await rows("SELECT fund_id, target_fen, starts_at, ends_at FROM project WHERE id = $1", project_id))[0]
    await scene.timeline.until(row["starts_at"] + DAY)
    await _expect(project_id, ProjectStatus.OPEN)
    if venture.is_emergency:
        await _enter_filing(scene, venture, project_id, await scene.at_work(rng, days=2))
    if venture.number == AMENDED:
        await _amend(scene, venture, project_id, rng)
    await _raise(scene, venture, row["fund_id"], row["target_fen"], rng)
    await scene.timeline.until(row["ends_at"] + DAY)
    await _expect(project_id, ProjectStatus.CLOSED)
    await _spend(scene, venture, project_id, row["fund_id"], take_homes, rng)
    await _pass_on(scene, venture, project_id, row["fund_id"], rng)
    await scene.timeline.until(row["ends_at"] + USE_FOR + SETTLES_AFTER * DAY)
    now = await scene.at_work(rng, days=0)
    await settle_project(project_id, duties=KeptDuties(), actor=scene.staff.director, now=now)
    await _expect(project_id, ProjectStatus.SETTLED)


async def _file(scene: Scene, venture: Venture, rng: Random) -> int:
    """Each step by the person whose step it is, on a working day of its own."""
    now = await scene.at_work(rng, days=0)
    project_id = await _draft(scene, venture, now, begins_after=BEGINS_AFTER)
    await _decide(scene, venture, project_id, await scene.at_work(rng, days=1))
    await _enter_filing(scene, venture, project_id, await scene.at_work(rng, days=1))
    return project_id


async def _begin_at_once(scene: Scene, venture: Venture, rng: Random) -> int:
    """An emergency: decided on the day, begun the day after, filed within the ten days that the law gives."""
    now = await scene.at_work(rng, days=0)
    project_id = await _draft(scene, venture, now, begins_after=EMERGENCY_AFTER)
    await _decide(scene, venture, project_id, await scene.after(hours=2))
    starts_at = (await rows("SELECT starts_at FROM project WHERE id = $1", project_id))[0]["starts_at"]
    now = await scene.timeline.until(starts_at + timedelta(hours=1))
    await open_at_once(project_id, duties=KeptDuties(), actor=scene.staff.editor(venture.village), now=now)
    return project_id


async def _draft(scene: Scene, venture: Venture, now: datetime, *, begins_after: timedelta) -> int:
    editor = scene.staff.editor(venture.village)
    project_id = await draft_project(scene.world.site.charity_id, actor=editor, now=now)
    await change_plan(project_id, _plan(scene, venture, now + begins_after), actor=editor, now=now)
    return project_id


async def _decide(scene: Scene, venture: Venture, project_id: int, now: datetime) -> None:
    decision = Decision(f"示例〔{now.year}〕{venture.number + 1} 号", beijing_day(now))
    await decide_project(project_id, decision, actor=scene.staff.director, now=now)


async def _enter_filing(scene: Scene, venture: Venture, project_id: int, now: datetime) -> None:
    filing = Filing(f"{scene.world.site.uscc}P{now:%y}{venture.number + 1:03d}", beijing_day(now))
    editor = scene.staff.editor(venture.village)
    await file_project(project_id, filing, duties=KeptDuties(), actor=editor, now=now)


async def _amend(scene: Scene, venture: Venture, project_id: int, rng: Random) -> None:
    """The office moves: proposed, decided and filed again within ten days."""
    editor, now = scene.staff.editor(venture.village), await scene.at_work(rng, days=0)
    change = Change("office", "示例路 2 号", "办公地点搬到了示例路 2 号。", beijing_day(now))
    amendment_id = await propose_amendment(project_id, change, actor=editor, now=now)
    await decide_amendment(amendment_id, actor=scene.staff.director, now=await scene.at_work(rng, days=1))
    now = await scene.at_work(rng, days=1)
    await file_amendment(amendment_id, beijing_day(now), actor=editor, now=now)


def _plan(scene: Scene, venture: Venture, begins: datetime) -> Plan:
    world, cause = scene.world, venture.cause
    homes = world.plan.scale.project_homes
    starts_at = beijing_midnight(beijing_day(begins))
    ends_at = starts_at + OPEN_FOR
    return Plan(
        kind=ProjectKind.EMERGENCY if venture.is_emergency else ProjectKind.ORDINARY,
        name=f"{cause.name} {venture.number + 1} 期",
        purpose=cause.purpose,
        area_code=county_of(venture.village),
        starts_at=starts_at,
        ends_at=ends_at,
        use_ends_on=beijing_day(ends_at + USE_FOR),
        leader_id=scene.staff.editor(venture.village).account_id,
        office=world.site.address,
        ways=(GivingWay.ONLINE,),
        bank_account="37050000000000000001",
        bank_account_name=world.site.name,
        target_fen=homes * HELP_FEN,
        beneficiaries=cause.beneficiaries,
        beneficiaries_count=homes * 2,
        choosing="由村和乡镇走访核实，公示以后确定。",
        surplus_rule=SurplusRule.NEAR_PURPOSE,
        surplus_words="转给目的相近的微心愿项目，并公布。",
        at_target=venture.at_target,
        platform_url="https://cszg.mca.gov.cn/",
        budget=(BudgetItem(cause.budget, homes * HELP_FEN),),
    )


async def _raise(scene: Scene, venture: Venture, fund_id: int, target_fen: int, rng: Random) -> None:
    """People give small sums, one of them takes it back; two companies give what is lacking, to the fen.

    Where the plan goes on at its target, somebody gives beyond it.
    """
    scale = scene.world.plan.scale
    began = scene.now()
    minutes = sorted(rng.randrange(GIVES_UNTIL // timedelta(minutes=1)) for _ in range(scale.project_gifts))
    for number, minute in enumerate(minutes, start=1):
        await scene.timeline.until(began + timedelta(minutes=minute))
        donor = rng.choice(scene.donors)
        donation_id = await give(scene, donor, Gift(fund_id, rng.choice(USUAL_FEN)), rng)
        if number == TAKES_BACK:
            await take_back(scene, donor, donation_id)
    await scene.timeline.until(began + GIVES_UNTIL)
    for part in (2, 1):
        company = scene.companies[(2 * venture.number + part) % len(scene.companies)]
        lacking_fen = target_fen - (await total_of(fund_id)).given_fen
        await scene.at_work(rng, days=1)
        await give_much(scene, fund_id, company, lacking_fen // part, rng)
    if venture.at_target is AtTarget.GO_ON:
        await give(scene, rng.choice(scene.donors), Gift(fund_id, rng.choice(USUAL_FEN)), rng)


async def _spend(
    scene: Scene, venture: Venture, project_id: int, fund_id: int, take_homes: TakeHomes, rng: Random
) -> None:
    """All of it is taken to the bank and paid to as many families as it helps; of some, a village and a supplier get one part."""
    await scene.at_work(rng, days=1)
    await look_at_large_gifts(scene, fund_id, rng)
    given_fen = (await total_of(fund_id)).given_fen
    await bring_to_bank(scene, fund_id, given_fen)
    line = (await rows("SELECT id FROM budget_line WHERE project_id = $1", project_id))[0]["id"]
    await scene.at_work(rng, days=1)
    purse, places = Purse(fund_id, HELP_FEN, line), int(venture.number % BY_A_VILLAGE == 0)
    if places:
        await help_place(scene, purse, venture.village, rng)
    homes = await take_homes(given_fen // HELP_FEN - places)
    await help_families(scene, purse, homes, rng)


async def _pass_on(scene: Scene, venture: Venture, project_id: int, fund_id: int, rng: Random) -> None:
    """What is left helps no whole family: it goes to the 微心愿 fund, by the editor and the director."""
    if not (await left_of(fund_id, 0)).fen:
        return
    editor, wish_fund = scene.staff.editor(venture.village), scene.world.site.fund_id
    now = await scene.at_work(rng, days=1)
    await propose_surplus(project_id, wish_fund, WHY_NEAR, actor=editor, now=now)
    now = await scene.at_work(rng, days=1)
    await decide_surplus(project_id, actor=scene.staff.director, now=now)


async def _expect(project_id: int, status: ProjectStatus) -> None:
    found = (await rows("SELECT status FROM project WHERE id = $1", project_id))[0]["status"]
    if found != status:
        raise RuntimeError(f"project {project_id} is {found}, not {status.value}")
