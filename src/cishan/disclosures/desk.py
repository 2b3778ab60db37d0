"""The desk of disclosure: what is to be published by when, its draft, and publishing what another has drafted."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.disclosures import actions, queries
from cishan.disclosures.pages import TONES, CalendarPage, DutyPage, duty_line, statement_view
from cishan.disclosures.rules import urgency_of
from cishan.disclosures.states import Urgency
from cishan.errors import Conflict, InvalidInput
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.labels import label
from cishan.templating import day, page_response
from cishan.web import done, path_id, services_of, viewer_of

CALENDAR = "/desk/disclosures"
NOTHING: Mapping[str, str] = MappingProxyType({})


class DraftForm(FormModel):
    body: str = ""
    reason: str = ""


class PublishForm(FormModel):
    written_at: datetime


async def show_calendar(request: Request) -> Response:
    """Everything to publish, the most urgent first."""
    now = services_of(request).clock.now()
    duties = await queries.open_duties(request.state.site.charity_id)
    today = beijing_day(now)
    late = sum(urgency_of(duty.due_on, today, published=bool(duty.published_at)) is Urgency.LATE for duty in duties)
    page = CalendarPage(tuple(duty_line(duty, today=today, now=now) for duty in duties), late)
    return page_response(request, "disclosures/calendar.html", page)


async def show_duty(request: Request) -> Response:
    return await _duty_response(request)


async def save(request: Request) -> Response:
    """Keeps a draft; what was typed stays when something is wrong with it."""

    async def act(duty_id: int) -> None:
        form = await read_form(request, DraftForm)
        await actions.save_draft(duty_id, form.body, form.reason, **_who(request))

    return await _answer(request, act, "draft-saved")


async def publish(request: Request) -> Response:
    async def act(duty_id: int) -> None:
        form = await read_form(request, PublishForm)
        await actions.publish(duty_id, form.written_at, **_who(request))

    return await _answer(request, act, "report-published")


async def drop(request: Request) -> Response:
    async def act(duty_id: int) -> None:
        await actions.drop_draft(duty_id, **_who(request))

    return await _answer(request, act, "draft-dropped")


async def _answer(request: Request, act: Callable[[int], Awaitable[None]], notice: str) -> Response:
    duty_id = path_id(request)

    async def once() -> str:
        await act(duty_id)
        return f"{CALENDAR}/{duty_id}"

    try:
        return done(await answer_once(request, once), notice)
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        return await _duty_response(request, errors=error.fields, values=typed, status=error.status_code)
    except Conflict as error:
        return await _duty_response(request, error=error.sentence, status=error.status_code)


async def _duty_response(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    charity_id, viewer, now = request.state.site.charity_id, viewer_of(request), services_of(request).clock.now()
    duty = await queries.duty_of(charity_id, path_id(request))
    today, draft = beijing_day(now), duty.draft
    is_over, is_published = today > duty.period_until, duty.published_at is not None
    urgency = urgency_of(duty.due_on, today, published=is_published)
    period = (duty.period_from, duty.period_until)
    statement = await actions.figures_for(charity_id, duty.fund_id, *period) if is_over else None
    page = DutyPage(
        id=duty.id,
        title=f"{duty.name}：{label(duty.kind)}",
        due=day(duty.due_on),
        state=label(urgency),
        tone=TONES[urgency],
        is_over=is_over,
        is_published=is_published,
        period=f"{day(duty.period_from)}至{day(duty.period_until)}",
        statement=statement_view(statement) if statement else None,
        draft=draft,
        can_publish=draft is not None and draft.written_by_id != viewer.account_id,
        versions=await queries.versions_of(charity_id, duty.id),
        values=values or ({"body": draft.body, "reason": draft.reason} if draft else NOTHING),
        errors=errors,
        error=error,
    )
    return page_response(request, "disclosures/duty.html", page, status=status)


def _who(request: Request) -> "actions.Who":
    return {
        "charity_id": request.state.site.charity_id,
        "actor": viewer_of(request),
        "now": services_of(request).clock.now(),
    }
