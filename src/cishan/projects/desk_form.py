"""The long form of a plan, step by step: each step is saved by the server, lawful or not, and says what is not lawful."""

from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from cishan.divisions.queries import children_of, names_of
from cishan.errors import InvalidInput, NotFound
from cishan.forms.reading import read_fields, typed_text
from cishan.forms.replay import answer_once
from cishan.labels import LABELS, label
from cishan.plans.forms import budget_rows, values_of, with_step
from cishan.plans.states import AtTarget, GivingWay, ProjectKind, SurplusRule
from cishan.plans.words import STEP_OF_FIELD, STEP_TITLES, STEPS
from cishan.projects.actions import change_plan, faults_now
from cishan.projects.pages import StepPage
from cishan.projects.queries import StaffProject, leaders_in, staff_project
from cishan.projects.states import ProjectStatus
from cishan.templating import page_response
from cishan.web import done, path_id, see_other, services_of, viewer_of

KIND_HINTS = {
    ProjectKind.ORDINARY: "备案满 10 日才能开始，最长三年。",
    ProjectKind.EMERGENCY: "应对重大突发事件，可以先开始，10 日内补办备案，最长一年。",
}


async def show_step(request: Request) -> Response:
    """A step as it is stored; with `check` it says what of it is not lawful."""
    project = await _draft(request)
    errors: dict[str, str] = {}
    if request.query_params.get("check"):
        errors = await _faults_of_step(request, project, _step(request))
    return await _step_page(request, project, values_of(project.core.plan), errors)


async def save_step(request: Request) -> Response:
    """Saves a step and goes on; stays when something of it is not lawful, and leads out when the person wants to stop."""
    project, step = await _draft(request), _step(request)
    form = await read_fields(request)

    async def act() -> str:
        plan = with_step(project.core.plan, step, form)
        await change_plan(project.core.id, plan, actor=viewer_of(request), now=services_of(request).clock.now())
        here = f"/desk/projects/{project.core.id}"
        if form.get("go") == "later":
            return here
        saved = await staff_project(viewer_of(request), project.core.id)
        if await _faults_of_step(request, saved, step):
            return f"{here}/edit/{step}?check=1"
        number = STEPS.index(step) + 1
        return f"{here}/edit/{STEPS[number]}" if number < len(STEPS) else here

    try:
        location = await answer_once(request, act)
    except InvalidInput as error:
        return await _step_page(request, project, _typed(form), error.fields)
    return see_other(location) if "check=1" in location else done(location, "saved")


async def _draft(request: Request) -> StaffProject:
    project = await staff_project(viewer_of(request), path_id(request))
    if project.core.status is not ProjectStatus.DRAFT:
        raise NotFound("这个项目已经决定或者备案，不能直接改。没有备案的请先退回修改，已经备案的请提出变更。")
    return project


def _step(request: Request) -> str:
    step = str(request.path_params["step"])
    if step not in STEPS:
        raise NotFound
    return step


async def _faults_of_step(request: Request, project: StaffProject, step: str) -> dict[str, str]:
    faults = await faults_now(project.core, now=services_of(request).clock.now())
    return {field: sentence for field, sentence in faults.items() if STEP_OF_FIELD.get(field) == step}


def _typed(form: FormData) -> dict[str, object]:
    return {**typed_text(form), "ways": form.getlist("ways")}


async def choices_of(request: Request) -> dict[str, tuple[tuple[str, ...], ...]]:
    """What the selects and radios of a plan offer, by the name of their field."""
    viewer, site = viewer_of(request), request.state.site
    top = viewer.division_code
    own = await names_of([top])
    below = await children_of(top) if top == site.division_code else []
    leaders = await leaders_in(viewer, sealer=services_of(request).sealer)
    return {
        "kind": tuple((kind.value, text, KIND_HINTS[kind]) for kind, text in LABELS[ProjectKind].items()),
        "area_code": ((top, own.get(top, top)), *((row["code"], row["name"]) for row in below)),
        "leader": tuple((str(account_id), name) for account_id, name in leaders),
        "ways": tuple((way.value, text) for way, text in LABELS[GivingWay].items()),
        "surplus_rule": tuple((rule.value, text) for rule, text in LABELS[SurplusRule].items()),
        "at_target": tuple((choice.value, text) for choice, text in LABELS[AtTarget].items()),
    }


async def _step_page(
    request: Request, project: StaffProject, values: Mapping[str, object], errors: Mapping[str, str]
) -> Response:
    step, core = _step(request), project.core
    number = STEPS.index(step)
    here = f"/desk/projects/{core.id}"
    page = StepPage(
        project_id=core.id,
        step=step,
        fields=tuple(field for field, on in STEP_OF_FIELD.items() if on == step),
        title=STEP_TITLES[step],
        number=number + 1,
        last=len(STEPS),
        back=f"{here}/edit/{STEPS[number - 1]}" if number else here,
        name=core.plan.name,
        values=values,
        errors=errors,
        choices=await choices_of(request),
        budget_rows=budget_rows(values),
        reach_label=label(core.plan.reach),
    )
    refused = errors and request.method == "POST"
    return page_response(request, "projects/step.html", page, status=400 if refused else 200)
