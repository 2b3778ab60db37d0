"""Giving to a project, and its donor roll. What the filed plan does with money beyond the target is said before paying."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from cishan.donations.pages import Cause
from cishan.donations.roll import NEWEST, RollRow, roll_of
from cishan.donations.views import ask, take
from cishan.errors import Conflict
from cishan.labels import label
from cishan.projects.public import PublicProject, public_project
from cishan.projects.states import AtTarget, ProjectStatus
from cishan.public_pages import public_mark
from cishan.templating import page_response, yuan
from cishan.web import MAX_ID, path_id, services_of

ON_A_PAGE = 50


@dataclass(frozen=True)
class RollPage:
    """A page of the roll; `older` is the address of what comes after it."""

    project_id: int
    name: str
    words: str
    gifts: tuple[RollRow, ...]
    older: str


async def show_give(request: Request) -> Response:
    return await ask(request, await _cause(request))


async def give(request: Request) -> Response:
    return await take(request, await _cause(request))


async def show_roll(request: Request) -> Response:
    """Who gave, as far as they want it known, and how much; fifty at a time however long the roll is."""
    services = services_of(request)
    project = await public_project(path_id(request), sealer=services.sealer)
    found = await roll_of(project.fund_id, limit=ON_A_PAGE + 1, sealer=services.sealer, before=_before(request))
    shown = found[:ON_A_PAGE]
    page = RollPage(
        project_id=project.id,
        name=project.plan.name,
        words=f"{project.total.gifts:,} 笔，一共 {yuan(project.total.given_fen)}",
        gifts=shown,
        older=f"/projects/{project.id}/gifts?before={shown[-1].id}" if len(found) > ON_A_PAGE else "",
    )
    return page_response(request, "projects/roll.html", page, headers=public_mark(request))


def _before(request: Request) -> int:
    """What can't be read asks for the newest."""
    text = request.query_params.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and int(text) <= MAX_ID else NEWEST


async def _cause(request: Request) -> Cause:
    """Raises Conflict for a project that takes no money, before anybody has typed anything."""
    site = request.state.site
    project = await public_project(path_id(request), sealer=services_of(request).sealer)
    if project.status is not ProjectStatus.OPEN:
        raise Conflict("这个项目的募捐已经结束，不再收款。没有扣您的钱。")
    return Cause(
        fund_id=project.fund_id,
        fund_name=project.plan.name,
        filing_number=project.filing_number or "应急项目，正在补办备案",
        purpose=project.plan.purpose,
        charity_name=site.name,
        lead="钱只用在这个项目上，用到哪里都会公开。",
        action=f"/projects/{project.id}/give",
        back=f"/projects/{project.id}",
        terms=terms_of(project),
        late_choices=(),
        monthly=f"/me/monthly?fund={project.fund_id}",
    )


def terms_of(project: PublicProject) -> tuple[str, ...]:
    """What becomes of money beyond the target, in the words of the filed plan; the first sentence says how it stands now."""
    plan, given_fen = project.plan, project.total.given_fen
    left_fen = max(plan.target_fen - given_fen, 0)
    surplus = (
        f"按备案的方案使用：{label(plan.surplus_rule)}。{plan.surplus_words}" if plan.surplus_rule else plan.surplus_words
    )
    if plan.at_target is AtTarget.STOP:
        return (f"还差 {yuan(left_fen)}筹够，筹够就停止收款，超过的自动退回。",)
    if left_fen:
        return (f"还差 {yuan(left_fen)}筹够。筹够以后继续收款，多出来的{surplus}",)
    return (f"已经筹够 {yuan(plan.target_fen)}了，您现在捐的钱会多出来。{surplus}",)
