"""The desk of disclosure: what is to be published by when, its draft, and publishing what another has drafted."""

from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.disclosures import actions, queries
from cishan.disclosures.pages import TONES, CalendarPage, DutyPage, duty_line, statement_view
from cishan.disclosures.rules import urgency_of
from cishan.disclosures.states import Urgency
from cishan.forms.answering import NOTHING, answer_form
from cishan.forms.reading import FormModel, read_form
from cishan.labels import label
from cishan.templating import day, page_response
from cishan.web import path_id, services_of, viewer_of

CALENDAR = "/desk/disclosures"


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
    newest, _ = await queries.reports(request.state.site.charity_id, queries.ReportSearch(), 1)
    published = tuple(
        (one.title, day(one.published_at), f"{CALENDAR}/{one.duty_id}") for one in newest if one.is_newest
    )
    page = CalendarPage(tuple(duty_line(duty, today=today, now=now) for duty in duties), late, published)
    return page_response(request, "disclosures/calendar.html", page)


async def show_duty(request: Request) -> Response:
    return await _duty_response(request)


async def save(request: Request) -> Response:
    """Keeps a draft; what was typed stays when something is wrong with it."""

    async def act() -> None:
        form = await read_form(request, DraftForm)
        await actions.save_draft(path_id(request), form.body, form.reason, **_who(request))

    return await answer_form(
        request, act, to=f"{CALENDAR}/{path_id(request)}", notice="draft-saved", again=_duty_response
    )


async def publish(request: Request) -> Response:
    async def act() -> None:
        form = await read_form(request, PublishForm)
        await actions.publish(path_id(request), form.written_at, **_who(request))

    return await answer_form(
        request, act, to=f"{CALENDAR}/{path_id(request)}", notice="report-published", again=_duty_response
    )


async def drop(request: Request) -> Response:
    async def act() -> None:
        await actions.drop_draft(path_id(request), **_who(request))

    return await answer_form(
        request, act, to=f"{CALENDAR}/{path_id(request)}", notice="draft-dropped", again=_duty_response
    )


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
