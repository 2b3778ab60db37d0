"""One's own account: the devices that are signed in, and the password."""

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.forms import ChangePasswordForm
from cishan.accounts.pages import Device, DevicesPage, PasswordPage
from cishan.accounts.queries import devices_of, has_password
from cishan.accounts.sessions import revoke_others, revoke_session
from cishan.accounts.sign_in import change_password
from cishan.errors import InvalidInput, TooMany
from cishan.forms.reading import read_form
from cishan.forms.replay import answer_once
from cishan.templating import page_response
from cishan.web import done, path_id, services_of, viewer_of

DEVICES = "/me/devices"


async def show_devices(request: Request) -> Response:
    viewer = viewer_of(request)
    found = await devices_of(viewer, now=services_of(request).clock.now())
    devices = tuple(
        Device(row["id"], row["device"], row["created_at"], row["seen_at"], row["id"] == viewer.session_id)
        for row in found
    )
    return page_response(request, "accounts/devices.html", DevicesPage(devices, has_others=len(devices) > 1))


async def revoke_device(request: Request) -> Response:
    async def act() -> str:
        now = services_of(request).clock.now()
        await revoke_session(path_id(request), actor=viewer_of(request), now=now)
        return DEVICES

    return done(await answer_once(request, act), "device-signed-out")


async def revoke_other_devices(request: Request) -> Response:
    async def act() -> str:
        await revoke_others(actor=viewer_of(request), now=services_of(request).clock.now())
        return DEVICES

    return done(await answer_once(request, act), "device-signed-out")


async def show_password(request: Request) -> Response:
    page = PasswordPage(has_password=await has_password(viewer_of(request)))
    return page_response(request, "accounts/password.html", page)


async def save_password(request: Request) -> Response:
    """Not answered once: each try with a wrong present password must count, whatever becomes of it."""
    services, viewer = services_of(request), viewer_of(request)
    try:
        form = await read_form(request, ChangePasswordForm)
        await change_password(
            form.current,
            form.new,
            actor=viewer,
            sealer=services.sealer,
            now=services.clock.now(),
            passwords=services.passwords,
        )
    except (InvalidInput, TooMany) as error:
        errors = error.fields if isinstance(error, InvalidInput) else {"": error.sentence}
        page = PasswordPage(await has_password(viewer), errors)
        return page_response(request, "accounts/password.html", page, status=error.status_code)
    return done("/me/password", "password-changed")
