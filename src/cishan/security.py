"""Safe defaults around every request: where a write may come from, and the headers every answer carries.

Pure ASGI, so that context variables reach the views.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders, State
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SENTENCE = "这个请求不是从本站页面发出的，已经拦下。请回到本站重新操作。"

NUL_SENTENCE = "网址里有不能识别的字符。请从首页重新进入。"


class OriginCheck:
    """Refuses writes that another site's page sends with our visitor's cookies (ASVS 3.5.1).

    Browsers name the sender in Sec-Fetch-Site; older ones only in Origin. A request with neither carries no browser's
    cookies by itself, unless it has a Cookie header: then it is refused too. `exempt` holds paths that machines call.
    """

    def __init__(self, app: ASGIApp, exempt: Iterable[str] = ()) -> None:
        self.app, self.exempt = app, frozenset(exempt)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and scope["path"] not in self.exempt:
            headers = Headers(scope=scope)
            if not is_same_origin(headers):
                await PlainTextResponse(SENTENCE, status_code=403)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def is_same_origin(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in {"same-origin", "none"}
    if origin is not None:
        return urlsplit(origin).netloc == headers.get("host", "")
    return "cookie" not in headers


class NoNul:
    """Refuses an address whose question holds a NUL: PostgreSQL keeps none, and no page of ours asks for one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (b"%00" in scope["query_string"] or b"\x00" in scope["query_string"]):
            await PlainTextResponse(NUL_SENTENCE, status_code=400)(scope, receive, send)
            return
        await self.app(scope, receive, send)


POLICY = (
    "default-src 'self'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self' {gateway}"
)


def content_security_policy(state: State) -> str:
    """No inline script or style anywhere. The gateway is named because a posted form is redirected to its cashier."""
    gateway: str = getattr(state, "gateway_origin", "")
    return POLICY.format(gateway=gateway).rstrip()


class SecurityHeaders:
    """Adds what every answer must say; private pages are never stored unless the view decided otherwise."""

    def __init__(self, app: ASGIApp, https: bool = False) -> None:
        self.app = app
        self.headers = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=()",
        }
        if https:
            self.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", content_security_policy(scope["app"].state))
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)
