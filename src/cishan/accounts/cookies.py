"""What a browser keeps for sign-in: its session, the phone whose code is awaited, and that it has been here before.

The last two are sealed: the browser carries them, only we read and write them.
"""

import base64
import binascii
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.actions import PHONE_LABEL
from cishan.accounts.rules import device_name
from cishan.accounts.sessions import DONOR_SESSION, STAFF_SESSION
from cishan.accounts.sign_in import Visitor
from cishan.accounts.states import AccountKind
from cishan.database import JsonRow
from cishan.sealing import Sealer
from cishan.web import SESSION_COOKIE, services_of

PENDING_COOKIE = "cishan_pending"
DEVICE_COOKIE = "cishan_device"
PENDING_LASTS = timedelta(minutes=15)
DEVICE_LASTS = timedelta(days=365)
MOST_PHONES = 5
LONGEST_COOKIE = 2000


@dataclass(frozen=True)
class Pending:
    """A sign-in or registration between its steps. `checked` says that the phone's code was right."""

    phone: str
    next: str
    checked: bool
    until: int


def read_pending(request: Request) -> Pending | None:
    """None when there is none, it was changed, or its time is over."""
    services = services_of(request)
    found = _open(request.cookies.get(PENDING_COOKIE), PENDING_COOKIE, services.sealer)
    if found is None or found["until"] < services.clock.now().timestamp():
        return None
    return Pending(str(found["phone"]), str(found["next"]), bool(found["checked"]), int(found["until"]))


def set_pending(response: Response, request: Request, phone: str, next_path: str, *, checked: bool) -> None:
    services = services_of(request)
    until = int((services.clock.now() + PENDING_LASTS).timestamp())
    content: JsonRow = {"phone": phone, "next": next_path, "checked": checked, "until": until}
    _set(response, request, PENDING_COOKIE, _seal(content, PENDING_COOKIE, services.sealer), PENDING_LASTS)


def visitor_of(request: Request) -> Visitor:
    """Who is at the door, as far as the request tells."""
    services = services_of(request)
    device = _open(request.cookies.get(DEVICE_COOKIE), DEVICE_COOKIE, services.sealer) or {"id": "", "phones": []}
    return Visitor(
        address=address_of(request),
        device=device_name(request.headers.get("user-agent", "")),
        device_id=str(device["id"]),
        known_phones=tuple(str(phone) for phone in device["phones"]),
        old_token=request.cookies.get(SESSION_COOKIE, ""),
    )


def address_of(request: Request) -> str:
    """The address the request came from; behind a proxy the server is told to trust its header, here nobody is."""
    return request.client.host if request.client else "unknown"


def let_in(response: Response, request: Request, token: str, phone: str, kind: AccountKind, visitor: Visitor) -> None:
    """Gives the browser its session, and remembers that this phone has signed in here."""
    services = services_of(request)
    lasts = DONOR_SESSION if kind is AccountKind.DONOR else STAFF_SESSION
    _set(response, request, SESSION_COOKIE, token, lasts)
    index = services.sealer.digest(phone, PHONE_LABEL)
    phones = [index, *(known for known in visitor.known_phones if known != index)][:MOST_PHONES]
    content: JsonRow = {"id": visitor.device_id or secrets.token_urlsafe(12), "phones": phones}
    _set(response, request, DEVICE_COOKIE, _seal(content, DEVICE_COOKIE, services.sealer), DEVICE_LASTS)
    response.delete_cookie(PENDING_COOKIE)


def _set(response: Response, request: Request, name: str, value: str, lasts: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=services_of(request).settings.secure_cookies,
    )


def _seal(content: JsonRow, name: str, sealer: Sealer) -> str:
    sealed = sealer.seal(json.dumps(content, ensure_ascii=False), f"cookie.{name}")
    return base64.urlsafe_b64encode(sealed).decode()


def _open(value: str | None, name: str, sealer: Sealer) -> JsonRow | None:
    if not value or len(value) > LONGEST_COOKIE:
        return None
    try:
        found: JsonRow = json.loads(sealer.open(base64.urlsafe_b64decode(value), f"cookie.{name}"))
    except (InvalidTag, KeyError, ValueError, IndexError, binascii.Error):
        return None
    return found
