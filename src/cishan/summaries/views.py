"""The family's side: enter the sheet's code or follow its link, answer the second question, read the list, doubt a line.

No name, no code and no token stands in an address once the door is passed; the pages are in large print from the start.
"""

from dataclasses import replace
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.cookies import address_of
from cishan.accounts.limits import count_one
from cishan.database import JsonRow
from cishan.errors import InvalidInput, NotFound
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.summaries.batches import asks_for, places_of
from cishan.summaries.door import Pass, give_pass, read_pass, take_pass
from cishan.summaries.doubts import TEXT_LABEL, raise_doubt
from cishan.summaries.editions import EditionView
from cishan.summaries.keys import typed_code
from cishan.summaries.limits import DOUBTS_OF_ADDRESS, LISTS_OF_ADDRESS
from cishan.summaries.opening import open_list, send_code
from cishan.summaries.pages import CheckPage, DoubtPage, DoubtPart, EnterPage, list_page
from cishan.summaries.queries import (
    doubts_of_household,
    edition_by_id,
    edition_for,
    key_is_live,
    key_of_code,
    key_of_link,
    members_of,
    names_of_people,
    years_of,
)
from cishan.summaries.rules import typed_tail
from cishan.summaries.wording import line_about
from cishan.templating import day, page_response
from cishan.web import ELDER_COOKIE, done, see_other, services_of

DOOR, CHECK, OPEN = "/list", "/list/check", "/list/open"
LONGEST_DOUBT = 300
LONGEST_LINK = 60
A_MOMENT = timedelta(seconds=1)
"""Midnight after the last day is still that day for people."""
NOT_A_CODE = "码一共有 26 个字母和数字。请对照单子再看一遍，空格可以不打。"
NOT_A_TAIL = "请填 6 位：前 5 位是数字，最后 1 位是数字或者 X。"
NO_REFERRER = {"Referrer-Policy": "no-referrer"}


class DoubtForm(FormModel):
    edition: int
    line: int = 0
    text: str
    contact: str = ""


async def show_door(request: Request) -> Response:
    """Enter the sheet's code."""
    given = await _open_pass(request)
    return _page(request, "summaries/enter.html", EnterPage(is_open=given is not None))


async def enter_code(request: Request) -> Response:
    """Takes the code, right or wrong, on to the second question; only what can't be a code is said at once."""
    form = typed_text(await read_fields(request))
    code = typed_code(form.get("code", ""))
    if code is None:
        page = EnterPage(errors={"code": NOT_A_CODE}, code=form.get("code", "")[:60])
        return _page(request, "summaries/enter.html", page, status=400)
    await _count(request)
    return give_pass(see_other(CHECK), request, Pass(await key_of_code(code)))


async def follow_link(request: Request) -> Response:
    """Exchanges the link's token for a pass, so that no later address carries it."""
    await _count(request)
    token = str(request.path_params["token"])[:LONGEST_LINK]
    response = see_other(CHECK)
    response.headers.update(NO_REFERRER)
    return give_pass(response, request, Pass(await key_of_link(token)))


async def show_check(request: Request) -> Response:
    """Asks for what does not stand on the sheet."""
    given = read_pass(request)
    if given is None:
        return see_other(DOOR)
    return _page(request, "summaries/check.html", CheckPage(given.failed, given.code_sent))


async def check(request: Request) -> Response:
    """Opens the list, or says the one sentence that fits every refusal."""
    given = read_pass(request)
    if given is None:
        return see_other(DOOR)
    typed = typed_tail(typed_text(await read_fields(request)).get("answer", ""))
    if typed is None:
        page = CheckPage(given.failed, given.code_sent, {"answer": NOT_A_TAIL})
        return _page(request, "summaries/check.html", page, status=400)
    await _count(request)
    services = services_of(request)
    opened: list[int] = []

    async def act() -> str:
        found = await open_list(given.key_id, typed, sealer=services.sealer, now=services.clock.now())
        opened.extend([found] if found else [])
        return OPEN if found else CHECK

    response = see_other(await answer_once(request, act))
    if opened:
        return give_pass(response, request, Pass(given.key_id, household_id=opened[0]))
    if response.headers["location"] == CHECK:
        return give_pass(response, request, replace(given, failed=True))
    return response


async def ask_for_code(request: Request) -> Response:
    """Sends a code to the household's phone, if there is one; the answer is the same if there is none."""
    given = read_pass(request)
    if given is None:
        return see_other(DOOR)
    await _count(request)
    services = services_of(request)

    async def act() -> str:
        await send_code(given.key_id, sealer=services.sealer, now=services.clock.now())
        return CHECK

    response = see_other(await answer_once(request, act))
    return give_pass(response, request, replace(given, failed=False, code_sent=True))


async def show_list(request: Request) -> Response:
    """The household's list of a year, the newest when none is named."""
    given = await _open_pass(request)
    if given is None:
        return take_pass(see_other(DOOR))
    services = services_of(request)
    years = await years_of(given.household_id)
    year = _year(request, years)
    edition = await edition_for(given.household_id, year) if year else None
    if edition is None:
        return _page(request, "summaries/nothing.html", None)
    members = (await members_of([given.household_id])).get(given.household_id, [])
    people = sorted({line.person_id for line in edition.lines if line.person_id} | set(members))
    page = list_page(
        edition,
        years=years,
        village=(await places_of([edition.division_code]))[edition.division_code],
        members=members,
        names=await names_of_people(people, services.sealer),
        asks=(await asks_for([edition], request.state.site))[given.household_id],
        doubts=[_doubt(request, row) for row in await doubts_of_household(given.household_id, edition.year)],
    )
    return _page(request, "summaries/list.html", page)


async def show_doubt(request: Request) -> Response:
    """The form for saying that something is wrong with a line, or with the list."""
    given = await _open_pass(request)
    if given is None:
        return take_pass(see_other(DOOR))
    edition = await _own_edition(given, _number(request.query_params.get("edition")))
    line = _number(request.query_params.get("line"))
    return _page(request, "summaries/doubt.html", _doubt_page(edition, line, {}, {}))


async def send_doubt(request: Request) -> Response:
    """Takes the doubt to the town's desk."""
    given = await _open_pass(request)
    if given is None:
        return take_pass(see_other(DOOR))
    services = services_of(request)
    now = services.clock.now()
    typed = typed_text(await read_fields(request))
    edition = await _own_edition(given, _number(typed.get("edition")))
    await count_one(DOUBTS_OF_ADDRESS, address_of(request), sealer=services.sealer, now=now)

    async def act() -> str:
        form = await read_form(request, DoubtForm)
        _check_doubt(form)
        await raise_doubt(
            given.household_id,
            form.edition,
            form.line,
            form.text,
            contact=form.contact,
            sealer=services.sealer,
            now=now,
        )
        return f"{OPEN}?year={edition.year}"

    try:
        return done(await answer_once(request, act), "doubt-sent")
    except InvalidInput as error:
        page = _doubt_page(edition, _number(typed.get("line")), typed, error.fields)
        return _page(request, "summaries/doubt.html", page, status=error.status_code)


async def close(request: Request) -> Response:
    """Done reading: the next person at this phone has to open the list again."""
    return take_pass(done(DOOR, "list-closed"))


def _page(request: Request, template: str, page: object, status: int = 200) -> Response:
    """Large print unless this browser has chosen otherwise; nothing of these addresses is told to anyone."""
    elder = request.cookies.get(ELDER_COOKIE) != "normal"
    request.state.shell = replace(request.state.shell, elder=elder)
    return page_response(request, template, page, status=status, headers=NO_REFERRER)


async def _open_pass(request: Request) -> Pass | None:
    """The pass of an opened list, as long as its key has not been replaced."""
    given = read_pass(request)
    if given is None or not given.is_open or not await key_is_live(given.key_id):
        return None
    return given


async def _own_edition(given: Pass, edition_id: int) -> EditionView:
    edition = await edition_by_id(edition_id)
    if edition.household_id != given.household_id:
        raise NotFound
    return edition


async def _count(request: Request) -> None:
    services = services_of(request)
    await count_one(LISTS_OF_ADDRESS, address_of(request), sealer=services.sealer, now=services.clock.now())


def _year(request: Request, years: list[int]) -> int:
    asked = _number(request.query_params.get("year"))
    return asked if asked in years else (years[0] if years else 0)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def _check_doubt(form: DoubtForm) -> None:
    if len(form.text) > LONGEST_DOUBT:
        raise InvalidInput({"text": f"太长了，最多 {LONGEST_DOUBT} 个字。"})
    if len(form.contact) > 40:
        raise InvalidInput({"contact": "电话太长了，请再看一遍。"})


def _doubt(request: Request, row: JsonRow) -> DoubtPart:
    return DoubtPart(
        about=row["about"],
        text=services_of(request).sealer.open(row["text_sealed"], TEXT_LABEL),
        raised_on=day(row["raised_at"]),
        due_on=day(row["due_at"] - A_MOMENT),
        answer=row["answer"],
    )


def _doubt_page(edition: EditionView, line: int, values: dict[str, str], errors: dict[str, str]) -> DoubtPage:
    return DoubtPage(
        edition_id=edition.id,
        line=line,
        about=line_about(edition, line),
        back=f"{OPEN}?year={edition.year}",
        values=values,
        errors=errors,
    )
