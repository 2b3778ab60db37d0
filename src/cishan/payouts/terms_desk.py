"""The limits of help at the desk, for the director."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.forms.answering import NOTHING, answer_form
from cishan.forms.reading import FormModel, read_form
from cishan.forms.typed import YuanAsFen
from cishan.money import yuan_text
from cishan.payouts.rules import Terms
from cishan.payouts.terms import set_terms, terms_on
from cishan.templating import page_response, yuan
from cishan.web import services_of, viewer_of

TERMS = "/desk/payouts/terms"


class TermsForm(FormModel):
    third_person_over: YuanAsFen
    large_donor: YuanAsFen
    valid_from: date


@dataclass(frozen=True)
class TermsPage:
    """The limits in force, and a form for those of a later day."""

    rows: tuple[tuple[str, str], ...]
    today: str
    values: Mapping[str, str]
    errors: Mapping[str, str]
    error: str


async def show_terms(request: Request) -> Response:
    return await _terms(request)


async def save_terms(request: Request) -> Response:
    async def act() -> None:
        form = await read_form(request, TermsForm)
        terms, now = Terms(form.third_person_over, form.large_donor), services_of(request).clock.now()
        charity_id = request.state.site.charity_id
        await set_terms(charity_id, terms, valid_from=form.valid_from, actor=viewer_of(request), now=now)

    return await answer_form(request, act, to=TERMS, notice="saved", again=_terms)


async def _terms(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    now = services_of(request).clock.now()
    terms = await terms_on(request.state.site.charity_id, now)
    stored = {
        "third_person_over": yuan_text(terms.third_person_over_fen),
        "large_donor": yuan_text(terms.large_donor_fen),
        "valid_from": beijing_day(now).isoformat(),
    }
    page = TermsPage(
        rows=(
            ("超过多少要第三个人批", yuan(terms.third_person_over_fen)),
            ("捐到多少算大额捐赠人", yuan(terms.large_donor_fen)),
        ),
        today=stored["valid_from"],
        values=values or stored,
        errors=errors,
        error=error,
    )
    return page_response(request, "payouts/terms.html", page, status=status)
