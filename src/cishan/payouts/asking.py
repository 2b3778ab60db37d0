"""The page on which a town or the federation applies for a family's help."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from cishan.errors import InvalidInput
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.forms.typed import YuanAsFen
from cishan.money import yuan_text
from cishan.payouts.applying import Application, apply_for
from cishan.payouts.desk import DESK, NOTHING
from cishan.payouts.queries import payee_of_case, shares_for
from cishan.payouts.rules import REASON_LONGEST, WHAT_LONGEST
from cishan.payouts.states import PayoutKind
from cishan.templating import page_response
from cishan.web import done, services_of, viewer_of


class ApplicationForm(FormModel):
    case_number: str = Field(max_length=24)
    allocation: int
    amount: YuanAsFen
    what: str = Field(max_length=WHAT_LONGEST)
    reason: str = Field(max_length=REASON_LONGEST)


@dataclass(frozen=True)
class AskingPage:
    """The form; `shares` are the allocations with money left for this place."""

    shares: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


async def show_new(request: Request) -> Response:
    return await _response(request, NOTHING, NOTHING, status=200)


async def _response(request: Request, values: Mapping[str, str], errors: Mapping[str, str], *, status: int) -> Response:
    found = await shares_for(viewer_of(request))
    shares = tuple((str(one.id), f"{one.fund} · {one.category}（还剩 {yuan_text(one.left_fen)} 元）") for one in found)
    return page_response(request, "payouts/new.html", AskingPage(shares, values, errors), status=status)


async def apply_new(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> str:
        form = await read_form(request, ApplicationForm)
        payee_id = await payee_of_case(form.case_number, viewer)
        asked = Application(PayoutKind.HOUSEHOLD, form.allocation, payee_id, form.amount, form.what, form.reason)
        payout_id = await apply_for(asked, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return f"{DESK}/{payout_id}"

    try:
        return done(await answer_once(request, act), "payout-applied")
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        return await _response(request, typed, error.fields, status=error.status_code)
