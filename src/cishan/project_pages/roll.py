"""The donor roll of a project: who gave, as far as they want it known, and how much."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from cishan.donations.roll import NEWEST, RollRow, roll_of
from cishan.project_pages.queries import public_project
from cishan.public_pages import public_mark
from cishan.templating import page_response, yuan
from cishan.web import id_in, path_id, services_of

ON_A_PAGE = 50


@dataclass(frozen=True)
class RollPage:
    """A page of the roll; `older` is the address of what comes after it."""

    project_id: int
    name: str
    words: str
    gifts: tuple[RollRow, ...]
    older: str


async def show_roll(request: Request) -> Response:
    """Fifty gifts at a time, the newest first, however long the roll is."""
    services = services_of(request)
    project = await public_project(path_id(request), sealer=services.sealer)
    found = await roll_of(project.fund_id, limit=ON_A_PAGE + 1, sealer=services.sealer, before=_before(request))
    shown = found[:ON_A_PAGE]
    page = RollPage(
        project_id=project.id,
        name=project.plan.name,
        words=f"{project.total.gifts:,} 笔，一共 {yuan(project.total.given_fen)}",
        gifts=shown,
        older=f"/projects/{project.id}/gifts?before={shown[-1].id}" if len(found) > ON_A_PAGE else "",
    )
    return page_response(request, "project_pages/roll.html", page, headers=public_mark(request))


def _before(request: Request) -> int:
    """What can't be read asks for the newest."""
    return id_in(request.query_params.get("before", "")) or NEWEST
