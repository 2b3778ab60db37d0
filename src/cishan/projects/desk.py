"""The desk of projects: the list with what is due, one project, and the steps of its life, each signed by one person."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.divisions.queries import names_of as names_of_places
from cishan.errors import Conflict, InvalidInput
from cishan.forms.reading import parse_form, read_fields, typed_text
from cishan.forms.replay import answer_once
from cishan.labels import label
from cishan.permissions import Permission, holds
from cishan.plans.forms import DecisionForm, FilingForm, ReasonForm
from cishan.plans.rules import Decision
from cishan.plans.words import answers_of
from cishan.projects import actions
from cishan.projects.actions import faults_now
from cishan.projects.duties import Duties
from cishan.projects.pages import DeskPage, SignPage, desk_line, project_page
from cishan.projects.queries import StaffProject, desk_projects, leaders_in, staff_project, steps_of
from cishan.projects.rules import Filing
from cishan.projects.states import LIVE, STEP_LABELS, ProjectStatus, can
from cishan.templating import page_response
from cishan.web import done, path_id, services_of, viewer_of

Show = Callable[[Request, Mapping[str, object], Mapping[str, str]], Awaitable[Response]]
Act = Callable[[FormData], Awaitable[str]]

WAITING = frozenset({ProjectStatus.DRAFT, ProjectStatus.DECIDED})


async def show_projects(request: Request) -> Response:
    """Every project in one's place, those that wait for a step first."""
    viewer, now = viewer_of(request), services_of(request).clock.now()
    found = await desk_projects(viewer)
    areas = await names_of_places(sorted({row.area_code for row in found}))
    lines = tuple(desk_line(row, areas, now) for row in found)
    page = DeskPage(
        lines=lines,
        waiting=sum(row.status in WAITING for row in found),
        late=sum(line.is_late for line in lines),
        can_draft=holds(viewer.role, Permission.MANAGE_PROJECTS),
    )
    return page_response(request, "projects/desk.html", page)


async def draft(request: Request) -> Response:
    """Starts a draft and goes to its first step."""

    async def act(_: FormData) -> str:
        now = services_of(request).clock.now()
        project_id = await actions.draft_project(request.state.site.charity_id, actor=viewer_of(request), now=now)
        return f"/desk/projects/{project_id}/edit/what"

    form = await read_fields(request)
    return done(await answer_once(request, lambda: act(form)), "saved")


async def show_project(request: Request) -> Response:
    return await project_response(request, {}, {})


async def show_decision(request: Request) -> Response:
    return await _decision_page(request, {}, {})


async def decide(request: Request) -> Response:
    project_id = path_id(request)

    async def act(form: FormData) -> str:
        given = parse_form(form, DecisionForm)
        decision = Decision(given.decision_no, given.decided_on)
        await actions.decide_project(project_id, decision, actor=viewer_of(request), now=_now(request))
        return f"/desk/projects/{project_id}"

    return await write(request, act, "project-decided", show_again=_decision_page)


async def show_filing(request: Request) -> Response:
    return await _filing_page(request, {}, {})


async def file(request: Request) -> Response:
    project_id = path_id(request)

    async def act(form: FormData) -> str:
        given = parse_form(form, FilingForm)
        filing = Filing(given.filing_number, given.filed_on)
        await actions.file_project(
            project_id, filing, duties=duties_of(request), actor=viewer_of(request), now=_now(request)
        )
        return f"/desk/projects/{project_id}"

    return await write(request, act, "project-filed", show_again=_filing_page)


async def reopen(request: Request) -> Response:
    return await _with_reason(request, actions.reopen_draft, "project-reopened")


async def withdraw(request: Request) -> Response:
    return await _with_reason(request, actions.withdraw_project, "project-withdrawn")


async def pause(request: Request) -> Response:
    return await _with_reason(request, actions.pause_project, "project-paused")


async def open_at_once(request: Request) -> Response:
    return await _plain_step(request, actions.open_at_once, "project-opened", duties=duties_of(request))


async def resume(request: Request) -> Response:
    return await _plain_step(request, actions.resume_project, "project-resumed")


async def settle(request: Request) -> Response:
    return await _plain_step(request, actions.settle_project, "project-settled", duties=duties_of(request))


# --- shared with the other desks of this room --------------------------------------------------------------------


async def write(request: Request, act: Act, notice: str, *, show_again: Show) -> Response:
    """Runs one write; a refused form is shown again with what was typed, each refusal on its field."""
    form = await read_fields(request)
    try:
        return done(await answer_once(request, lambda: act(form)), notice)
    except InvalidInput as error:
        return await show_again(request, dict(typed_text(form)), error.fields)
    except Conflict as error:
        return await show_again(request, dict(typed_text(form)), {"": error.sentence})


def duties_of(request: Request) -> Duties:
    duties: Duties = request.app.state.project_duties
    return duties


async def places_and_leaders(request: Request, project: StaffProject) -> tuple[dict[str, str], dict[int, str]]:
    """Names for the area and the leaders that a project's pages speak of."""
    codes = {project.core.plan.area_code, *(one.new_value for one in project.amendments if one.field == "area_code")}
    leaders = await leaders_in(viewer_of(request), sealer=services_of(request).sealer)
    return await names_of_places(sorted(codes)), dict(leaders)


async def project_response(request: Request, values: Mapping[str, object], errors: Mapping[str, str]) -> Response:
    """A project at the desk; again, with what was refused, after a step that could not be taken.

    The page has the same small form several times, so what is refused stands on top of it.
    """
    services, viewer = services_of(request), viewer_of(request)
    now = services.clock.now()
    project = await staff_project(viewer, path_id(request))
    areas, leaders = await places_and_leaders(request, project)
    is_draft = project.core.status is ProjectStatus.DRAFT
    page = project_page(
        project,
        account_id=viewer.account_id,
        may_manage=holds(viewer.role, Permission.MANAGE_PROJECTS),
        may_decide=holds(viewer.role, Permission.DECIDE_PROJECTS),
        leaders=leaders,
        areas=areas,
        faults=await faults_now(project.core, now=now) if is_draft else {},
        steps=await steps_of(project.core.id, sealer=services.sealer),
        now=now,
        errors={"": "；".join(errors.values())} if errors else {},
    )
    status = (409 if "" in errors else 400) if errors else 200
    return page_response(request, "projects/project.html", page, status=status)


# --- pages -------------------------------------------------------------------------------------------------------


async def _plain_step(request: Request, step: Callable[..., Awaitable[None]], notice: str, **given: Duties) -> Response:
    """A step that asks for nothing but the person who takes it."""
    project_id = path_id(request)

    async def act(_: FormData) -> str:
        await step(project_id, actor=viewer_of(request), now=_now(request), **given)
        return f"/desk/projects/{project_id}"

    return await write(request, act, notice, show_again=project_response)


async def _with_reason(request: Request, step: Callable[..., Awaitable[None]], notice: str) -> Response:
    """A step that somebody has to give a reason for."""
    services, project_id = services_of(request), path_id(request)

    async def act(form: FormData) -> str:
        reason = parse_form(form, ReasonForm).reason
        await step(project_id, actor=viewer_of(request), sealer=services.sealer, now=_now(request), reason=reason)
        return f"/desk/projects/{project_id}"

    return await write(request, act, notice, show_again=project_response)


async def _decision_page(request: Request, values: Mapping[str, object], errors: Mapping[str, str]) -> Response:
    return await _sign_page(
        request,
        values,
        errors,
        title="看一遍再决定",
        lead="您代表本会签署。决定以后由编辑到民政部门备案。",
        verb="decide",
        number=("decision_no", "内部决策文件的编号", "例如 德慈〔2025〕12 号"),
        dated=("decided_on", "决定日期"),
        button="同意这个方案",
    )


async def _filing_page(request: Request, values: Mapping[str, object], errors: Mapping[str, str]) -> Response:
    return await _sign_page(
        request,
        values,
        errors,
        title="看一遍再登记备案",
        lead="登记以后这些内容就锁定了，要改只能办变更备案。",
        verb="file",
        number=("filing_number", "备案编号", "照民政部门给的写，一个编号只用于一次募捐。"),
        dated=("filed_on", "备案日期"),
        button="登记备案",
    )


async def _sign_page(
    request: Request,
    values: Mapping[str, object],
    errors: Mapping[str, str],
    *,
    title: str,
    lead: str,
    verb: str,
    number: tuple[str, str, str],
    dated: tuple[str, str],
    button: str,
) -> Response:
    now = _now(request)
    project = await staff_project(viewer_of(request), path_id(request))
    core = project.core
    areas, leaders = await places_and_leaders(request, project)
    page = SignPage(
        id=core.id,
        title=title,
        lead=lead,
        action=f"/desk/projects/{core.id}/{verb}",
        answers=answers_of(
            core.plan,
            leader=leaders.get(core.plan.leader_id or 0, ""),
            area=areas.get(core.plan.area_code, core.plan.area_code),
            edit=None,
        ),
        number_name=number[0],
        number_label=number[1],
        number_hint=number[2],
        date_name=dated[0],
        date_label=dated[1],
        button=button,
        today=beijing_day(now).isoformat(),
        blocked=""
        if can(verb, core.status) or (verb == "file" and core.filed_on is None and core.status in LIVE)
        else f"这个项目现在是“{label(core.status)}”，不能{STEP_LABELS[verb]}。",
        faults=tuple((await faults_now(core, now=now)).values()),
        values=values or {dated[0]: beijing_day(now).isoformat()},
        errors=errors,
    )
    return page_response(request, "projects/sign.html", page, status=400 if errors else 200)


def _now(request: Request) -> datetime:
    return services_of(request).clock.now()
