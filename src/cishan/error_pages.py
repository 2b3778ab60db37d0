"""Every error becomes a page in the reader's language; an unexpected one says nothing of its inside."""

import logging
from collections.abc import Mapping
from traceback import format_tb

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cishan.database import DATABASE_AWAY
from cishan.errors import CishanError, TooMany
from cishan.guard import give_frame
from cishan.page_parts import ErrorPage
from cishan.routes import View
from cishan.templating import page_response

NOT_FOUND = 404
log = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 5
AWAY = "网站正在恢复，一会儿就好。请过几秒刷新；刚才提交的表单，原样再提交一次就行，不会重复。"

TEMPLATES = frozenset({400, 403, 404, 409, 413, 429, 500, 503})


async def show_error(request: Request, error: Exception) -> Response:
    """An error of ours: its sentence, and its status."""
    if not isinstance(error, CishanError):
        raise error
    seconds = error.retry_after_seconds if isinstance(error, TooMany) else None
    headers = {"Retry-After": str(seconds)} if seconds else {}
    return _page(request, error.status_code, ErrorPage(error.sentence, retry_after_seconds=seconds), headers)


async def show_http_error(request: Request, error: Exception) -> Response:
    """An error of the framework: unknown address, wrong method, body too large."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == NOT_FOUND and not hasattr(request.state, "shell"):
        await give_frame(request)
    return _page(request, error.status_code, ErrorPage(), error.headers or {})


async def show_unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours: logged by its type and where in the code, without its words or the address, which may quote."""
    where = getattr(request.scope.get("route"), "path", "no route")
    log.error("unexpected %s at %s\n%s", type(error).__name__, where, "".join(format_tb(error.__traceback__)))
    return _page(request, 500, ErrorPage(), {})


async def show_away(request: Request, error: Exception) -> Response:
    """The database is away: no fault of ours in the code, and over in a moment."""
    log.error("the database is away: %s", type(error).__name__)
    return _page(request, 503, ErrorPage(AWAY), {"Retry-After": str(TRY_AGAIN_SECONDS)})


def caught(view: View) -> View:
    """The view with its unexpected faults made into pages here: past us, the server would log their words as well."""

    async def catching(request: Request) -> Response:
        try:
            return await view(request)
        except (CishanError, HTTPException):
            raise
        except DATABASE_AWAY as error:
            return await show_away(request, error)
        except Exception as error:
            return await show_unexpected(request, error)

    return catching


def _page(request: Request, status: int, page: ErrorPage, headers: Mapping[str, str]) -> Response:
    template = f"errors/{status if status in TEMPLATES else 400 if status < 500 else 500}.html"
    return page_response(request, template, page, status=status, headers=headers)
