"""Where people who work here declare what they share with near kin: it is taken as digests, and nobody reads it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.divisions.choosing import PlaceChoice, place_choice
from cishan.divisions.rules import is_village
from cishan.forms.answering import NOTHING, answer_form
from cishan.forms.reading import FormModel, read_form
from cishan.kin.rules import Near, read_near
from cishan.kin.ties import Declared, declare_ties, declared_by
from cishan.labels import label
from cishan.templating import page_response
from cishan.web import services_of, viewer_of

TIES = "/desk/ties"


class TiesForm(FormModel):
    """Any of the fields; `village` goes with an address and a surname."""

    id_numbers: str = Field(default="", max_length=2_000)
    phones: str = Field(default="", max_length=2_000)
    village: str = ""
    address: str = Field(default="", max_length=80)
    surname: str = Field(default="", max_length=2)


@dataclass(frozen=True)
class TiesPage:
    """What is declared so far, by kind and number alone, and the form for more; `village` is set once one is chosen."""

    declared: tuple[tuple[str, str], ...]
    place: PlaceChoice
    village: str
    errors: Mapping[str, str]
    error: str


async def show_ties(request: Request) -> Response:
    return await _ties(request)


async def declare(request: Request) -> Response:
    """Keeps what was typed as digests. Nothing of it comes back onto a page, not even when something is wrong."""
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> None:
        form, now = await read_form(request, TiesForm), services.clock.now()
        village = form.village if is_village(form.village) else ""
        near = _near(form, village, today=beijing_day(now))
        await declare_ties(near, actor=viewer, sealer=services.sealer, now=now)

    return await answer_form(request, act, to=TIES, notice="ties-declared", again=_ties)


def _near(form: TiesForm, village: str, *, today: date) -> tuple[Near, ...]:
    return read_near(form.id_numbers, form.phones, village, form.address, form.surname, today=today)


async def _ties(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    viewer, within = viewer_of(request), request.state.site.division_code
    asked = request.query_params.get("place", "") or values.get("village", "") or viewer.division_code
    place = await place_choice(asked, within=within)
    page = TiesPage(
        declared=tuple(_words(one) for one in await declared_by(viewer.account_id)),
        place=place,
        village=place.code if is_village(place.code) else "",
        errors=errors,
        error=error,
    )
    return page_response(request, "kin/ties.html", page, status=status)


def _words(one: Declared) -> tuple[str, str]:
    last = beijing_day(one.last_at)
    return label(one.tie), f"{one.count} 项，最近一次是 {last.year} 年 {last.month} 月 {last.day} 日"
