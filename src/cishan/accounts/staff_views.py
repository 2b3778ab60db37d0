"""The staff's door: sign-in with phone and password. The link of an invitation opens in `joining.py`."""

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.cookies import let_in, visitor_of
from cishan.accounts.forms import PasswordSignInForm
from cishan.accounts.pages import DoorPage
from cishan.accounts.sessions import viewer_of_token
from cishan.accounts.sign_in import sign_in_with_password
from cishan.accounts.states import AccountKind
from cishan.accounts.views import door_again
from cishan.errors import InvalidInput, TooMany
from cishan.forms.reading import read_form
from cishan.front import local_path
from cishan.navigation import home_of
from cishan.templating import page_response
from cishan.web import see_other, services_of, viewer_of, viewer_or_none

TEMPLATE = "accounts/staff_sign_in.html"


async def go_home(request: Request) -> Response:
    """Staff land on the page of their daily work."""
    return see_other(home_of(viewer_of(request).role))


async def show_staff_sign_in(request: Request) -> Response:
    viewer = viewer_or_none(request)
    if viewer is not None and viewer.is_staff:
        return see_other(home_of(viewer.role))
    return page_response(request, TEMPLATE, DoorPage(next=local_path(request.query_params.get("next", "/"))))


async def staff_sign_in(request: Request) -> Response:
    services = services_of(request)
    now = services.clock.now()
    try:
        form = await read_form(request, PasswordSignInForm)
        visitor = visitor_of(request)
        token = await sign_in_with_password(
            form.phone,
            form.password,
            AccountKind.STAFF,
            visitor=visitor,
            sealer=services.sealer,
            now=now,
            passwords=services.passwords,
        )
    except (InvalidInput, TooMany) as error:
        return await door_again(request, TEMPLATE, error)
    viewer = await viewer_of_token(token, now=now)
    wanted = local_path(form.next)
    response = see_other(wanted if wanted != "/" or viewer is None else home_of(viewer.role))
    let_in(response, request, token, form.phone, AccountKind.STAFF, visitor)
    return response
