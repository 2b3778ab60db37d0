"""Finance's pages of refunds: what needs a person, one refund, a new one, and the charity's terms."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from types import MappingProxyType

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.errors import InvalidInput
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.forms.typed import YuanAsFen, fen_as_typed
from cishan.listing import page_number, pagination
from cishan.money import yuan_text
from cishan.payments.polling import ask_about
from cishan.payments.states import SettleSource
from cishan.payments.views import owners_of
from cishan.refunds import actions
from cishan.refunds.neighbours import Neighbours, neighbours_of
from cishan.refunds.pages import (
    REASONS,
    RefundsPage,
    StartPage,
    TermsPage,
    part_field,
    refund_line,
    refund_page,
)
from cishan.refunds.queries import (
    PAGE_ROWS,
    count_refunds,
    newest_refunds,
    order_for_finance,
    parts_of,
    refund_for_finance,
    refunds_of_order,
    refunds_waiting,
    terms_on,
)
from cishan.refunds.rules import Terms
from cishan.refunds.states import RefundReason, RefundStatus
from cishan.templating import page_response
from cishan.web import done, path_id, services_of, viewer_of

NOTHING: Mapping[str, str] = MappingProxyType({})
LONGEST_NOTE = 200
PREFIX = "amount-"


class StartForm(FormModel):
    order: str = Field(max_length=64)
    reason: RefundReason
    note: str = Field(max_length=LONGEST_NOTE)


class NoteForm(FormModel):
    note: str = Field(max_length=LONGEST_NOTE)


class OrderForm(FormModel):
    number: str = Field(max_length=64)


class TermsForm(FormModel):
    valid_from: date
    cooling_hours: int = Field(ge=0, le=720)
    second_person_over: YuanAsFen
    ask_again_times: int = Field(ge=2, le=1000)
    ask_again_over: YuanAsFen


async def show_refunds(request: Request) -> Response:
    """What needs a person, the earliest clock first; below it every refund."""
    services, charity_id, number = services_of(request), request.state.site.charity_id, page_number(request)
    now, sealer = services.clock.now(), services.sealer
    page = RefundsPage(
        waiting=tuple(refund_line(one, now) for one in await refunds_waiting(charity_id, sealer=sealer, now=now)),
        lines=tuple(refund_line(one, now) for one in await newest_refunds(charity_id, page=number, sealer=sealer)),
        pagination=pagination("/desk/finance/refunds?", number, await count_refunds(charity_id), PAGE_ROWS, "笔"),
        now=now,
    )
    return page_response(request, "refunds/refunds.html", page)


async def show_refund(request: Request) -> Response:
    return await _refund_response(request, NOTHING, NOTHING, status=200)


async def _refund_response(
    request: Request, values: Mapping[str, str], errors: Mapping[str, str], *, status: int
) -> Response:
    services, viewer = services_of(request), viewer_of(request)
    charity_id, refund_id = request.state.site.charity_id, path_id(request)
    refund = await refund_for_finance(charity_id, refund_id, sealer=services.sealer)
    page = refund_page(refund, viewer.account_id, services.clock.now(), values, errors)
    return page_response(request, "refunds/refund.html", page, status=status)


# --- a new one ----------------------------------------------------------------------------------------------------


async def show_start(request: Request) -> Response:
    """Finds a paid order by its number and shows what of it may still go back."""
    out_trade_no = request.query_params.get("order", "").strip()[:64]
    return await _start_response(request, out_trade_no, NOTHING, NOTHING, status=200)


async def _start_response(
    request: Request, out_trade_no: str, values: Mapping[str, str], errors: Mapping[str, str], *, status: int
) -> Response:
    services, charity_id = services_of(request), request.state.site.charity_id
    now, sealer = services.clock.now(), services.sealer
    order = await order_for_finance(charity_id, out_trade_no, sealer=sealer) if out_trade_no else None
    parts = await parts_of(order.id) if order else ()
    before = await refunds_of_order(order.id, sealer=sealer) if order else ()
    page = StartPage(
        out_trade_no=out_trade_no,
        order=order,
        parts=tuple(part_field(part, values, errors) for part in parts),
        before=tuple(refund_line(one, now) for one in before),
        reasons=REASONS,
        second_person_over_fen=(await terms_on(charity_id, now)).second_person_over_fen,
        values=values,
        errors=errors,
        now=now,
    )
    return page_response(request, "refunds/start.html", page, status=status)


async def start(request: Request) -> Response:
    """Begins a refund of the sums typed; over the set sum it waits for a second person."""
    services, viewer, site = services_of(request), viewer_of(request), request.state.site
    typed = typed_text(await read_fields(request))
    now = services.clock.now()

    async def act() -> str:
        form = await read_form(request, StartForm)
        refund_id = await actions.start_refund(
            site.charity_id,
            form.order,
            _amounts(typed),
            form.reason,
            form.note,
            neighbours=_neighbours(request),
            actor=viewer,
            now=now,
        )
        return f"/desk/finance/refunds/{refund_id}"

    try:
        location = await answer_once(request, act)
    except InvalidInput as error:
        order = typed.get("order", "").strip()[:64]
        return await _start_response(request, order, typed, error.fields, status=error.status_code)
    refund = await refund_for_finance(site.charity_id, int(location.rpartition("/")[2]), sealer=services.sealer)
    return done(location, "refund-proposed" if refund.status is RefundStatus.PROPOSED else "refund-started")


def _amounts(typed: Mapping[str, str]) -> dict[str, int]:
    """Fen by part, for every part that a sum was typed for."""
    amounts, wrong = {}, {}
    for name, text in typed.items():
        if name.startswith(PREFIX) and text.strip():
            try:
                amounts[name.removeprefix(PREFIX)] = fen_as_typed(text)
            except ValueError as error:
                wrong[name] = str(error)
    if wrong:
        raise InvalidInput(wrong)
    return amounts


async def ask_alipay(request: Request) -> Response:
    """Asks Alipay about an order now; what it says goes through the same door as every other answer."""
    services = services_of(request)
    form = await read_form(request, OrderForm)
    await ask_about(
        form.number, SettleSource.STAFF, services=services, owners=owners_of(request), now=services.clock.now()
    )
    return done(f"/desk/finance/refunds/new?order={form.number}", "order-asked")


# --- what a person does about one ---------------------------------------------------------------------------------


async def agree(request: Request) -> Response:
    async def act(refund_id: int) -> None:
        await actions.agree_to_refund(
            refund_id,
            charity_id=request.state.site.charity_id,
            neighbours=_neighbours(request),
            actor=viewer_of(request),
            now=services_of(request).clock.now(),
        )

    return await _act(request, act, "refund-agreed")


async def decline(request: Request) -> Response:
    async def act(refund_id: int) -> None:
        form = await read_form(request, NoteForm)
        await actions.decline_refund(
            refund_id,
            form.note,
            charity_id=request.state.site.charity_id,
            actor=viewer_of(request),
            now=services_of(request).clock.now(),
        )

    return await _act(request, act, "refund-declined")


async def retry(request: Request) -> Response:
    async def act(refund_id: int) -> None:
        await actions.retry_refund(
            refund_id,
            charity_id=request.state.site.charity_id,
            actor=viewer_of(request),
            now=services_of(request).clock.now(),
            enqueue=services_of(request).enqueue,
        )

    return await _act(request, act, "refund-retried")


async def keep(request: Request) -> Response:
    async def act(refund_id: int) -> None:
        form = await read_form(request, NoteForm)
        await actions.keep_refused(
            refund_id,
            form.note,
            charity_id=request.state.site.charity_id,
            actor=viewer_of(request),
            sealer=services_of(request).sealer,
            now=services_of(request).clock.now(),
            follow=services_of(request).follow_refund,
        )

    return await _act(request, act, "refund-kept")


async def take(request: Request) -> Response:
    async def act(refund_id: int) -> None:
        await actions.take_refund(
            refund_id,
            charity_id=request.state.site.charity_id,
            actor=viewer_of(request),
            now=services_of(request).clock.now(),
        )

    return await _act(request, act, "refund-taken")


async def explain(request: Request) -> Response:
    async def act(refund_id: int) -> None:
        form = await read_form(request, NoteForm)
        await actions.close_elsewhere(
            refund_id,
            form.note,
            charity_id=request.state.site.charity_id,
            actor=viewer_of(request),
            now=services_of(request).clock.now(),
        )

    return await _act(request, act, "saved")


async def _act(request: Request, act: Callable[[int], Awaitable[None]], notice: str) -> Response:
    """Does one thing about a refund, once for its form, and shows the refund again."""
    refund_id = path_id(request)

    async def once() -> str:
        await act(refund_id)
        return f"/desk/finance/refunds/{refund_id}"

    try:
        return done(await answer_once(request, once), notice)
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        return await _refund_response(request, typed, error.fields, status=error.status_code)


def _neighbours(request: Request) -> Neighbours:
    return neighbours_of(services_of(request), owners_of(request))


# --- the charity's terms ------------------------------------------------------------------------------------------


async def show_terms(request: Request) -> Response:
    return await _terms_response(request, NOTHING, NOTHING, status=200)


async def _terms_response(
    request: Request, values: Mapping[str, str], errors: Mapping[str, str], *, status: int
) -> Response:
    now = services_of(request).clock.now()
    terms = await terms_on(request.state.site.charity_id, now)
    shown = {
        "valid_from": beijing_day(now).isoformat(),
        "cooling_hours": str(terms.cooling_hours),
        "second_person_over": yuan_text(terms.second_person_over_fen),
        "ask_again_times": str(terms.ask_again_times),
        "ask_again_over": yuan_text(terms.ask_again_over_fen),
        **values,
    }
    page = TermsPage(terms, shown, errors)
    return page_response(request, "refunds/terms.html", page, status=status)


async def save_terms(request: Request) -> Response:
    """Sets the figures from a day on."""
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> str:
        form = await read_form(request, TermsForm)
        terms = Terms(form.cooling_hours, form.second_person_over, form.ask_again_times, form.ask_again_over)
        await actions.set_terms(
            request.state.site.charity_id, terms, valid_from=form.valid_from, actor=viewer, now=services.clock.now()
        )
        return "/desk/finance/refunds/terms"

    try:
        return done(await answer_once(request, act), "saved")
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        return await _terms_response(request, typed, error.fields, status=error.status_code)
