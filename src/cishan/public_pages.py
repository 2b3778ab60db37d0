"""Which answers the public cache may keep: pages that are the same for everybody, in a mode where everybody may read."""

from starlette.requests import Request

from cishan.charities.states import LegalMode
from cishan.web import viewer_or_none

PUBLIC_MILLISECONDS = 900


def is_bare(request: Request) -> bool:
    """Nobody signed in and none of our cookies: the whole page may be kept for the next such reader."""
    return viewer_or_none(request) is None and not any(name.startswith("cishan_") for name in request.cookies)


def public_mark(request: Request) -> dict[str, str]:
    """Lets the public cache keep the page; never in a mode where pages are for members alone (R-3)."""
    is_public = request.state.site.legal_mode is not LegalMode.PRIVATE
    return {"X-Public-For": str(PUBLIC_MILLISECONDS)} if is_public and is_bare(request) else {}
