"""Finance's pages of bills: the days, one day, and what is done about a difference."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.queries import names_of
from cishan.errors import InvalidInput, NotFound
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.listing import page_number, pagination
from cishan.payments.views import owners_of
from cishan.permissions import Permission, holds
from cishan.reconciliation.fetching import reconcile_day
from cishan.reconciliation.pages import (
    NOTHING,
    DayPage,
    DaysPage,
    day_line,
    difference_card,
    problem_sentence,
)
from cishan.reconciliation.queries import (
    DAYS_A_PAGE,
    count_days,
    count_open,
    day_of,
    days_of,
    difference_in,
    differences_of,
    people_in,
)
from cishan.reconciliation.refunds import refunds_of_day
from cishan.reconciliation.resolving import (
    agree_to_difference,
    decline_difference,
    resolve_difference,
    take_difference,
)
from cishan.reconciliation.states import DifferenceStatus, Resolution
from cishan.templating import page_response
from cishan.web import done, path_id, services_of, viewer_of

DAYS = "/desk/finance/reconciliation"


class ResolveForm(FormModel):
    resolution: Resolution
    note: str = Field(max_length=300)


class ReasonForm(FormModel):
    note: str = Field(max_length=300)


async def show_days(request: Request) -> Response:
    """Each day and how its bill stands, those with open differences first."""
    charity_id, now = request.state.site.charity_id, services_of(request).clock.now()
    number = page_number(request)
    page = DaysPage(
        days=tuple(day_line(row, now) for row in await days_of(charity_id, page=number)),
        open=await count_open(charity_id),
        pagination=pagination(f"{DAYS}?", number, await count_days(charity_id), DAYS_A_PAGE, "天"),
    )
    return page_response(request, "reconciliation/days.html", page)


async def show_day(request: Request) -> Response:
    return await _day_response(request, _path_day(request))


async def _day_response(
    request: Request,
    on: date,
    *,
    difference_id: int = 0,
    values: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
    status: int = 200,
) -> Response:
    services, viewer = services_of(request), viewer_of(request)
    now = services.clock.now()
    row = await day_of(request.state.site.charity_id, on)
    differences = await differences_of(row.id)
    names = await names_of(people_in(differences), services.sealer)
    keeps_books = holds(viewer.role, Permission.KEEP_BOOKS)
    chosen = difference_id or chosen_id(request)
    open_ones = [one.id for one in differences if one.status is not DifferenceStatus.RESOLVED]
    if not chosen and len(open_ones) == 1:
        chosen = open_ones[0]
    page = DayPage(
        line=day_line(row, now),
        key=on.isoformat(),
        payments=row.payments,
        refunds=row.refunds,
        problem=problem_sentence(row.problem),
        compared_at=row.compared_at,
        can_ask=keeps_books and services.gateway is not None,
        cards=tuple(
            difference_card(
                one,
                names,
                keeps_books=keeps_books,
                approves=holds(viewer.role, Permission.MANAGE_MONEY),
                chosen=one.id == chosen,
                now=now,
                values=values if one.id == difference_id else NOTHING,
                errors=errors if one.id == difference_id else NOTHING,
            )
            for one in differences
        ),
    )
    return page_response(request, "reconciliation/day.html", page, status=status)


async def ask_again(request: Request) -> Response:
    """Fetches and compares a day's bill now. Harmless however often, so no form key: the gateway is asked outside any transaction."""
    services, on = services_of(request), _path_day(request)
    row = await day_of(request.state.site.charity_id, on)
    had = await reconcile_day(
        row.id, services=services, owners=owners_of(request), refunds=refunds_of_day(), now=services.clock.now()
    )
    return done(f"{DAYS}/{on}", "bill-compared" if had else "bill-not-had")


async def take(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act(difference_id: int) -> None:
        await take_difference(difference_id, actor=viewer, now=services.clock.now())

    return await _acted(request, act, "difference-taken")


async def resolve(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act(difference_id: int) -> None:
        form = await read_form(request, ResolveForm)
        now = services.clock.now()
        await resolve_difference(difference_id, form.resolution, form.note, actor=viewer, now=now)

    return await _acted(request, act, "difference-resolved")


async def agree(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act(difference_id: int) -> None:
        await agree_to_difference(difference_id, actor=viewer, now=services.clock.now())

    return await _acted(request, act, "difference-agreed")


async def decline(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act(difference_id: int) -> None:
        form = await read_form(request, ReasonForm)
        await decline_difference(difference_id, form.note, actor=viewer, now=services.clock.now())

    return await _acted(request, act, "difference-declined")


async def _acted(request: Request, act: Callable[[int], Awaitable[None]], notice: str) -> Response:
    """Does one thing about a difference of this charity and goes back to its day."""
    difference = await difference_in(request.state.site.charity_id, path_id(request))

    async def once() -> str:
        await act(difference.id)
        return f"{DAYS}/{difference.day}"

    try:
        return done(await answer_once(request, once), notice)
    except InvalidInput as error:
        values = typed_text(await read_fields(request))
        return await _day_response(
            request,
            difference.day,
            difference_id=difference.id,
            values=values,
            errors=error.fields,
            status=error.status_code,
        )


def chosen_id(request: Request) -> int:
    """Which of a page's rows has its form open, from `handle` in the address; 0 for none."""
    text = request.query_params.get("handle", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _path_day(request: Request) -> date:
    try:
        return date.fromisoformat(str(request.path_params["day"]))
    except ValueError:
        raise NotFound from None
