"""The peers of the wall: bare Starlette applications under the same server options as the product."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cishan.accounts.sessions import viewer_of_token
from cishan.app import make_services
from cishan.charities.queries import load_site
from cishan.commands.serve import SERVER_OPTIONS
from cishan.database import database
from cishan.guard import build_shell
from cishan.processes import die_with_launcher
from cishan.settings import Settings
from cishan.templating import page_response
from cishan.wishes.views import wall_page
from cishan.wishes.wall import WallFilter

WORKERS = 2
BODY = "BENCH_BODY"
TOKEN = "BENCH_TOKEN"
PATH = "/wishes"


def create_bytes() -> Starlette:
    """Answers with the bytes of the file named in BENCH_BODY."""
    die_with_launcher()
    body = Path(os.environ[BODY]).read_bytes()

    async def answer(request: Request) -> Response:
        return Response(body, media_type="text/html")

    return Starlette(routes=[Route(PATH, answer)])


def create_template() -> Starlette:
    """Renders the wall from a page and a frame that were read once, at the start."""
    die_with_launcher()
    settings = Settings.from_environment()
    memory = SimpleNamespace()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with database(settings):
            services = await make_services(settings)
            now = services.clock.now()
            site = await load_site()
            viewer = await viewer_of_token(os.environ[TOKEN], now=now)
            assert site is not None
            assert viewer is not None
            request = Request({"type": "http", "method": "GET", "path": PATH, "query_string": b"", "headers": []})
            memory.shell = build_shell(request, services, site, viewer)
            memory.page = await wall_page(WallFilter(), None, site.division_code, now)
        yield

    async def answer(request: Request) -> Response:
        request.state.shell = memory.shell
        return page_response(request, "wishes/wall.html", memory.page)

    return Starlette(routes=[Route(PATH, answer)], lifespan=lifespan)


def serve(kind: str, port: int) -> None:
    """Serves one of them, `bytes` or `template`, under the product's own server options."""
    factory = f"bench.peers:create_{kind}"
    uvicorn.run(factory, factory=True, host="127.0.0.1", port=port, workers=WORKERS, **SERVER_OPTIONS)
