"""What is left of a closed project, at the desk: where it goes is proposed by the editor and decided by the director."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from cishan.database import rows
from cishan.errors import NotFound
from cishan.forms.reading import FormModel, parse_form
from cishan.labels import label
from cishan.permissions import Permission, holds
from cishan.projects.desk import write
from cishan.projects.moves import Locked
from cishan.projects.queries import staff_project
from cishan.projects.states import ProjectStatus
from cishan.surplus import actions
from cishan.surplus.actions import Left, Taker, Waiting, left_of, takers_of, waiting_move
from cishan.templating import page_response
from cishan.web import path_id, services_of, viewer_of

MOVED = """
SELECT f.name, m.amount_fen, m.reason, m.decided_at FROM surplus_move m JOIN fund f ON f.id = m.to_fund_id
 WHERE m.project_id = $1 AND m.decided_at IS NOT NULL ORDER BY m.id
"""
HELD = "SELECT held_fen FROM fund WHERE id = $1"


@dataclass(frozen=True)
class SurplusPage:
    """What is left, what the filed plan says of it, and the step that the reader may take once the campaign `is_over`."""

    id: int
    name: str
    rule: str
    left: Left
    is_over: bool
    waiting: Waiting | None
    moved: tuple[dict[str, object], ...]
    takers: tuple[Taker, ...]
    can_propose: bool
    can_decide: bool
    can_drop: bool
    values: Mapping[str, object]
    errors: Mapping[str, str]

    @property
    def takers_choices(self) -> tuple[tuple[str, str], ...]:
        return tuple((str(taker.id), taker.name) for taker in self.takers)


class SurplusForm(FormModel):
    to_fund: int = 0
    reason: str = ""


async def show_surplus(request: Request) -> Response:
    return await _page(request, {}, {})


async def propose(request: Request) -> Response:
    async def act(form: FormData) -> str:
        given, now = parse_form(form, SurplusForm), services_of(request).clock.now()
        await actions.propose_surplus(path_id(request), given.to_fund, given.reason, actor=viewer_of(request), now=now)
        return _here(request)

    return await write(request, act, "surplus-proposed", show_again=_page)


async def decide(request: Request) -> Response:
    async def act(_: FormData) -> str:
        now = services_of(request).clock.now()
        await actions.decide_surplus(path_id(request), actor=viewer_of(request), now=now)
        return _here(request)

    return await write(request, act, "surplus-decided", show_again=_page)


async def drop(request: Request) -> Response:
    async def act(_: FormData) -> str:
        now = services_of(request).clock.now()
        await actions.drop_surplus(path_id(request), actor=viewer_of(request), now=now)
        return _here(request)

    return await write(request, act, "surplus-dropped", show_again=_page)


def _here(request: Request) -> str:
    return f"/desk/projects/{path_id(request)}/surplus"


async def _page(request: Request, values: Mapping[str, object], errors: Mapping[str, str]) -> Response:
    viewer, project_id = viewer_of(request), path_id(request)
    project: Locked = (await staff_project(viewer, project_id)).core
    if project.fund_id is None:
        raise NotFound
    waiting, plan = await waiting_move(project_id), project.plan
    page = SurplusPage(
        id=project_id,
        name=plan.name,
        rule=f"{label(plan.surplus_rule)}。{plan.surplus_words}" if plan.surplus_rule else plan.surplus_words,
        left=await left_of(project.fund_id, (await rows(HELD, project.fund_id))[0]["held_fen"]),
        is_over=project.status in {ProjectStatus.CLOSED, ProjectStatus.SETTLED},
        waiting=waiting,
        moved=tuple(await rows(MOVED, project_id)),
        takers=await takers_of(project),
        can_propose=holds(viewer.role, Permission.MANAGE_PROJECTS) and waiting is None,
        can_decide=holds(viewer.role, Permission.DECIDE_PROJECTS) and waiting is not None,
        can_drop=waiting is not None,
        values=values,
        errors=errors,
    )
    return page_response(request, "surplus/surplus.html", page, status=400 if errors else 200)
