"""The few things every view needs from its request."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cishan.accounts.viewer import Viewer
from cishan.errors import Forbidden, NotFound
from cishan.services import Services

MAX_ID = 2**63 - 1
SESSION_COOKIE = "cishan_session"
ELDER_COOKIE = "cishan_mode"
NOTICE_COOKIE = "cishan_notice"

NOTICES = {
    "claim-cancelled": "已取消认领，心愿回到心愿墙。没有扣您的钱。",
    "claim-handed-back": "已退回认领，心愿回到心愿墙，谢谢您告诉我们。",
    "saved": "已保存。",
    "sent": "已提交。",
    "signed-out": "已退出登录。",
}
"""Sentences about what has just been done, by the key a view hands to `done`; rooms add theirs."""


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def viewer_or_none(request: Request) -> Viewer | None:
    viewer: Viewer | None = request.state.viewer
    return viewer


def viewer_of(request: Request) -> Viewer:
    """The signed-in person; routes that reach a view with this call have asked for sign-in in `routes.py`."""
    viewer = viewer_or_none(request)
    if viewer is None:
        raise Forbidden("请先登录。")
    return viewer


def path_id(request: Request, name: str = "id") -> int:
    """A positive id from the path; anything else is a page that is not there."""
    text = str(request.path_params[name])
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= MAX_ID:
        raise NotFound
    return int(text)


def see_other(location: str) -> Response:
    """After a write the browser is sent to a page that can be reloaded."""
    return RedirectResponse(location, status_code=303)


def done(location: str, notice: str) -> Response:
    """Sends the browser on after a write, with a sentence (a key of NOTICES) that the next page shows once."""
    response = see_other(location)
    response.set_cookie(NOTICE_COOKIE, notice, max_age=60, httponly=True, samesite="lax")
    return response
