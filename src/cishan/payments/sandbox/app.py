"""The sandbox's web side: `gateway.do` for merchants, the cashier for buyers, and the control room for
tests.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cishan.payments.sandbox import protocol
from cishan.payments.sandbox.cashier import CashierPage, MessagePage, cashier_page, message_for, no_such_page
from cishan.payments.sandbox.engine import NoSuchPage, Sandbox
from cishan.payments.sandbox.faults import Fault, read_faults
from cishan.payments.sandbox.operator import OperatorViews
from cishan.payments.sandbox.protocol import ProtocolError
from cishan.payments.sandbox.trades import BusinessFailure, CheckoutPage

HERE = Path(__file__).parent
MAX_BODY_BYTES = 64 * 1024
# What Alipay's gateway calls its JSON.
ANSWER_TYPE = "text/html;charset=utf-8"

_Action = Callable[[Sandbox, CheckoutPage], Awaitable[Response]]


def create_sandbox_app(sandbox: Sandbox) -> ASGIApp:
    """The ASGI app around one sandbox. It starts no task: whoever runs it also runs `keep_delivering`."""
    views = _Views(sandbox)
    routes = [
        Route("/gateway.do", views.gateway, methods=["GET", "POST"]),
        Route("/cashier.css", views.style),
        Route("/cashier/{checkout_id}", views.cashier),
        Route("/cashier/{checkout_id}/pay", views.pay, methods=["POST"]),
        Route("/cashier/{checkout_id}/decline", views.decline, methods=["POST"]),
        Route("/cashier/{checkout_id}/leave", views.leave, methods=["POST"]),
        Route("/bill/{key}", views.bill),
        Route("/ready", views.ready),
    ]
    if sandbox.settings.operator:
        operator = OperatorViews(sandbox)
        routes += [
            Route("/operator", operator.show),
            Route("/operator/{out_trade_no}/refund", operator.refund, methods=["POST"]),
            Route("/operator/{out_trade_no}/faults", operator.set_faults, methods=["POST"]),
            Route("/operator/{out_trade_no}/notify", operator.notify_again, methods=["POST"]),
        ]
    if sandbox.settings.control:
        routes += [
            Route("/control/faults", views.set_faults, methods=["POST"]),
            Route("/control/deliver", views.deliver, methods=["POST"]),
            Route("/control/notices/{out_trade_no}", views.list_notices),
        ]
    return _absolute_targets(Starlette(routes=routes, max_body_size=MAX_BODY_BYTES))


class _Views:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )
        self._style = (HERE / "templates" / "cashier.css").read_bytes()

    async def ready(self, request: Request) -> Response:
        return PlainTextResponse("ready" if self._sandbox.store.is_ready() else "not ready")

    async def style(self, request: Request) -> Response:
        return Response(self._style, media_type="text/css")

    # For merchants

    async def gateway(self, request: Request) -> Response:
        """Every method of the protocol; errors too are answered with status 200."""
        method = ""
        try:
            params = protocol.merged(request.scope["query_string"], await request.body())
            method = params.get("method", "")
            call = self._sandbox.read_call(params)
            if method in (protocol.PAGE_PAY, protocol.WAP_PAY):
                checkout = self._sandbox.accept_checkout(call)
                return RedirectResponse(f"/cashier/{checkout.id}", 303)
        except ProtocolError as error:
            if method in (protocol.PAGE_PAY, protocol.WAP_PAY):
                return self._page(message_for(error.sub_code, error.sub_msg))
            return self._answer(method, protocol.at_fault(error))
        except BusinessFailure as refusal:
            return self._page(message_for(refusal.sub_code, refusal.sub_msg))
        return await self._answer_call(call, f"{request.url.scheme}://{request.url.netloc}")

    async def _answer_call(self, call: protocol.Call, base_url: str) -> Response:
        number = call.biz.get("out_trade_no") or call.biz.get("out_biz_no") or ""
        faults = self._sandbox.faults_of(str(number))
        if Fault.SERVER_ERROR in faults:
            return PlainTextResponse("Internal Server Error", 500)
        if Fault.UNSIGNED_ERROR in faults:
            return Response(protocol.unsigned_envelope(call.method), headers={"Content-Type": ANSWER_TYPE})
        content = self._sandbox.answer(call, base_url)
        if Fault.SLOW in faults:
            await asyncio.sleep(self._sandbox.settings.slow_seconds)
        if Fault.UNKNOWN_RESULT in faults:
            content = protocol.undecided()
        return self._answer(call.method, content, spoil=Fault.BAD_ANSWER_SIGNATURE in faults)

    def _answer(self, method: str, content: dict[str, object], spoil: bool = False) -> Response:
        raw = protocol.envelope(method, content, self._sandbox.key, spoil)
        return Response(raw, headers={"Content-Type": ANSWER_TYPE})

    async def bill(self, request: Request) -> Response:
        """A bill, without any sign-in, for the half minute that its address lives."""
        file = self._sandbox.merchant.bill_file(request.path_params["key"])
        if file is None:
            return PlainTextResponse("", 404)
        return Response(file, media_type="application/zip")

    # For buyers

    async def cashier(self, request: Request) -> Response:
        """Opening this page is what Alipay calls scanning: the trade begins here."""

        async def show(sandbox: Sandbox, checkout: CheckoutPage) -> Response:
            trade = sandbox.scan(checkout)
            declined = request.query_params.get("declined") == "1"
            page = cashier_page(checkout, trade, sandbox.payee(checkout), sandbox.now(), declined)
            return self._page(page, checkout)

        return await self._with_checkout(request, show)

    async def pay(self, request: Request) -> Response:
        """Pays once. Pressing the button again sends the buyer back to the shop and pays nothing."""

        async def pay(sandbox: Sandbox, checkout: CheckoutPage) -> Response:
            address = sandbox.return_address(checkout)
            if address is None:
                sandbox.pay(checkout)
                if Fault.NOTIFY_BEFORE_RETURN in sandbox.faults_of(checkout.out_trade_no):
                    await sandbox.deliver_due()
                address = sandbox.return_address(checkout)
            if address is None:
                return self._page(message_for("", "付款成功，可以关闭这个页面。", title="付款成功"))
            return RedirectResponse(address, 303)

        return await self._with_checkout(request, pay)

    async def decline(self, request: Request) -> Response:
        """The bank says no. The trade stays open, and the buyer may try again."""

        async def decline(sandbox: Sandbox, checkout: CheckoutPage) -> Response:
            sandbox.scan(checkout)
            return RedirectResponse(f"/cashier/{checkout.id}?declined=1", 303)

        return await self._with_checkout(request, decline)

    async def leave(self, request: Request) -> Response:
        """Back to the merchant without paying; the trade stays as it is."""

        async def leave(sandbox: Sandbox, checkout: CheckoutPage) -> Response:
            if not checkout.quit_url:
                return self._page(message_for("", "还没有付款。可以关闭这个页面。", title="没有付款"))
            return RedirectResponse(checkout.quit_url, 303)

        return await self._with_checkout(request, leave)

    async def _with_checkout(self, request: Request, act: _Action) -> Response:
        checkout = None
        try:
            checkout = self._sandbox.checkout(request.path_params["checkout_id"])
            return await act(self._sandbox, checkout)
        except NoSuchPage:
            return self._page(no_such_page(), status_code=404)
        except BusinessFailure as refusal:
            back = self._sandbox.return_address(checkout) or checkout.quit_url if checkout else ""
            return self._page(message_for(refusal.sub_code, refusal.sub_msg, back_url=back), checkout)

    def _page(
        self, page: CashierPage | MessagePage, checkout: CheckoutPage | None = None, status_code: int = 200
    ) -> Response:
        html = self._templates.get_template(page.template).render(page=page)
        # A browser counts the redirect after a form as part of the form, so the shop's origin is named.
        shop = " ".join(_origins(checkout.return_url, checkout.quit_url)) if checkout else ""
        headers = {
            "Content-Security-Policy": (
                "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
                f"frame-ancestors 'none'; form-action 'self' {shop}".rstrip()
            ),
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        return HTMLResponse(html, status_code, headers)

    # For tests

    async def set_faults(self, request: Request) -> Response:
        """`out_trade_no` and `faults`, comma-separated; none makes the trade behave whatever the start
        said.
        """
        form = await request.form()
        try:
            faults = read_faults(str(form.get("faults", "")).split(","))
        except ValueError as error:
            return PlainTextResponse(str(error), 400)
        self._sandbox.set_faults(str(form["out_trade_no"]), faults)
        return JSONResponse({"faults": sorted(faults)})

    async def deliver(self, request: Request) -> Response:
        return JSONResponse({"posts": await self._sandbox.deliver_due()})

    async def list_notices(self, request: Request) -> Response:
        notices = self._sandbox.store.notices_of(request.path_params["out_trade_no"])
        return JSONResponse(
            [
                {
                    "notify_id": notice.fields["notify_id"],
                    "trade_status": notice.fields["trade_status"],
                    "attempts": notice.attempts,
                    "due_at": notice.due_at.isoformat() if notice.due_at else None,
                    "last_answer": notice.last_answer,
                }
                for notice in notices
            ]
        )


def _origins(*urls: str) -> list[str]:
    parts = [urlsplit(url) for url in urls if url]
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})


def _absolute_targets(app: ASGIApp) -> ASGIApp:
    """The SDK sends `POST http://host/gateway.do`; some servers then hand on the whole address as the
    path.
    """

    async def strip(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(("http://", "https://")):
            scope = {**scope, "path": urlsplit(scope["path"]).path or "/"}
        await app(scope, receive, send)

    return strip
