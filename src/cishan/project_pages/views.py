"""The public pages of projects: list, project, poster. What stands in the address is all there is to their state."""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from cishan.charities.states import LegalMode
from cishan.divisions.queries import names_of
from cishan.divisions.rules import is_code
from cishan.donations.giving import Giving, show_form, take_gift
from cishan.donations.roll import roll_of
from cishan.errors import NotFound
from cishan.labels import LABELS
from cishan.page_parts import Pagination, page_number
from cishan.plans.states import ProjectKind
from cishan.project_pages.pages import (
    PUBLIC_STATUSES,
    WORDS_OF_MODE,
    ListPage,
    card_of,
    giving_of,
    poster_data,
    public_page,
)
from cishan.project_pages.queries import PAGE_SIZE, ProjectFilter, areas_with_projects, public_project, public_projects
from cishan.projects.states import ProjectStatus
from cishan.public_pages import public_mark
from cishan.templating import page_response
from cishan.typesetting.codes import qr_svg
from cishan.typesetting.papers import set_paper
from cishan.web import path_id, services_of

MOST_POSTERS = 50
NEWEST_GIFTS = 6

Word = TypeVar("Word", ProjectKind, ProjectStatus)


class PosterMemory:
    """Posters by what stands on them: each is set once, and while it is being set nobody sets it a second time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    async def get(self, data: Mapping[str, object], make: Callable[[], Awaitable[bytes]]) -> bytes:
        key = hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
        if key in self._kept:
            return self._kept[key]
        async with self._one_at_a_time:
            if key not in self._kept:
                self._kept[key] = await make()
                while len(self._kept) > MOST_POSTERS:
                    self._kept.popitem(last=False)
            return self._kept[key]


async def show_projects(request: Request) -> Response:
    """The projects that everybody may read, those that take money first."""
    site, now = request.state.site, services_of(request).clock.now()
    wanted, number = filter_of(request.query_params), page_number(request.query_params.get("page", "1"))
    found, total = await public_projects(wanted, number)
    codes = sorted({*await areas_with_projects(), *(card.area_code for card in found)})
    areas = await names_of(codes)
    values = _values(wanted)
    title, lead = WORDS_OF_MODE[site.legal_mode]
    last = max((total + PAGE_SIZE - 1) // PAGE_SIZE, 1)
    page = ListPage(
        title=title,
        lead=lead,
        cards=tuple(card_of(card, areas, now) for card in found),
        statuses=tuple(
            (text, address_of(wanted, status=value), values["status"] == value)
            for value, text in [
                ("", "全部"),
                *((status.value, LABELS[ProjectStatus][status]) for status in PUBLIC_STATUSES),
            ]
        ),
        areas=tuple((code, areas.get(code, code)) for code in codes),
        kinds=tuple((kind.value, text) for kind, text in LABELS[ProjectKind].items()),
        chosen=values,
        is_filtered=any(values.values()),
        pagination=Pagination(
            number,
            last,
            total,
            "个",
            address_of(wanted, page=str(number - 1)) if number > 1 else None,
            address_of(wanted, page=str(number + 1)) if number < last else None,
        ),
    )
    return page_response(request, "project_pages/list.html", page, headers=public_mark(request))


async def show_project(request: Request) -> Response:
    services, site = services_of(request), request.state.site
    project = await public_project(path_id(request), sealer=services.sealer)
    area = (await names_of([project.plan.area_code])).get(project.plan.area_code, "")
    gifts = await roll_of(project.fund_id, limit=NEWEST_GIFTS, sealer=services.sealer)
    page = public_page(project, gifts, site, area, services.settings.site_url, services.clock.now())
    return page_response(request, "project_pages/project.html", page, headers=public_mark(request))


async def show_give(request: Request) -> Response:
    return await show_form(request, await _giving(request))


async def give(request: Request) -> Response:
    """Gives to the project's fund by the one form of giving, and goes on to the cashier."""
    return await take_gift(request, await _giving(request))


async def _giving(request: Request) -> Giving:
    services = services_of(request)
    project = await public_project(path_id(request), sealer=services.sealer)
    area = (await names_of([project.plan.area_code])).get(project.plan.area_code, "")
    return giving_of(project, area, request.state.site, services.clock.now())


async def download_poster(request: Request) -> Response:
    """The poster to print and hang up; in a members' circle there is none, for it would ask the public (R-3)."""
    services, site = services_of(request), request.state.site
    if site.legal_mode is LegalMode.PRIVATE:
        raise NotFound
    project = await public_project(path_id(request), sealer=services.sealer)
    area = (await names_of([project.plan.area_code])).get(project.plan.area_code, "")
    site_url = services.settings.site_url
    data = poster_data(project, site, area, site_url=site_url, qr_svg=qr_svg(f"{site_url}/projects/{project.id}"))

    async def make() -> bytes:
        fonts = services.settings.fonts_directory
        return await set_paper("poster.typ", data, fonts_directory=fonts, now=services.clock.now())

    headers = {"Content-Disposition": f'inline; filename="poster-{project.id}.pdf"'}
    return Response(await posters_of(request).get(data, make), media_type="application/pdf", headers=headers)


def posters_of(request: Request) -> PosterMemory:
    state = request.app.state
    if not hasattr(state, "posters"):
        state.posters = PosterMemory()
    memory: PosterMemory = state.posters
    return memory


def filter_of(query: Mapping[str, str]) -> ProjectFilter:
    """Reads the filter from the address; what can't be read asks for nothing, so an old link still works."""
    area = query.get("county", "")
    status = _word(ProjectStatus, query.get("status"))
    return ProjectFilter(
        area_code=area if is_code(area) else "",
        kind=_word(ProjectKind, query.get("kind")),
        status=status if status in PUBLIC_STATUSES else None,
    )


def address_of(wanted: ProjectFilter, **changes: str) -> str:
    """The address of the list with this filter, changed."""
    kept = {name: value for name, value in {**_values(wanted), **changes}.items() if value}
    return f"/projects?{urlencode(kept)}" if kept else "/projects"


def _values(wanted: ProjectFilter) -> dict[str, str]:
    return {
        "county": wanted.area_code,
        "kind": wanted.kind.value if wanted.kind else "",
        "status": wanted.status.value if wanted.status else "",
    }


def _word(words: type[Word], text: str | None) -> Word | None:
    return words(text) if text in {word.value for word in words} else None
