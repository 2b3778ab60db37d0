"""What a browser carries between the door and the list: a sealed pass for half an hour, for one household only."""

import base64
import binascii
import json
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from starlette.requests import Request
from starlette.responses import Response

from cishan.web import services_of

COOKIE = "cishan_list"
SEAL_LABEL = "cookie.cishan_list"
PATH = "/list"
LASTS = timedelta(minutes=30)
LONGEST_COOKIE = 1000


@dataclass(frozen=True)
class Pass:
    """`key_id` is 0 for a code that nobody has; `household_id` is 0 until the second factor was right."""

    key_id: int
    household_id: int = 0
    failed: bool = False
    code_sent: bool = False
    until: int = 0

    @property
    def is_open(self) -> bool:
        return self.household_id > 0


def read_pass(request: Request) -> Pass | None:
    """None when there is none, it was changed, or its half hour is over."""
    services = services_of(request)
    value = request.cookies.get(COOKIE, "")
    if not value or len(value) > LONGEST_COOKIE:
        return None
    try:
        content = services.sealer.open(base64.urlsafe_b64decode(value), SEAL_LABEL)
        found = Pass(**json.loads(content))
    except (InvalidTag, KeyError, ValueError, IndexError, TypeError, binascii.Error):
        return None
    return found if found.until > services.clock.now().timestamp() else None


def give_pass(response: Response, request: Request, given: Pass) -> Response:
    """Hands the pass to the browser, good for half an hour from now."""
    services = services_of(request)
    until = int((services.clock.now() + LASTS).timestamp())
    content = json.dumps(asdict(replace(given, until=until)))
    response.set_cookie(
        COOKIE,
        base64.urlsafe_b64encode(services.sealer.seal(content, SEAL_LABEL)).decode(),
        max_age=int(LASTS.total_seconds()),
        path=PATH,
        httponly=True,
        samesite="lax",
        secure=services.settings.secure_cookies,
    )
    return response


def take_pass(response: Response) -> Response:
    response.delete_cookie(COOKIE, path=PATH)
    return response
