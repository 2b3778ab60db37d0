"""Sends a donor on to Alipay with an order: signed, without a word of anybody's need in it, safe to reload."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from cishan.payments.alipay.terms import Checkout, CheckoutTooLate
from cishan.web import services_of


@dataclass(frozen=True)
class Payable:
    """An order that may be paid now; `page` is where a donor who leaves the cashier comes back to."""

    out_trade_no: str
    subject: str
    total_fen: int
    expires_at: datetime
    page: str


def cashier_address(request: Request, order: Payable) -> str:
    """The cashier's address; the order's own page while paying is not open, or when it is too late."""
    services = services_of(request)
    if services.gateway is None:
        return order.page
    base = services.settings.site_url
    checkout = Checkout(
        out_trade_no=order.out_trade_no,
        subject=order.subject,
        total_fen=order.total_fen,
        expires_at=order.expires_at,
        notify_url=f"{base}/pay/notify",
        return_url=f"{base}/pay/return",
        quit_url=f"{base}{order.page}",
        phone="Mobile" in request.headers.get("user-agent", ""),
    )
    try:
        return services.gateway.checkout_url(checkout)
    except CheckoutTooLate:
        return order.page
