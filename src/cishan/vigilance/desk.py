"""Finance's page of large gifts: what was found out, closing by another person, and the charity's figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.errors import InvalidInput
from cishan.forms.answering import NOTHING, answer_form
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.labels import LABELS, label
from cishan.money import fen_from_yuan_text, yuan_text
from cishan.templating import page_response
from cishan.vigilance import actions, lists
from cishan.vigilance.lists import ListRow
from cishan.vigilance.queries import OpenCase, open_cases, over_fen_on
from cishan.vigilance.states import CaseOutcome, ListedKind
from cishan.web import done, path_id, services_of, viewer_of

CASES = "/desk/finance/large-gifts"
LISTS = "/desk/finance/watch-list"


@dataclass(frozen=True)
class CaseCard:
    """One case; `can_close` for anybody but who wrote the finding."""

    case: OpenCase
    source: str
    is_late: bool
    can_close: bool


@dataclass(frozen=True)
class CasesPage:
    cards: tuple[CaseCard, ...]
    outcomes: tuple[tuple[str, str], ...]
    over_fen: int
    now: datetime
    values: Mapping[str, str]
    errors: Mapping[str, str]
    error: str


@dataclass(frozen=True)
class ListsPage:
    """The lists in force, and the form by which another is added."""

    lists: tuple[ListRow, ...]
    kinds: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


class NamesForm(FormModel):
    list_name: str = ""
    kind: ListedKind = ListedKind.PERSON
    names: str = ""


class ListForm(FormModel):
    list_name: str = ""


class FindingForm(FormModel):
    finding: str = ""


class OutcomeForm(FormModel):
    outcome: CaseOutcome


class TermsForm(FormModel):
    valid_from: date
    over: str = ""

    def over_fen(self) -> int:
        try:
            return fen_from_yuan_text(self.over)
        except ValueError as error:
            raise InvalidInput({"over": "请填写金额，例如 50000。"}) from error


async def show_cases(request: Request) -> Response:
    return await _response(request)


async def find_out(request: Request) -> Response:
    async def act() -> None:
        form = await read_form(request, FindingForm)
        await actions.find_out(path_id(request), form.finding, **_who(request))

    return await answer_form(request, act, to=CASES, notice="saved", again=_response)


async def close(request: Request) -> Response:
    async def act() -> None:
        form = await read_form(request, OutcomeForm)
        await actions.close_case(path_id(request), form.outcome, **_who(request))

    return await answer_form(request, act, to=CASES, notice="case-closed", again=_response)


async def save_terms(request: Request) -> Response:
    async def act() -> None:
        form = await read_form(request, TermsForm)
        who = _who(request)
        await actions.set_terms(
            who["charity_id"], form.over_fen(), valid_from=form.valid_from, actor=who["actor"], now=who["now"]
        )

    return await answer_form(request, act, to=CASES, notice="saved", again=_response)


async def show_lists(request: Request) -> Response:
    return await _lists(request)


async def add_names(request: Request) -> Response:
    """Adds an official list's names; what is shown afterwards is how many there are, never who."""
    services, who = services_of(request), _who(request)

    async def act() -> str:
        form = await read_form(request, NamesForm)
        await lists.add_names(
            who["charity_id"],
            form.list_name,
            form.kind,
            form.names,
            actor=who["actor"],
            sealer=services.sealer,
            now=who["now"],
        )
        return LISTS

    try:
        return done(await answer_once(request, act), "saved")
    except InvalidInput as error:
        return await _lists(request, error.fields, typed_text(await read_fields(request)), error.status_code)


async def end_list(request: Request) -> Response:
    async def act() -> str:
        form = await read_form(request, ListForm)
        await lists.end_list(**_who(request), list_name=form.list_name)
        return LISTS

    return done(await answer_once(request, act), "saved")


async def _lists(
    request: Request, errors: Mapping[str, str] = NOTHING, values: Mapping[str, str] = NOTHING, status: int = 200
) -> Response:
    page = ListsPage(
        lists=await lists.lists_of(request.state.site.charity_id),
        kinds=tuple((kind.value, words) for kind, words in LABELS[ListedKind].items()),
        values=values or {"kind": ListedKind.PERSON.value},
        errors=errors,
    )
    return page_response(request, "vigilance/lists.html", page, status=status)


async def _response(
    request: Request,
    *,
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
    error: str = "",
    status: int = 200,
) -> Response:
    services, viewer, charity_id = services_of(request), viewer_of(request), request.state.site.charity_id
    now = services.clock.now()
    cases = await open_cases(charity_id, sealer=services.sealer)
    over_fen = await over_fen_on(charity_id, now)
    page = CasesPage(
        cards=tuple(
            CaseCard(
                case=case,
                source=label(case.source) if case.source else "没有问过",
                is_late=now > case.due_at,
                can_close=case.handler_id not in {None, viewer.account_id},
            )
            for case in cases
        ),
        outcomes=tuple((outcome.value, words) for outcome, words in LABELS[CaseOutcome].items()),
        over_fen=over_fen,
        now=now,
        values={"valid_from": beijing_day(now).isoformat(), "over": yuan_text(over_fen), **values},
        errors=errors,
        error=error,
    )
    return page_response(request, "vigilance/cases.html", page, status=status)


def _who(request: Request) -> "actions.Who":
    return {
        "charity_id": request.state.site.charity_id,
        "actor": viewer_of(request),
        "now": services_of(request).clock.now(),
    }
