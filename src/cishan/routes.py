"""Every URL on one page: path · methods · view · who may come in.

A row's permission is checked before its view runs; `permissions.py` says which roles hold it. The expected rights of
every role stand, written by hand, in tests/rights.csv; a row without an expectation fails the tests.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from cishan import front
from cishan.claims import views as claims
from cishan.payments import views as payments
from cishan.permissions import Permission as May

View = Callable[[Request], Awaitable[Response]]

FORM_BYTES = 64 * 1024
UPLOAD_BYTES = 10 * 1024 * 1024
IMPORT_BYTES = 64 * 1024 * 1024
GET = ("GET",)
POST = ("POST",)


@dataclass(frozen=True)
class Row:
    """One line of the map. `body_bytes` is the most that a request may send."""

    path: str
    methods: tuple[str, ...]
    view: View
    permission: May
    body_bytes: int = FORM_BYTES


ROUTES: tuple[Row, ...] = (
    # the front
    Row("/ready", GET, front.show_ready, May.OPEN),
    Row("/about", GET, front.show_about, May.OPEN),
    Row("/mode", POST, front.change_mode, May.OPEN),
    # accounts
    # charities and divisions
    # households
    # wishes: filing, review, publishing
    # wishes: the wall
    # claims: the donor's side
    Row("/wishes/{id}/claim", GET, claims.show_claim, May.GIVE),
    Row("/wishes/{id}/claim", POST, claims.make_claim, May.GIVE),
    Row("/me", GET, claims.show_mine, May.GIVE),
    Row("/me/claims/{id}", GET, claims.show_gift, May.GIVE),
    Row("/me/claims/{id}/pay", GET, claims.go_to_cashier, May.GIVE),
    Row("/me/claims/{id}/pay-anew", POST, claims.start_again, May.GIVE),
    Row("/me/claims/{id}/cancel", POST, claims.cancel, May.GIVE),
    Row("/me/claims/{id}/hand-back", POST, claims.hand_back, May.GIVE),
    # payments
    Row("/pay/notify", POST, payments.receive_notice, May.OPEN),
    Row("/pay/return", GET, payments.come_back, May.OPEN),
    # claims: fulfilment
    # ledger and finance
    # benefits and imports
    # summaries
    # supervision
    # messages and jobs
)
