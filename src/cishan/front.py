"""The pages that belong to no room: readiness, who runs this site, and the large-print mode."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cishan.accounts.actions import choose_mode
from cishan.charities.queries import Site
from cishan.database import database_now
from cishan.forms.reading import FormModel, read_form
from cishan.templating import page_response
from cishan.web import ELDER_COOKIE, see_other, viewer_or_none

YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class AboutPage:
    """The charity's public facts that 慈善法 art. 25 wants in a prominent place."""

    site: Site


class ModeForm(FormModel):
    mode: str = "normal"
    back: str = "/"


async def show_ready(request: Request) -> Response:
    """200 when the process can reach its database; for launchers and load balancers."""
    await database_now()
    return PlainTextResponse("ready")


async def show_about(request: Request) -> Response:
    return page_response(request, "front/about.html", AboutPage(request.state.site))


async def change_mode(request: Request) -> Response:
    """Switches between normal and large print, remembered by the account or by a cookie."""
    form = await read_form(request, ModeForm)
    viewer = viewer_or_none(request)
    if viewer is not None:
        await choose_mode(viewer, elder=form.mode == "elder")
    response = see_other(local_path(form.back))
    response.set_cookie(
        ELDER_COOKIE,
        form.mode if form.mode == "elder" else "normal",
        max_age=YEAR_SECONDS,
        samesite="lax",
        httponly=True,
    )
    return response


def local_path(text: str) -> str:
    """The path if it is one of ours, else the front page: never an address of another site (ASVS open redirect)."""
    return text if text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() else "/"
