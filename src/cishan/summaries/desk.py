"""The staff's side: freeze the lists of one's own place, print sheets with new keys, answer the families' doubts."""

import json
from collections.abc import Sequence
from urllib.parse import urlencode

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow
from cishan.divisions.queries import children_of, name_of
from cishan.errors import Conflict, InvalidInput
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.households.rules import mask_name
from cishan.page_parts import Column, Pagination
from cishan.sealing import Sealer
from cishan.summaries.actions import freeze_list, freeze_lists, record_printing
from cishan.summaries.batches import sheets_for
from cishan.summaries.doubts import CONTACT_LABEL, TEXT_LABEL, close_doubt
from cishan.summaries.keys import IssuedKey
from cishan.summaries.opening import issue_keys
from cishan.summaries.pages import DeskDoubt, DoubtsPage, HouseholdRow, ListsPage, desk_doubt
from cishan.summaries.printing import MOST_SHEETS, print_sheets
from cishan.summaries.queries import NAME_LABEL, doubts_in_scope
from cishan.summaries.roll import Roll, households_with_lines, roll_of
from cishan.summaries.rules import FIRST_YEAR, LAST_YEAR
from cishan.templating import page_response, remaining, yuan
from cishan.web import done, path_id, services_of, viewer_of

DESK = "/desk/lists"
DOUBTS = "/desk/doubts"
YEARS_SHOWN = 5
LONGEST_ANSWER = 300
COLUMNS = ("户编号", "户主", "村", "定稿", Column("合计", number=True), "单子", "出单")
NOTHING = "没有可以出单的清单。请先定稿；没有收到任何帮助的家庭没有清单。"


class PlaceForm(FormModel):
    year: int
    place: str = Field(default="", max_length=12)


class AnswerForm(FormModel):
    answer: str


async def show_lists(request: Request) -> Response:
    """The households of the viewer's place with their lists of a year."""
    services, viewer = services_of(request), viewer_of(request)
    this_year = beijing_day(services.clock.now()).year
    asked = request.query_params
    year = _year(asked.get("year"), this_year)
    place = asked.get("place", "")[:12]
    case_number = asked.get("case_number", "").strip()[:24]
    roll = await roll_of(viewer, place=place, year=year, case_number=case_number, page=_number(asked.get("page")))
    page = ListsPage(
        year=year,
        years=tuple((str(one), f"{one} 年") for one in range(this_year, this_year - YEARS_SHOWN, -1)),
        place=place,
        places=await _places(viewer),
        case_number=case_number,
        columns=COLUMNS,
        rows=tuple(_household_row(row, viewer, services.sealer) for row in roll.rows),
        pagination=_pagination(roll, {"year": str(year), "place": place, "case_number": case_number}),
        can_print_all=any(row["lines"] for row in roll.rows),
    )
    return page_response(request, "summaries/lists.html", page)


async def freeze(request: Request) -> Response:
    """Freezes the lists of the place that is shown."""
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> str:
        form = await read_form(request, PlaceForm)
        place = form.place or viewer.division_code
        await freeze_lists(place, _year(str(form.year), 0), now=services.clock.now(), actor=viewer)
        return f"{DESK}?{urlencode({'year': form.year, 'place': form.place})}"

    return done(await answer_once(request, act), "lists-frozen")


async def print_one(request: Request) -> Response:
    """One household's sheet, tagged for reading aloud: freezes the list, issues a new key, sets the sheet."""
    household_id = path_id(request)
    return await _print(request, tagged=True, household_ids=[household_id])


async def print_all(request: Request) -> Response:
    """The sheets of a place in one PDF for the printer, each with a new key."""
    return await _print(request, tagged=False, household_ids=None)


async def show_doubts(request: Request) -> Response:
    """The doubts of the reviewer's town, the most urgent first, and those answered last."""
    return page_response(request, "summaries/doubts.html", await _doubts_page(request))


async def answer_doubt(request: Request) -> Response:
    """Closes a doubt with an answer that the family reads on its list."""
    services, viewer = services_of(request), viewer_of(request)
    concern_id = path_id(request)

    async def act() -> str:
        form = await read_form(request, AnswerForm)
        if len(form.answer) > LONGEST_ANSWER:
            raise InvalidInput({"answer": f"太长了，最多 {LONGEST_ANSWER} 个字。"})
        await close_doubt(concern_id, form.answer, actor=viewer, now=services.clock.now())
        return DOUBTS

    try:
        return done(await answer_once(request, act), "doubt-answered")
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        page = await _doubts_page(request, wrong_id=concern_id, values=typed, errors=error.fields)
        return page_response(request, "summaries/doubts.html", page, status=error.status_code)


async def _print(request: Request, *, tagged: bool, household_ids: list[int] | None) -> Response:
    """The key is issued once for a form; setting the sheet comes after the commit, so a failure costs only a re-issue."""
    services, viewer = services_of(request), viewer_of(request)
    now = services.clock.now()
    form = await read_form(request, PlaceForm)
    year, back = _year(str(form.year), 0), f"{DESK}?{urlencode({'year': form.year, 'place': form.place})}"
    issued: list[IssuedKey] = []

    async def act() -> str:
        ids = household_ids
        if ids is None:
            ids = await households_with_lines(viewer, place=form.place, year=year, limit=MOST_SHEETS + 1)
            if len(ids) > MOST_SHEETS:
                raise Conflict(f"这里有 {MOST_SHEETS} 户以上，一次印不完。请先选一个村，再出单。")
        issued.extend(await issue_keys(ids, actor=viewer, now=now))
        for household_id in household_ids or ():
            if await freeze_list(household_id, year, now=now, actor=viewer) is None:
                raise Conflict(NOTHING)
        return back

    await answer_once(request, act)
    if not issued:
        return done(back, "sheet-printed-before" if household_ids else "nothing-to-print")
    return await _pdf(request, viewer, issued, year, tagged=tagged)


async def _pdf(request: Request, viewer: Viewer, keys: Sequence[IssuedKey], year: int, *, tagged: bool) -> Response:
    services = services_of(request)
    now = services.clock.now()
    pairs = await sheets_for(
        keys,
        year,
        site=request.state.site,
        site_url=services.settings.site_url,
        sealer=services.sealer,
        now=now,
    )
    printed = await print_sheets(
        [sheet for _, sheet in pairs],
        title=f"{year} 年幸福清单",
        tagged=tagged,
        fonts_directory=services.settings.fonts_directory,
        now=now,
    )
    editions = [edition for edition, _ in pairs]
    await record_printing(
        {edition.household_id: edition.id for edition in editions},
        {edition.id: points for edition, points in zip(editions, printed.missing, strict=True)},
        actor=viewer,
        now=now,
    )
    name = f"list-{year}-{keys[0].household_id if tagged else len(editions)}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(printed.pdf, media_type="application/pdf", headers=headers)


def _household_row(row: JsonRow, viewer: Viewer, sealer: Sealer) -> HouseholdRow:
    name = sealer.open(row["head_sealed"], NAME_LABEL) if row["head_sealed"] else ""
    key, tone = _key_state(row)
    return HouseholdRow(
        id=row["id"],
        case_number=row["case_number"],
        head=name if viewer.role is Role.COORDINATOR or not name else mask_name(name),
        village=row["village"] or row["division_code"],
        edition=f"第 {row['number']} 版" if row["number"] else "还没定稿",
        total=yuan(row["total_fen"]) if row["number"] else "无",
        key=key,
        key_tone=tone,
        missing=_missing(row["printed"]),
    )


def _key_state(row: JsonRow) -> tuple[str, str]:
    """Label and tone of a household's key."""
    if row["locked_at"]:
        return "锁住了，要重新出单", "bad"
    if row["issued_at"]:
        return "已出单", "good"
    return "还没出单", "plain"


def _missing(detail: str | None) -> str:
    """The characters that the last print could not show, by code point."""
    return "、".join(json.loads(detail)["missing"]) if detail else ""


async def _places(viewer: Viewer) -> tuple[tuple[str, str], ...]:
    """The villages below the viewer's place, to choose from; none for someone who has only one."""
    children = await children_of(viewer.division_code)
    if not children:
        return ()
    whole = (viewer.division_code, f"{await name_of(viewer.division_code)}（全部）")
    return (whole, *((row["code"], row["name"]) for row in children))


async def _doubts_page(
    request: Request,
    *,
    wrong_id: int = 0,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> DoubtsPage:
    viewer = viewer_of(request)
    waiting = await doubts_in_scope(viewer, closed=False)
    closed = await doubts_in_scope(viewer, closed=True)
    return DoubtsPage(
        doubts=tuple(_desk_doubt(request, row) for row in waiting),
        closed=tuple(_desk_doubt(request, row) for row in closed),
        wrong_id=wrong_id,
        values=values or {},
        errors=errors or {},
    )


def _desk_doubt(request: Request, row: JsonRow) -> DeskDoubt:
    services = services_of(request)
    now = services.clock.now()
    contact = services.sealer.open(row["contact_sealed"], CONTACT_LABEL) if row["contact_sealed"] else "没有留"
    return desk_doubt(
        row,
        text=services.sealer.open(row["text_sealed"], TEXT_LABEL),
        contact=contact,
        due=remaining(row["due_at"], now),
        is_late=row["due_at"] <= now,
    )


def _pagination(roll: Roll, chosen: dict[str, str]) -> Pagination:
    def href(number: int) -> str:
        return f"{DESK}?{urlencode({**{name: text for name, text in chosen.items() if text}, 'page': number})}"

    return Pagination(
        number=roll.number,
        last=roll.last,
        total=roll.total,
        unit="户",
        previous_href=href(roll.number - 1) if roll.number > 1 else None,
        next_href=href(roll.number + 1) if roll.number < roll.last else None,
    )


def _year(text: str | None, otherwise: int) -> int:
    """A year of this century as typed, else the given one; 0 as the other one is refused."""
    year = _number(text)
    if FIRST_YEAR <= year <= LAST_YEAR:
        return year
    if not otherwise:
        raise InvalidInput({"year": "请选一个年份。"})
    return otherwise


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
