"""Anonymous pages may be kept for a moment; nothing of a visitor ever is."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cishan.public_cache import PublicCache


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def monotonic() -> Clock:
    return Clock()


@pytest.fixture
def browser(monotonic: Clock) -> httpx2.AsyncClient:
    made = iter(range(1000))

    async def marked(request: Request) -> Response:
        return PlainTextResponse(f"page {next(made)}", headers={"X-Public-For": "900"})

    async def unmarked(request: Request) -> Response:
        return PlainTextResponse(f"page {next(made)}")

    async def with_cookie(request: Request) -> Response:
        response = PlainTextResponse(f"page {next(made)}", headers={"X-Public-For": "900"})
        response.set_cookie("cishan_x", "1")
        return response

    routes = [Route("/marked", marked), Route("/unmarked", unmarked), Route("/with-cookie", with_cookie)]
    app = Starlette(routes=routes, middleware=[Middleware(PublicCache, monotonic=monotonic)])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://testserver")


async def fetch(browser: httpx2.AsyncClient, path: str, **headers: str) -> str:
    response = await browser.get(path, headers=headers)
    assert "x-public-for" not in response.headers
    browser.cookies.clear()
    return response.text


async def test_a_marked_page_is_the_same_until_its_time_is_over(browser: httpx2.AsyncClient, monotonic: Clock) -> None:
    first = await fetch(browser, "/marked")
    monotonic.seconds += 0.899
    assert await fetch(browser, "/marked") == first
    monotonic.seconds += 0.002
    assert await fetch(browser, "/marked") != first


async def test_the_query_is_part_of_the_page(browser: httpx2.AsyncClient) -> None:
    assert await fetch(browser, "/marked?kind=thing") != await fetch(browser, "/marked?kind=visit")


@pytest.mark.parametrize("path", ["/unmarked", "/with-cookie"])
async def test_what_no_view_marked_or_sets_a_cookie_is_never_kept(browser: httpx2.AsyncClient, path: str) -> None:
    assert await fetch(browser, path) != await fetch(browser, path)


async def test_a_visitor_with_our_cookie_gets_a_page_of_their_own(browser: httpx2.AsyncClient) -> None:
    kept = await fetch(browser, "/marked")
    assert await fetch(browser, "/marked", Cookie="cishan_session=abc") != kept
    assert await fetch(browser, "/marked") == kept


async def test_a_page_counts_its_time_from_before_it_was_read(monotonic: Clock) -> None:
    async def slow(request: Request) -> Response:
        monotonic.seconds += 0.5
        return PlainTextResponse(f"read at {monotonic.seconds}", headers={"X-Public-For": "900"})

    browser = browser_of(slow, monotonic)
    first = await fetch(browser, "/")
    monotonic.seconds += 0.3
    assert await fetch(browser, "/") == first
    monotonic.seconds += 0.2
    assert await fetch(browser, "/") != first


async def test_of_many_who_come_at_once_when_the_time_is_over_one_has_the_page_made(monotonic: Clock) -> None:
    made, may_answer = 0, asyncio.Event()
    may_answer.set()

    async def counted(request: Request) -> Response:
        nonlocal made
        made += 1
        await may_answer.wait()
        return PlainTextResponse(f"page {made}", headers={"X-Public-For": "900"})

    browser = browser_of(counted, monotonic)
    await fetch(browser, "/")
    monotonic.seconds += 1
    may_answer.clear()
    rush = [asyncio.create_task(fetch(browser, "/")) for _ in range(20)]
    for _ in range(50):
        await asyncio.sleep(0)
    may_answer.set()
    assert set(await asyncio.gather(*rush)) == {"page 2"}
    assert made == 2


def browser_of(view: Callable[[Request], Awaitable[Response]], monotonic: Clock) -> httpx2.AsyncClient:
    app = Starlette(routes=[Route("/", view)], middleware=[Middleware(PublicCache, monotonic=monotonic)])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://testserver")
