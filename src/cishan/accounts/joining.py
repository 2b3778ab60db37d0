"""The link of an invitation: one door for staff and for the donors of mode (b), who come by invitation as well."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.actions import accept_invitation
from cishan.accounts.cookies import let_in, visitor_of
from cishan.accounts.donor_invitations import accept_donor_invitation
from cishan.accounts.forms import NewPasswordForm
from cishan.accounts.pages import InvitationPage
from cishan.accounts.queries import Invited, invitation_of
from cishan.accounts.rules import masked_phone
from cishan.accounts.sign_in import begin_session
from cishan.accounts.states import STAFF_ROLES, AccountKind
from cishan.errors import InvalidInput, NotFound
from cishan.forms.reading import read_form
from cishan.labels import label
from cishan.navigation import home_of
from cishan.services import Services
from cishan.templating import page_response
from cishan.web import done, services_of

TEMPLATE = "accounts/invitation.html"


async def show_invitation(request: Request) -> Response:
    """Shows the role and the place before anything is asked."""
    invited = await _invited(request, services_of(request).clock.now())
    return page_response(request, TEMPLATE, _page(request, invited, {}))


async def take_invitation(request: Request) -> Response:
    """Sets the password and signs in; the link works once."""
    services = services_of(request)
    now = services.clock.now()
    invited = await _invited(request, now)
    try:
        form = await read_form(request, NewPasswordForm)
        account_id = await _accept(request.path_params["token"], form.password, invited, services, now)
    except InvalidInput as error:
        return page_response(request, TEMPLATE, _page(request, invited, error.fields), status=400)
    kind = AccountKind.STAFF if _is_staff(invited) else AccountKind.DONOR
    visitor = visitor_of(request)
    session = await begin_session(account_id, kind, visitor=visitor, now=now)
    response = done(home_of(invited.role), "joined" if _is_staff(invited) else "registered")
    let_in(response, request, session, invited.phone, kind, visitor)
    return response


async def _invited(request: Request, now: datetime) -> Invited:
    """What the link offers; staff's and donors' links have addresses of their own, and neither opens the other's."""
    invited = await invitation_of(request.path_params["token"], sealer=services_of(request).sealer, now=now)
    if request.url.path.startswith("/staff/") is not _is_staff(invited):
        raise NotFound
    return invited


async def _accept(token: str, password: str, invited: Invited, services: Services, now: datetime) -> int:
    if _is_staff(invited):
        return await accept_invitation(token, password, sealer=services.sealer, now=now, passwords=services.passwords)
    return await accept_donor_invitation(token, password, now=now, passwords=services.passwords)


def _is_staff(invited: Invited) -> bool:
    return invited.role in STAFF_ROLES


def _page(request: Request, invited: Invited, errors: dict[str, str]) -> InvitationPage:
    return InvitationPage(
        action=request.url.path,
        name=invited.name,
        phone=masked_phone(invited.phone),
        role=label(invited.role),
        place=invited.place,
        for_staff=_is_staff(invited),
        errors=errors,
    )
