"""The staff's door: sign-in with phone and password, and the link of an invitation."""

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.actions import accept_invitation
from cishan.accounts.cookies import let_in, visitor_of
from cishan.accounts.forms import NewPasswordForm, PasswordSignInForm
from cishan.accounts.pages import DoorPage, InvitationPage
from cishan.accounts.queries import invitation_of
from cishan.accounts.rules import masked_phone
from cishan.accounts.sessions import viewer_of_token
from cishan.accounts.sign_in import begin_session, sign_in_with_password
from cishan.accounts.states import STAFF_ROLES, AccountKind
from cishan.accounts.views import door_again
from cishan.errors import InvalidInput, NotFound, TooMany
from cishan.forms.reading import read_form
from cishan.front import local_path
from cishan.labels import label
from cishan.navigation import home_of
from cishan.templating import page_response
from cishan.web import done, see_other, services_of, viewer_of, viewer_or_none

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


async def show_invitation(request: Request) -> Response:
    """Shows the role and the place before anything is asked."""
    return page_response(request, "accounts/invitation.html", await _invitation(request, {}))


async def take_invitation(request: Request) -> Response:
    """Sets the password and signs in; the link works once."""
    services = services_of(request)
    now, token = services.clock.now(), request.path_params["token"]
    invited = await invitation_of(token, sealer=services.sealer, now=now)
    try:
        form = await read_form(request, NewPasswordForm)
        account_id = await accept_invitation(
            token, form.password, sealer=services.sealer, now=now, passwords=services.passwords
        )
    except InvalidInput as error:
        page = await _invitation(request, error.fields)
        return page_response(request, "accounts/invitation.html", page, status=400)
    visitor = visitor_of(request)
    session = await begin_session(account_id, AccountKind.STAFF, visitor=visitor, now=now)
    response = done(home_of(invited.role), "joined")
    let_in(response, request, session, invited.phone, AccountKind.STAFF, visitor)
    return response


async def _invitation(request: Request, errors: dict[str, str]) -> InvitationPage:
    services = services_of(request)
    token = request.path_params["token"]
    invited = await invitation_of(token, sealer=services.sealer, now=services.clock.now())
    if invited.role not in STAFF_ROLES:
        raise NotFound
    return InvitationPage(
        action=f"/staff/invitations/{token}",
        name=invited.name,
        phone=masked_phone(invited.phone),
        role=label(invited.role),
        place=invited.place,
        for_staff=True,
        errors=errors,
    )
