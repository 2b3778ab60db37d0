"""Keeps pages for anonymous readers for under a second, so that a rush reads memory and not the database.

Only answers that a view marked with `X-Public-For: <milliseconds>` are kept, only for requests without our cookies, and
never for longer than it says, counted from before the page was read. In legal mode (b) nothing is public, so views do not mark anything there.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MARK = b"x-public-for"
MOST_PAGES = 500
MOST_BYTES = 60_000
OUR_COOKIES = b"cishan_"


@dataclass
class Kept:
    start: Message
    body: bytes
    until: float


class PublicCache:
    """Pure ASGI; stands before sessions and rights, because what it keeps has none. A page made anew replaces the old."""

    def __init__(self, app: ASGIApp, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.app, self.monotonic = app, monotonic
        self.pages: OrderedDict[tuple[str, bytes], Kept] = OrderedDict()
        self.being_made: dict[tuple[str, bytes], asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or _has_our_cookie(scope):
            await self.app(scope, receive, _without_mark(send))
            return
        key = (scope["path"], scope["query_string"])
        if key in self.pages and key in self.being_made:
            # In a rush one request makes the page anew; the others need not all ask the database for the same.
            await self.being_made[key].wait()
        kept = self.pages.get(key)
        if kept is not None and kept.until > self.monotonic():
            await send(kept.start)
            await send({"type": "http.response.body", "body": kept.body})
            return
        made = self.being_made[key] = asyncio.Event()
        try:
            await self.app(scope, receive, self._keeping(key, send))
        finally:
            made.set()
            if self.being_made.get(key) is made:
                del self.being_made[key]

    def _keeping(self, key: tuple[str, bytes], send: Send) -> Send:
        start: Message | None = None
        milliseconds, began = 0, self.monotonic()

        async def send_and_keep(message: Message) -> None:
            nonlocal start, milliseconds
            if message["type"] == "http.response.start":
                milliseconds = _take_mark(message)
                start = message
            elif milliseconds and start and not message.get("more_body") and len(message["body"]) <= MOST_BYTES:
                self._keep(key, Kept(start, message["body"], began + milliseconds / 1000))
            await send(message)

        return send_and_keep

    def _keep(self, key: tuple[str, bytes], page: Kept) -> None:
        self.pages[key] = page
        self.pages.move_to_end(key)
        while len(self.pages) > MOST_PAGES:
            self.pages.popitem(last=False)


def _without_mark(send: Send) -> Send:
    async def send_unmarked(message: Message) -> None:
        if message["type"] == "http.response.start":
            _take_mark(message)
        await send(message)

    return send_unmarked


def _has_our_cookie(scope: Scope) -> bool:
    return any(name == b"cookie" and OUR_COOKIES in value for name, value in scope["headers"])


def _take_mark(message: Message) -> int:
    """Removes the mark from the answer and returns its milliseconds; 0 when there is none or the answer is not a page."""
    marks = [value for name, value in message["headers"] if name.lower() == MARK]
    message["headers"] = [pair for pair in message["headers"] if pair[0].lower() != MARK]
    sets_cookie = any(name.lower() == b"set-cookie" for name, _ in message["headers"])
    return int(marks[0]) if marks and message["status"] == 200 and not sets_cookie else 0
