"""The operator's page: every trade at a glance, and the tricks that can be played on it. For demos and for testing by hand.

A refund made here is one that the merchant did not ask for by the protocol, as from the merchant's own console.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from cishan.clock import BEIJING
from cishan.money import fen_from_yuan_text, yuan_text
from cishan.payments.sandbox.faults import Fault, read_faults
from cishan.payments.sandbox.trades import BusinessFailure, SandboxTrade

if TYPE_CHECKING:
    from cishan.payments.sandbox.engine import Sandbox

MOST_TRADES = 50
STATUS_WORDS = {
    "WAIT_BUYER_PAY": "等待付款",
    "TRADE_SUCCESS": "已付款",
    "TRADE_FINISHED": "已完结",
    "TRADE_CLOSED": "已关闭",
}
POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


@dataclass(frozen=True)
class TradeCard:
    out_trade_no: str
    trade_no: str
    subject: str
    amount_yuan: str
    refunded_yuan: str
    left_yuan: str
    status: str
    created: str
    faults: frozenset[str]
    notices: tuple[str, ...]


@dataclass(frozen=True)
class OperatorPage:
    cards: tuple[TradeCard, ...]
    faults: tuple[str, ...]


class OperatorViews:
    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
        )

    async def show(self, request: Request) -> Response:
        self._sandbox.sweep()
        cards = tuple(self._card(trade) for trade in self._sandbox.store.newest_trades(MOST_TRADES))
        page = OperatorPage(cards, tuple(fault.value for fault in Fault))
        html = self._templates.get_template("operator.html").render(page=page)
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})

    async def refund(self, request: Request) -> Response:
        """A refund from the console, of the sum typed, under a number of the console's own."""
        trade = self._trade(request)
        form = await request.form()
        if trade is None or not _is_own(request):
            return PlainTextResponse("", 404)
        try:
            amount_fen = fen_from_yuan_text(str(form.get("amount", "")))
            self._sandbox.refund(trade, f"CONSOLE{secrets.token_hex(8)}", amount_fen, "商户后台退款")
        except (ValueError, BusinessFailure) as error:
            return PlainTextResponse(str(error), 400)
        return RedirectResponse("/operator", 303)

    async def set_faults(self, request: Request) -> Response:
        trade = self._trade(request)
        form = await request.form()
        if trade is None or not _is_own(request):
            return PlainTextResponse("", 404)
        self._sandbox.set_faults(trade.out_trade_no, read_faults([str(value) for value in form.getlist("fault")]))
        return RedirectResponse("/operator", 303)

    async def notify_again(self, request: Request) -> Response:
        """Sends every notice of a trade once more, arrived or not, as Alipay may do at any time."""
        trade = self._trade(request)
        if trade is None or not _is_own(request):
            return PlainTextResponse("", 404)
        self._sandbox.send_again(trade.out_trade_no)
        return RedirectResponse("/operator", 303)

    def _trade(self, request: Request) -> SandboxTrade | None:
        out_trade_no = request.path_params["out_trade_no"]
        for app_id in self._sandbox.app_ids:
            trade = self._sandbox.store.trade(app_id, out_trade_no)
            if trade is not None:
                return trade
        return None

    def _card(self, trade: SandboxTrade) -> TradeCard:
        notices = self._sandbox.store.notices_of(trade.out_trade_no)
        return TradeCard(
            out_trade_no=trade.out_trade_no,
            trade_no=trade.trade_no,
            subject=trade.subject,
            amount_yuan=yuan_text(trade.total_fen),
            refunded_yuan=yuan_text(trade.refunded_fen) if trade.refunded_fen else "",
            left_yuan=yuan_text(trade.total_fen - trade.refunded_fen) if trade.paid_at else "",
            status=STATUS_WORDS[trade.status.value],
            created=f"{trade.created_at.astimezone(BEIJING):%m-%d %H:%M:%S}",
            faults=frozenset(fault.value for fault in self._sandbox.faults_of(trade.out_trade_no)),
            notices=tuple(
                f"{STATUS_WORDS[notice.fields['trade_status']]}：发了 {notice.attempts} 次，"
                f"{'还会再发' if notice.due_at else '不再发'}，对方答 {notice.last_answer or '（还没有）'}"
                for notice in notices
            ),
        )


def _is_own(request: Request) -> bool:
    """A page of somebody else's may not press buttons here, play money or not."""
    origin = request.headers.get("origin")
    return origin is None or origin == f"{request.url.scheme}://{request.url.netloc}"
