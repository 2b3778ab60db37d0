"""My data: see it, take a copy, put the name right, close the account."""

from starlette.requests import Request
from starlette.responses import Response
from tortoise.transactions import in_transaction

from cishan.accounts.forms import Name
from cishan.accounts.own import change_own_name, close_own_account
from cishan.accounts.queries import name_of
from cishan.donations.actions import hide_names_of
from cishan.errors import Conflict, InvalidInput
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.messages.actions import forget_notices
from cishan.monthly.actions import end_plans_of
from cishan.own_data.copies import copy_of
from cishan.own_data.pages import ClosePage, NamePage, blockers_of, own_data_page
from cishan.own_data.queries import held_on, under_way
from cishan.receipts.certificates import take_name_off
from cishan.templating import page_response
from cishan.web import SESSION_COOKIE, done, services_of, viewer_of

OWN = "/me/data"


class NameForm(FormModel):
    name: Name


class CloseForm(FormModel):
    sure: str = ""


async def show_own_data(request: Request) -> Response:
    """What is held on me, what for, and how long (PIPL art. 44, 45)."""
    site = request.state.site
    held = await held_on(viewer_of(request), sealer=services_of(request).sealer)
    page = own_data_page(held, charity_name=site.name, charity_phone=site.contact_phone)
    return page_response(request, "own_data/data.html", page)


async def download_copy(request: Request) -> Response:
    services = services_of(request)
    held = await held_on(viewer_of(request), sealer=services.sealer)
    body = copy_of(held, charity=request.state.site.name, now=services.clock.now())
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "private, no-store"}
    return Response(body, media_type="application/json", headers=headers)


async def show_name(request: Request) -> Response:
    name = await name_of(viewer_of(request).account_id, services_of(request).sealer)
    return page_response(request, "own_data/name.html", NamePage(values={"name": name}))


async def save_name(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> str:
        form = await read_form(request, NameForm)
        await change_own_name(form.name, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return OWN

    try:
        return done(await answer_once(request, act), "saved")
    except InvalidInput as error:
        page = NamePage(error.fields, typed_text(await read_fields(request)))
        return page_response(request, "own_data/name.html", page, status=error.status_code)


async def show_close(request: Request) -> Response:
    return page_response(request, "own_data/close.html", await _close_page(request, {}))


async def close(request: Request) -> Response:
    """Closes the account when nothing is under way; else the page says what has to end first."""
    services, viewer = services_of(request), viewer_of(request)
    try:
        form = await read_form(request, CloseForm)
        if form.sure != "yes":
            raise InvalidInput({"sure": "请先勾选，再注销。"})
        async with in_transaction():
            if not (await under_way(viewer)).is_nothing:
                raise Conflict("还有事情没有办完，现在不能注销。请打开“注销账号”看看是什么。")
            now = services.clock.now()
            await end_plans_of(viewer.account_id, actor=viewer, now=now)
            await hide_names_of(viewer.account_id)
            await take_name_off(viewer.account_id)
            await forget_notices(viewer.account_id)
            await close_own_account(actor=viewer, sealer=services.sealer, now=now)
    except InvalidInput as error:
        page = await _close_page(request, error.fields)
        return page_response(request, "own_data/close.html", page, status=error.status_code)
    response = done("/sign-in", "account-closed")
    response.delete_cookie(SESSION_COOKIE)
    return response


async def _close_page(request: Request, errors: dict[str, str]) -> ClosePage:
    blockers = blockers_of(await under_way(viewer_of(request)))
    return ClosePage(blockers, request.state.site.contact_phone, errors)
