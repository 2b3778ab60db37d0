"""What changes of a filed project at the desk: amendments of its fields, and updates on how it goes on."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.errors import InvalidInput
from cishan.forms.reading import parse_form, read_fields, typed_text
from cishan.forms.replay import answer_once
from cishan.pictures.actions import clean_upload
from cishan.plans.facts import terms_on
from cishan.plans.forms import AmendForm, FiledOnForm, UpdateForm, amended_text, budget_rows, values_of
from cishan.plans.storing import AMENDMENT_LABELS, fields_of
from cishan.plans.words import field_text, form_name
from cishan.projects import amending, updates
from cishan.projects.amending import Change
from cishan.projects.desk import places_and_leaders, project_response, write
from cishan.projects.desk_form import choices_of
from cishan.projects.pages import AmendPage, UpdatePage
from cishan.projects.queries import staff_project
from cishan.templating import page_response
from cishan.web import done, path_id, services_of, viewer_of


async def show_amend(request: Request) -> Response:
    """The filed fields to choose from; with `field` the form of one of them, filled in as it is filed."""
    return await _amend_page(request, None, {})


async def amend(request: Request) -> Response:
    project_id = path_id(request)
    form = await read_fields(request)

    async def act() -> str:
        given = parse_form(form, AmendForm)
        field = _field(str(form.get("field", "")))
        project = await staff_project(viewer_of(request), project_id)
        change = Change(field, amended_text(project.core.plan, field, form), given.reason, given.changed_on)
        now = services_of(request).clock.now()
        await amending.propose_amendment(project_id, change, actor=viewer_of(request), now=now)
        return f"/desk/projects/{project_id}"

    try:
        return done(await answer_once(request, act), "amendment-proposed")
    except InvalidInput as error:
        return await _amend_page(request, {**typed_text(form), "ways": form.getlist("ways")}, error.fields)


async def decide_amendment(request: Request) -> Response:
    return await _step_of_amendment(request, amending.decide_amendment, "amendment-decided")


async def drop_amendment(request: Request) -> Response:
    return await _step_of_amendment(request, amending.drop_amendment, "amendment-dropped")


async def file_amendment(request: Request) -> Response:
    amendment_id = path_id(request, "amendment")

    async def act(form: FormData) -> str:
        filed_on = parse_form(form, FiledOnForm).filed_on
        now = services_of(request).clock.now()
        await amending.file_amendment(amendment_id, filed_on, actor=viewer_of(request), now=now)
        return f"/desk/projects/{path_id(request)}"

    return await write(request, act, "amendment-filed", show_again=project_response)


async def show_update(request: Request) -> Response:
    return await _update_page(request, {}, {})


async def write_update(request: Request) -> Response:
    """The picture is decoded before the transaction begins."""
    services, project_id = services_of(request), path_id(request)
    form = await read_fields(request)
    try:
        given, upload = parse_form(form, UpdateForm), form.get("picture")
        picture = await clean_upload(upload) if isinstance(upload, UploadFile) and upload.filename else None

        async def act() -> str:
            await updates.write_update(
                project_id,
                given.title,
                given.text,
                picture,
                actor=viewer_of(request),
                settings=services.settings,
                now=services.clock.now(),
            )
            return f"/desk/projects/{project_id}"

        return done(await answer_once(request, act), "update-written")
    except InvalidInput as error:
        return await _update_page(request, dict(typed_text(form)), error.fields)


async def publish_update(request: Request) -> Response:
    return await _review(request, updates.publish_update, "update-published")


async def refuse_update(request: Request) -> Response:
    return await _review(request, updates.refuse_update, "update-refused")


# --- pages -------------------------------------------------------------------------------------------------------


async def _step_of_amendment(request: Request, step: Callable[..., Awaitable[None]], notice: str) -> Response:
    async def act(_: FormData) -> str:
        now = services_of(request).clock.now()
        await step(path_id(request, "amendment"), actor=viewer_of(request), now=now)
        return f"/desk/projects/{path_id(request)}"

    return await write(request, act, notice, show_again=project_response)


async def _review(request: Request, step: Callable[..., Awaitable[None]], notice: str) -> Response:
    async def act(_: FormData) -> str:
        await step(path_id(request, "update"), actor=viewer_of(request), now=services_of(request).clock.now())
        return f"/desk/projects/{path_id(request)}"

    return await write(request, act, notice, show_again=project_response)


def _field(name: str) -> str:
    if name not in AMENDMENT_LABELS:
        raise InvalidInput({"field": "请选要变更哪一项。"})
    return name


async def _amend_page(request: Request, values: Mapping[str, object] | None, errors: Mapping[str, str]) -> Response:
    project = await staff_project(viewer_of(request), path_id(request))
    core, today = project.core, beijing_day(services_of(request).clock.now())
    areas, leaders = await places_and_leaders(request, project)
    asked = str((values or {}).get("field") or request.query_params.get("field", ""))
    field = asked if asked in AMENDMENT_LABELS else ""
    shown = values if values is not None else {**values_of(core.plan), "changed_on": today.isoformat()}
    terms = await terms_on(core.charity_id, today)
    page = AmendPage(
        id=core.id,
        name=core.plan.name,
        fields=tuple(AMENDMENT_LABELS.items()),
        field=field,
        form_fields=tuple(form_name(name) for name in fields_of(field)) if field else (),
        field_label=AMENDMENT_LABELS.get(field, ""),
        old=field_text(core.plan, field, leaders=leaders, areas=areas) if field else "",
        today=today.isoformat(),
        days=terms.amendment_days,
        choices=await choices_of(request),
        budget_rows=budget_rows(shown),
        values=shown,
        errors=errors,
    )
    return page_response(request, "projects/amend.html", page, status=400 if errors else 200)


async def _update_page(request: Request, values: Mapping[str, object], errors: Mapping[str, str]) -> Response:
    project = await staff_project(viewer_of(request), path_id(request))
    page = UpdatePage(id=project.core.id, name=project.core.plan.name, values=values, errors=errors)
    return page_response(request, "projects/update.html", page, status=400 if errors else 200)
