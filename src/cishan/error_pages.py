"""Every error becomes a page in the reader's language; an unexpected one says nothing of its inside."""

import logging
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cishan.errors import CishanError, TooMany
from cishan.page_parts import ErrorPage
from cishan.templating import page_response

log = logging.getLogger(__name__)

TEMPLATES = frozenset({400, 403, 404, 409, 413, 429, 500, 503})


async def show_error(request: Request, error: Exception) -> Response:
    """An error of ours: its sentence, and its status."""
    if not isinstance(error, CishanError):
        raise error
    headers = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, TooMany) else None
    return _page(request, error.status_code, error.sentence, headers)


async def show_http_error(request: Request, error: Exception) -> Response:
    """An error of the framework: unknown address, wrong method, body too large."""
    if not isinstance(error, HTTPException):
        raise error
    return _page(request, error.status_code, "", dict(error.headers or {}))


async def show_unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours: logged by type and place, never with the values of the request."""
    log.error("unexpected %s at %s", type(error).__name__, request.scope.get("path"), exc_info=error)
    return _page(request, 500, "", None)


def _page(request: Request, status: int, sentence: str, headers: Mapping[str, str] | None) -> Response:
    template = f"errors/{status if status in TEMPLATES else 400 if status < 500 else 500}.html"
    return page_response(request, template, ErrorPage(sentence or None), status=status, headers=headers)
