"""The life of a charity project of the year, as a story: drafted, decided, filed, given to, and ended by itself."""

from datetime import date, timedelta

from cishan.clock import beijing_day, beijing_midnight
from cishan.database import rows
from cishan.disclosures.gate import KeptDuties
from cishan.divisions.rules import county_of
from cishan.projects.actions import change_plan, decide_project, draft_project, file_project
from cishan.projects.filing_rules import Filing
from cishan.projects.plan import BudgetItem, Plan
from cishan.projects.rules import Decision
from cishan.projects.states import AtTarget, GivingWay, ProjectStatus, SurplusRule
from cishan.simulate.giving import USUAL_FEN, Gift, give
from cishan.simulate.scene import Scene, rng_of

DAY = timedelta(days=1)
DRAFTED_ON = (1, 20)
OPEN_FOR_DAYS = 90
GIFTS = 6
TARGET_FEN = 8_000_000


async def run_project(scene: Scene, village: str) -> None:
    """One project of a county; raises RuntimeError when the worker's jobs did not begin or end it at its minute."""
    plan = scene.world.plan
    rng = rng_of(plan, "project")
    await scene.timeline.until(beijing_midnight(date(plan.year, *DRAFTED_ON)))
    project_id = await _file(scene, village)
    row = (await rows("SELECT fund_id, starts_at, ends_at FROM project WHERE id = $1", project_id))[0]
    await scene.timeline.until(row["starts_at"] + DAY)
    await _expect(project_id, ProjectStatus.OPEN)
    for donor in rng.sample(scene.donors, min(GIFTS, len(scene.donors))):
        await scene.at_work(rng, days=rng.randint(1, 5))
        await give(scene, donor, Gift(row["fund_id"], rng.choice(USUAL_FEN)), rng)
    await scene.timeline.until(row["ends_at"] + DAY)
    await _expect(project_id, ProjectStatus.CLOSED)


async def _file(scene: Scene, village: str) -> int:
    """Each step by the person whose step it is, on a working day of its own."""
    world, rng = scene.world, rng_of(scene.world.plan, "project filing")
    editor, director = scene.staff.editor(village), scene.staff.director
    now = await scene.at_work(rng, days=0)
    project_id = await draft_project(world.site.charity_id, actor=editor, now=now)
    starts_at = beijing_midnight(beijing_day(now) + 20 * DAY)
    ends_at = starts_at + OPEN_FOR_DAYS * DAY
    drafted = Plan(
        name="寒冬送暖",
        purpose="为困难家庭送去棉被和取暖费。",
        area_code=county_of(village),
        starts_at=starts_at,
        ends_at=ends_at,
        use_ends_on=beijing_day(ends_at) + OPEN_FOR_DAYS * DAY,
        leader_id=editor.account_id,
        office=world.site.address,
        ways=(GivingWay.ONLINE,),
        bank_account="37050000000000000001",
        bank_account_name=world.site.name,
        target_fen=TARGET_FEN,
        beneficiaries="本县低保、特困家庭",
        beneficiaries_count=300,
        choosing="走访核实，公示以后确定。",
        surplus_rule=SurplusRule.SAME_PURPOSE,
        surplus_words="继续用于送棉被，并公布。",
        at_target=AtTarget.GO_ON,
        platform_url="https://cszg.mca.gov.cn/",
        budget=(BudgetItem("棉被", TARGET_FEN),),
    )
    await change_plan(project_id, drafted, actor=editor, now=now)
    now = await scene.at_work(rng, days=1)
    decision = Decision(f"示例〔{now.year}〕1 号", beijing_day(now))
    await decide_project(project_id, decision, actor=director, now=now)
    now = await scene.at_work(rng, days=1)
    filing = Filing(f"{world.site.uscc}P{now:%y}001", beijing_day(now))
    await file_project(project_id, filing, duties=KeptDuties(), actor=editor, now=now)
    return project_id


async def _expect(project_id: int, status: ProjectStatus) -> None:
    found = (await rows("SELECT status FROM project WHERE id = $1", project_id))[0]["status"]
    if found != status:
        raise RuntimeError(f"project {project_id} is {found}, not {status.value}")
