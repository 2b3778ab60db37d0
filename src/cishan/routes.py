"""Every URL on one page: path · methods · view · who may come in.

A row's permission is checked before its view runs; `permissions.py` says which roles hold it. The expected rights of
every role stand, written by hand, in tests/rights.csv; a row without an expectation fails the tests.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from cishan import front
from cishan.accounts import desk as staff
from cishan.accounts import me, staff_views
from cishan.accounts import views as doors
from cishan.claims import views as claims
from cishan.messages import views as messages
from cishan.payments import views as payments
from cishan.permissions import Permission as May
from cishan.pictures import views as pictures
from cishan.wishes import views as wall

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
    Row("/sign-in", GET, doors.show_sign_in, May.OPEN),
    Row("/sign-in", POST, doors.sign_in, May.OPEN),
    Row("/sign-in/code", GET, doors.show_code, May.OPEN),
    Row("/sign-in/code", POST, doors.check_code, May.OPEN),
    Row("/sign-in/code/again", POST, doors.send_again, May.OPEN),
    Row("/register", GET, doors.show_register, May.OPEN),
    Row("/register", POST, doors.register, May.OPEN),
    Row("/register/name", GET, doors.show_name, May.OPEN),
    Row("/register/name", POST, doors.finish_registration, May.OPEN),
    Row("/invitations/{token}", GET, doors.show_donor_invitation, May.OPEN),
    Row("/invitations/{token}", POST, doors.take_donor_invitation, May.OPEN),
    Row("/sign-out", POST, doors.sign_out, May.OPEN),
    Row("/me/devices", GET, me.show_devices, May.SIGNED_IN),
    Row("/me/devices/{id}/revoke", POST, me.revoke_device, May.SIGNED_IN),
    Row("/me/devices/revoke-others", POST, me.revoke_other_devices, May.SIGNED_IN),
    Row("/me/password", GET, me.show_password, May.SIGNED_IN),
    Row("/me/password", POST, me.save_password, May.SIGNED_IN),
    Row("/staff", GET, staff_views.go_home, May.STAFF),
    Row("/staff/sign-in", GET, staff_views.show_staff_sign_in, May.OPEN),
    Row("/staff/sign-in", POST, staff_views.staff_sign_in, May.OPEN),
    Row("/staff/invitations/{token}", GET, staff_views.show_invitation, May.OPEN),
    Row("/staff/invitations/{token}", POST, staff_views.take_invitation, May.OPEN),
    Row("/desk/staff", GET, staff.show_staff, May.ADMINISTER),
    Row("/desk/staff/invite", GET, staff.show_invite, May.ADMINISTER),
    Row("/desk/staff/invite", POST, staff.invite, May.ADMINISTER),
    Row("/desk/staff/invite-donor", GET, staff.show_invite_donor, May.ADMINISTER),
    Row("/desk/staff/invite-donor", POST, staff.invite_member, May.ADMINISTER),
    Row("/desk/staff/{id}", GET, staff.show_staff_member, May.ADMINISTER),
    Row("/desk/staff/{id}/role", GET, staff.show_move, May.ADMINISTER),
    Row("/desk/staff/{id}/role", POST, staff.move, May.ADMINISTER),
    Row("/desk/staff/{id}/end-role", POST, staff.end, May.ADMINISTER),
    Row("/desk/staff/{id}/disable", POST, staff.disable, May.ADMINISTER),
    # charities and divisions
    # households
    # wishes: filing, review, publishing
    # wishes: the wall
    Row("/", GET, wall.show_front, May.OPEN),
    Row("/wishes", GET, wall.show_wall, May.READ_WALL),
    Row("/wishes/{id}", GET, wall.show_wish, May.READ_WALL),
    Row("/pictures/{id}", GET, pictures.show_picture, May.READ_WALL),
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
    Row("/me/messages", GET, messages.show_messages, May.SIGNED_IN),
    Row("/demo/outbox", GET, messages.show_outbox, May.DEMO_ONLY),
)
