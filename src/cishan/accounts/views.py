"""The donor's door: register, sign in with a password or a code, sign out."""

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.actions import register_donor
from cishan.accounts.codes import send_code, use_code
from cishan.accounts.cookies import address_of, let_in, read_pending, set_pending, visitor_of
from cishan.accounts.forms import (
    CodeForm,
    OrganisationForm,
    PasswordSignInForm,
    PersonForm,
    PhoneForm,
)
from cishan.accounts.pages import DoorPage
from cishan.accounts.queries import has_donor_account
from cishan.accounts.rules import masked_phone
from cishan.accounts.sessions import revoke_token
from cishan.accounts.sign_in import begin_session, sign_in_after_code, sign_in_with_password
from cishan.accounts.states import AccountKind, CodePurpose, Role
from cishan.charities.queries import Site
from cishan.charities.states import LegalMode
from cishan.errors import CishanError, Conflict, Forbidden, InvalidInput, TooMany
from cishan.forms.reading import read_fields, read_form, typed_text
from cishan.front import local_path
from cishan.navigation import home_of
from cishan.templating import page_response
from cishan.web import SESSION_COOKIE, done, see_other, services_of, viewer_or_none

SIGN_IN = "/sign-in"
CODE = "/sign-in/code"
NAME = "/register/name"


def registration_is_open(site: Site) -> bool:
    """In mode (b) donors come by invitation (慈善法 art. 29: only founders, council and members are asked)."""
    return site.legal_mode is not LegalMode.PRIVATE


async def show_sign_in(request: Request) -> Response:
    """Whoever is already in goes on to where they wanted."""
    viewer = viewer_or_none(request)
    if viewer is not None:
        return see_other(home_of(viewer.role))
    return _door(request, "accounts/sign_in.html")


async def sign_in(request: Request) -> Response:
    """With the password, or, at the other button, by a code sent to the phone."""
    fields = await read_fields(request)
    if fields.get("way") == "code":
        return await _send(request, "accounts/sign_in.html")
    services = services_of(request)
    try:
        form = await read_form(request, PasswordSignInForm)
        visitor = visitor_of(request)
        token = await sign_in_with_password(
            form.phone,
            form.password,
            AccountKind.DONOR,
            visitor=visitor,
            sealer=services.sealer,
            now=services.clock.now(),
            passwords=services.passwords,
        )
    except (InvalidInput, TooMany) as error:
        return await door_again(request, "accounts/sign_in.html", error)
    response = see_other(after_sign_in(form.next, Role.DONOR))
    let_in(response, request, token, form.phone, AccountKind.DONOR, visitor)
    return response


async def show_register(request: Request) -> Response:
    if not registration_is_open(request.state.site):
        return _door(request, "accounts/register_closed.html")
    return _door(request, "accounts/register.html")


async def register(request: Request) -> Response:
    if not registration_is_open(request.state.site):
        raise Forbidden("本站只接受邀请登记。收到邀请短信的，请打开短信里的链接。")
    return await _send(request, "accounts/register.html")


async def _send(request: Request, template: str) -> Response:
    """Sends a code and leads to the page for it; the same happens for a phone that nobody registered."""
    try:
        form = await read_form(request, PhoneForm)
        await _send_code(request, form.phone)
    except (InvalidInput, TooMany) as error:
        return await door_again(request, template, error)
    response = see_other(CODE)
    set_pending(response, request, form.phone, local_path(form.next), checked=False)
    return response


async def _send_code(request: Request, phone: str) -> None:
    services = services_of(request)
    known = registration_is_open(request.state.site) or await has_donor_account(phone, services.sealer)
    await send_code(
        phone,
        purpose=CodePurpose.SIGN_IN,
        address=address_of(request),
        sealer=services.sealer,
        now=services.clock.now(),
        reach=known,
    )


async def show_code(request: Request) -> Response:
    pending = read_pending(request)
    if pending is None:
        return see_other(SIGN_IN)
    return page_response(request, "accounts/code.html", DoorPage(pending.next, phone=masked_phone(pending.phone)))


async def check_code(request: Request) -> Response:
    """The right code signs in whoever has registered, and leads everyone else to say their name."""
    pending = read_pending(request)
    if pending is None:
        return see_other(SIGN_IN)
    services = services_of(request)
    now = services.clock.now()
    try:
        form = await read_form(request, CodeForm)
        await use_code(pending.phone, form.code, sealer=services.sealer, now=now)
    except InvalidInput as error:
        page = DoorPage(pending.next, errors=error.fields, phone=masked_phone(pending.phone))
        return page_response(request, "accounts/code.html", page, status=400)
    visitor = visitor_of(request)
    token = await sign_in_after_code(pending.phone, visitor=visitor, sealer=services.sealer, now=now)
    if token is None:
        response = see_other(NAME)
        set_pending(response, request, pending.phone, pending.next, checked=True)
        return response
    response = see_other(after_sign_in(pending.next, Role.DONOR))
    let_in(response, request, token, pending.phone, AccountKind.DONOR, visitor)
    return response


async def send_again(request: Request) -> Response:
    pending = read_pending(request)
    if pending is None:
        return see_other(SIGN_IN)
    try:
        await _send_code(request, pending.phone)
    except TooMany as error:
        page = DoorPage(pending.next, errors={"": error.sentence}, phone=masked_phone(pending.phone))
        return page_response(request, "accounts/code.html", page, status=429, headers=_retry(error))
    return done(CODE, "code-sent")


async def show_name(request: Request) -> Response:
    pending = read_pending(request)
    if pending is None or not pending.checked:
        return see_other(SIGN_IN)
    as_organisation = request.query_params.get("as") == "organisation"
    page = DoorPage(pending.next, phone=masked_phone(pending.phone), as_organisation=as_organisation)
    return page_response(request, "accounts/name.html", page)


async def finish_registration(request: Request) -> Response:
    """Creates the account of a phone whose code was right. A second click finds it there and is led to sign in."""
    pending = read_pending(request)
    if pending is None or not pending.checked or not registration_is_open(request.state.site):
        return see_other(SIGN_IN)
    services = services_of(request)
    as_organisation = (await read_fields(request)).get("as") == "organisation"
    try:
        form = await read_form(request, OrganisationForm if as_organisation else PersonForm)
        account_id = await register_donor(
            pending.phone,
            form.name,
            password=form.password,
            organisation=(form.organisation, form.uscc) if isinstance(form, OrganisationForm) else None,
            sealer=services.sealer,
            now=services.clock.now(),
            passwords=services.passwords,
        )
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        page = DoorPage(pending.next, error.fields, typed, True, masked_phone(pending.phone), as_organisation)
        return page_response(request, "accounts/name.html", page, status=400)
    except Conflict:
        return see_other(SIGN_IN)
    visitor = visitor_of(request)
    token = await begin_session(account_id, AccountKind.DONOR, visitor=visitor, now=services.clock.now())
    response = done(after_sign_in(pending.next, Role.DONOR), "registered")
    let_in(response, request, token, pending.phone, AccountKind.DONOR, visitor)
    return response


async def sign_out(request: Request) -> Response:
    """Ends this browser's session here and in the table."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        await revoke_token(token, now=services_of(request).clock.now())
    response = done("/sign-in", "signed-out")
    response.delete_cookie(SESSION_COOKIE)
    return response


def after_sign_in(next_path: str, role: Role) -> str:
    """Where the person wanted to go, when that is a page of ours; else the home of their role."""
    path = local_path(next_path)
    return home_of(role) if path == "/" or path.startswith((SIGN_IN, "/register", "/staff")) else path


def _door(request: Request, template: str) -> Response:
    page = DoorPage(
        next=local_path(request.query_params.get("next", "/")),
        registration_open=registration_is_open(request.state.site),
    )
    return page_response(request, template, page)


async def door_again(request: Request, template: str, error: CishanError) -> Response:
    """The form once more, with what was typed and the sentence of what went wrong."""
    typed = typed_text(await read_fields(request))
    page = DoorPage(
        next=local_path(typed.get("next", "/")),
        errors=error.fields if isinstance(error, InvalidInput) else {"": error.sentence},
        values={"phone": typed.get("phone", "")},
        registration_open=registration_is_open(request.state.site),
    )
    headers = _retry(error) if isinstance(error, TooMany) else None
    return page_response(request, template, page, status=error.status_code, headers=headers)


def _retry(error: TooMany) -> dict[str, str]:
    return {"Retry-After": str(error.retry_after_seconds)}
