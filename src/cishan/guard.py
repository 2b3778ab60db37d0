"""What stands before every view: who is this, may they, and the frame their page is drawn in."""

import secrets
from datetime import timedelta
from urllib.parse import quote

from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.sessions import viewer_of_token
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site, load_site
from cishan.charities.states import LegalMode
from cishan.errors import Forbidden, NotFound
from cishan.labels import ROLE_LABELS
from cishan.navigation import area_of, places_of
from cishan.permissions import Permission, holds
from cishan.routes import Row, View
from cishan.services import Services
from cishan.settings import Environment
from cishan.shell import Shell
from cishan.templating import path_of
from cishan.web import ELDER_COOKIE, NOTICE_COOKIE, NOTICES, SESSION_COOKIE, see_other

SITE_LIFETIME = timedelta(seconds=5)
NAME_LABEL = "account.name"

LEGAL_NOTES = {
    LegalMode.OWN_SITE: "本站是本会以自己名义开办的网站，在取得的公开募捐资格范围内募捐。",
    LegalMode.PRIVATE: "本站面向本会发起人、理事会成员和会员定向募捐，不对公众开放。",
    LegalMode.COMMUNITY: "本站用于社区、单位内部的群众性互助，不面向社会公开募捐。",
}


def guarded(row: Row) -> View:
    """Wraps a view with its row's permission. Anonymous readers are led to sign-in; others meet a plain refusal."""

    async def view(request: Request) -> Response:
        site = await current_site(request.app.state)
        services: Services = request.app.state.services
        viewer = await _viewer(request, services)
        request.state.viewer, request.state.site = viewer, site
        request.state.shell = build_shell(request, services, site, viewer)
        if not may_enter(viewer, row.permission, site.legal_mode, services.settings.environment):
            return _refuse(request, viewer, row)
        response = await row.view(request)
        if request.cookies.get(NOTICE_COOKIE) and response.status_code == 200:
            response.delete_cookie(NOTICE_COOKIE)
        return response

    view.__name__ = getattr(row.view, "__name__", "view")
    return view


async def give_frame(request: Request) -> None:
    """The site's frame for an address that no row leads to: who is lost still finds the places and the phone."""
    services: Services = request.app.state.services
    site = await current_site(request.app.state)
    request.state.shell = build_shell(request, services, site, await _viewer(request, services))


def may_enter(viewer: Viewer | None, permission: Permission, mode: LegalMode, environment: Environment) -> bool:
    """The one rule of entry, by permission, role, legal mode (R-1, R-3) and environment. Pure."""
    if permission is Permission.OPEN:
        return True
    if permission is Permission.DEMO_ONLY:
        return environment is not Environment.PRODUCTION
    if permission is Permission.READ_WALL:
        return viewer is not None or mode is not LegalMode.PRIVATE
    return viewer is not None and holds(viewer.role, permission)


async def current_site(state: State) -> Site:
    """The charity's facts, at most five seconds old."""
    now = state.services.clock.now()
    if getattr(state, "site", None) is None or abs(now - state.site_read_at) > SITE_LIFETIME:
        state.site, state.site_read_at = await load_site(), now
    if state.site is None:
        raise NotFound("这个网站还没有设置好慈善组织。请管理员运行 cishan setup。")
    site: Site = state.site
    return site


async def _viewer(request: Request, services: Services) -> Viewer | None:
    token = request.cookies.get(SESSION_COOKIE)
    return await viewer_of_token(token, now=services.clock.now()) if token else None


def _refuse(request: Request, viewer: Viewer | None, row: Row) -> Response:
    if row.permission is Permission.DEMO_ONLY:
        raise NotFound
    if viewer is not None:
        raise Forbidden
    if request.method != "GET":
        raise Forbidden("请先登录，再提交一次。")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    door = (
        "/sign-in"
        if Permission(row.permission) in {Permission.GIVE, Permission.READ_WALL, Permission.SIGNED_IN}
        else "/staff/sign-in"
    )
    return see_other(f"{door}?next={quote(here, safe='')}")


def build_shell(request: Request, services: Services, site: Site, viewer: Viewer | None) -> Shell:
    role: Role | None = viewer.role if viewer else None
    elder = viewer.elder_mode if viewer else False
    return Shell(
        site_name=f"{site.name}微心愿",
        charity_name=site.name,
        uscc=site.uscc,
        certificate_no=site.certificate_no,
        legal_note=LEGAL_NOTES[site.legal_mode],
        report_phone=site.report_phone,
        elder=elder or request.cookies.get(ELDER_COOKIE) == "elder",
        area=area_of(role),
        viewer_name=services.sealer.open(viewer.name_sealed, NAME_LABEL) if viewer else None,
        viewer_role=ROLE_LABELS[role] if role else None,
        places=places_of(role, path_of(request)),
        demo=services.settings.environment is Environment.DEMO,
        form_key=secrets.token_urlsafe(24),
        notice=_notice(request),
    )


def _notice(request: Request) -> str | None:
    return NOTICES.get(request.cookies.get(NOTICE_COOKIE, ""))
