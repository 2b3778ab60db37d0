"""Desk pages of urgent help: the cases of a place, a new one, one case with its next step, and its paper."""

from collections.abc import Mapping

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from cishan.errors import InvalidInput
from cishan.forms.answering import NOTHING, answer_form
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.typed import YuanAsFen
from cishan.listing import page_number, pagination
from cishan.payouts.choices import payee_of_case, shares_for
from cishan.payouts.rules import REASON_LONGEST, WHAT_LONGEST
from cishan.permissions import Permission, holds
from cishan.templating import page_response
from cishan.typesetting.papers import set_paper
from cishan.urgent.actions import UrgentNeed, agree, confirm_finding, decline, open_case, write_finding
from cishan.urgent.pages import CasesPage, case_line, case_page, new_case_page
from cishan.urgent.paper import decision_data
from cishan.urgent.queries import PAGE_ROWS, case_for, cases_for, count_cases
from cishan.urgent.rules import FINDING_LONGEST, OPINION_LONGEST, PURPOSE_LONGEST
from cishan.urgent.states import UrgentCause
from cishan.web import path_id, services_of, viewer_of

DESK = "/desk/urgent"


class NeedForm(FormModel):
    case_number: str = Field(max_length=24)
    allocation: int
    cause: UrgentCause
    amount: YuanAsFen
    what: str = Field(max_length=WHAT_LONGEST)
    reason: str = Field(max_length=REASON_LONGEST)


class OpinionForm(FormModel):
    opinion: str = Field(default="", max_length=OPINION_LONGEST)


class RefuseForm(FormModel):
    reason: str = Field(default="", max_length=REASON_LONGEST)


class FindingForm(FormModel):
    finding: str = Field(default="", max_length=FINDING_LONGEST)
    stands: str = Field(pattern="yes|no")


class PrintForm(FormModel):
    purpose: str = Field(default="", max_length=PURPOSE_LONGEST)


async def show_cases(request: Request) -> Response:
    viewer, now, number = viewer_of(request), services_of(request).clock.now(), page_number(request)
    page = CasesPage(
        lines=tuple(case_line(row, now) for row in await cases_for(viewer, page=number)),
        may_open=holds(viewer.role, Permission.APPLY_PAYOUT),
        pagination=pagination(f"{DESK}?", number, await count_cases(viewer), PAGE_ROWS, "件"),
        now=now,
    )
    return page_response(request, "urgent/cases.html", page)


async def show_new(request: Request) -> Response:
    return await _new(request)


async def _new(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    shares = await shares_for(viewer_of(request), urgent=True)
    page = new_case_page(shares, values=values, errors=errors, error=error)
    return page_response(request, "urgent/new.html", page, status=status)


async def open_new(request: Request) -> Response:
    """Writes a case down; whoever decides finds it on top of their list."""
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> None:
        form = await read_form(request, NeedForm)
        payee_id = await payee_of_case(form.case_number, viewer)
        need = UrgentNeed(form.allocation, payee_id, form.cause, form.amount, form.what, form.reason)
        await open_case(need, actor=viewer, sealer=services.sealer, now=services.clock.now())

    return await answer_form(request, act, to=DESK, notice="urgent-opened", again=_new)


async def show_case(request: Request) -> Response:
    return await _case(request)


async def _case(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    services, viewer = services_of(request), viewer_of(request)
    case = await case_for(viewer, path_id(request), sealer=services.sealer)
    page = case_page(case, viewer, now=services.clock.now(), values=values, errors=errors, error=error)
    return page_response(request, "urgent/case.html", page, status=status)


async def agree_to(request: Request) -> Response:
    services, payout_id = services_of(request), path_id(request)

    async def act() -> None:
        form = await read_form(request, OpinionForm)
        await agree(payout_id, form.opinion, actor=viewer_of(request), sealer=services.sealer, now=services.clock.now())

    return await answer_form(request, act, to=f"{DESK}/{payout_id}", notice="urgent-agreed", again=_case)


async def refuse(request: Request) -> Response:
    services, payout_id = services_of(request), path_id(request)

    async def act() -> None:
        form = await read_form(request, RefuseForm)
        await decline(
            payout_id, form.reason, actor=viewer_of(request), sealer=services.sealer, now=services.clock.now()
        )

    return await answer_form(request, act, to=f"{DESK}/{payout_id}", notice="urgent-refused", again=_case)


async def save_finding(request: Request) -> Response:
    services, payout_id = services_of(request), path_id(request)

    async def act() -> None:
        form = await read_form(request, FindingForm)
        await write_finding(
            payout_id,
            form.finding,
            stands=form.stands == "yes",
            actor=viewer_of(request),
            sealer=services.sealer,
            now=services.clock.now(),
        )

    return await answer_form(request, act, to=f"{DESK}/{payout_id}", notice="urgent-found", again=_case)


async def confirm(request: Request) -> Response:
    payout_id = path_id(request)

    async def act() -> None:
        await confirm_finding(payout_id, actor=viewer_of(request), now=services_of(request).clock.now())

    return await answer_form(request, act, to=f"{DESK}/{payout_id}", notice="urgent-completed", again=_case)


async def print_paper(request: Request) -> Response:
    """The decision as a PDF for the town's file; each printing has its reason."""
    services, payout_id = services_of(request), path_id(request)
    try:
        form = await read_form(request, PrintForm)
        data = await decision_data(
            payout_id,
            form.purpose,
            site=request.state.site,
            actor=viewer_of(request),
            sealer=services.sealer,
            now=services.clock.now(),
        )
    except InvalidInput as error:
        values = typed_text(await read_fields(request))
        return await _case(request, errors=error.fields, values=values, status=error.status_code)
    pdf = await set_paper(
        "decision.typ", data, fonts_directory=services.settings.fonts_directory, now=services.clock.now()
    )
    headers = {"Content-Disposition": f'attachment; filename="decision-{payout_id}.pdf"', "Cache-Control": "no-store"}
    return Response(pdf, media_type="application/pdf", headers=headers)
