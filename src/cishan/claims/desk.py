"""Desk pages of fulfilment: ask the family, pass thanks on, look at a claim's path, put a buyer in, end a claim."""

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.states import Role
from cishan.claims.check_pages import (
    ChecksPage,
    ThanksCard,
    ThanksPage,
    ThanksQueuePage,
    check_page,
    check_row,
    picture_card,
)
from cishan.claims.checks import Check, record_check
from cishan.claims.fulfilment import end_claim, reassign_buyer
from cishan.claims.handover_pictures import clear_handover_picture, refuse_handover_picture
from cishan.claims.rules import can_end
from cishan.claims.staff_forms import BuyerForm, CheckForm, EndForm, PictureForm, ThanksForm
from cishan.claims.staff_pages import staff_claim_page
from cishan.claims.staff_queries import (
    Task,
    buyers_of,
    checks_for,
    claim_for_staff,
    door_of,
    events_of,
    handover_pictures_to_judge,
    thanks_to_pass_on,
)
from cishan.claims.states import ClaimStatus
from cishan.claims.thanks import pass_on_thanks, write_thanks
from cishan.divisions.queries import name_of
from cishan.divisions.rules import county_of
from cishan.errors import InvalidInput, NotFound
from cishan.forms.reading import read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.households.rules import sees_people
from cishan.permissions import Permission, holds
from cishan.templating import page_response
from cishan.web import done, path_id, services_of, viewer_of


async def show_checks(request: Request) -> Response:
    """Deliveries to ask about, the longest waiting first; one's own are not here."""
    now = services_of(request).clock.now()
    tasks = await checks_for(viewer_of(request))
    page = ChecksPage(now=now, rows=tuple(check_row(task, now) for task in tasks))
    return page_response(request, "claims/staff_checks.html", page)


async def show_check(request: Request) -> Response:
    return await _check_response(request, {}, status=200)


async def _check_response(request: Request, errors: dict[str, str], *, status: int) -> Response:
    services, viewer = services_of(request), viewer_of(request)
    task = await claim_for_staff(path_id(request), viewer=viewer)
    if task.status is not ClaimStatus.DELIVERED or not viewer.covers(task.division_code):
        raise NotFound("这件事已经核实过了，或者还没有送到。请从“核实”列表重新进入。")
    page = check_page(
        task,
        door=await door_of(task, viewer=viewer, sealer=services.sealer, now=services.clock.now()),
        viewer_id=viewer.account_id,
        household_href=_household_href(task, viewer.role),
        values=typed_text(await read_fields(request)) if request.method == "POST" else {},
        errors=errors,
    )
    return page_response(request, "claims/staff_check.html", page, status=status)


def _household_href(task: Task, role: Role) -> str:
    if not sees_people(role):
        return ""
    return f"/{'field' if role is Role.COORDINATOR else 'desk'}/households/{task.household_id}"


async def save_check(request: Request) -> Response:
    """Writes down what the family said."""
    services, viewer, claim_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await read_form(request, CheckForm)
        check = Check(form.channel, form.answered_by, form.answer, form.note)
        now = services.clock.now()
        status = await record_check(claim_id, check, actor=viewer, sealer=services.sealer, now=now)
        confirmed = status is ClaimStatus.CONFIRMED and viewer.role in {Role.COORDINATOR, Role.TOWN_REVIEWER}
        return f"/desk/checks/{claim_id}/thanks" if confirmed else "/desk/checks"

    try:
        return done(await answer_once(request, act), "checked")
    except InvalidInput as error:
        return await _check_response(request, error.fields, status=error.status_code)


async def show_thanks(request: Request) -> Response:
    """Write down the family's thanks, by the one who delivered or asked."""
    return await _thanks_response(request, {}, status=200)


async def _thanks_response(request: Request, errors: dict[str, str], *, status: int) -> Response:
    viewer = viewer_of(request)
    task = await claim_for_staff(path_id(request), viewer=viewer)
    typed = typed_text(await read_fields(request)).get("text", "") if request.method == "POST" else task.thanks_text
    page = ThanksPage(
        id=task.id,
        item=task.item,
        back="/field/deliveries" if viewer.role is Role.COORDINATOR else "/desk/checks",
        is_passed_on=task.thanks_passed_on_at is not None,
        text=typed,
        errors=errors,
    )
    return page_response(request, "claims/staff_thanks.html", page, status=status)


async def save_thanks(request: Request) -> Response:
    services, viewer, claim_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await read_form(request, ThanksForm)
        await write_thanks(claim_id, form.text, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return "/field/deliveries" if viewer.role is Role.COORDINATOR else "/desk/checks"

    try:
        return done(await answer_once(request, act), "thanks-written")
    except InvalidInput as error:
        return await _thanks_response(request, error.fields, status=error.status_code)


async def show_thanks_queue(request: Request) -> Response:
    """Thanks and hand-over pictures that wait for an editor, oldest first."""
    return await _queue_response(request, 0, {}, "", status=200)


async def _queue_response(
    request: Request, thanks_id: int, errors: dict[str, str], typed: str, *, status: int
) -> Response:
    viewer = viewer_of(request)
    page = ThanksQueuePage(
        cards=tuple(_thanks_card(task, thanks_id, errors, typed) for task in await thanks_to_pass_on(viewer)),
        pictures=tuple(picture_card(task) for task in await handover_pictures_to_judge(viewer)),
    )
    return page_response(request, "claims/staff_thanks_queue.html", page, status=status)


def _thanks_card(task: Task, thanks_id: int, errors: dict[str, str], typed: str) -> ThanksCard:
    refused = task.thanks_id == thanks_id
    return ThanksCard(
        id=task.thanks_id or 0,
        title=task.title,
        text=typed if refused else task.thanks_text,
        can_pass_on=task.status is ClaimStatus.CONFIRMED,
        errors=errors if refused else {},
    )


async def pass_thanks_on(request: Request) -> Response:
    services, viewer, thanks_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await read_form(request, ThanksForm)
        await pass_on_thanks(thanks_id, form.text, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return "/desk/thanks"

    try:
        return done(await answer_once(request, act), "thanks-passed-on")
    except InvalidInput as error:
        typed = typed_text(await read_fields(request)).get("text", "")
        return await _queue_response(request, thanks_id, error.fields, typed, status=error.status_code)


async def judge_handover_picture(request: Request) -> Response:
    """Lets the donor see the picture, or takes it from the fulfilment."""
    services, viewer, claim_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await read_form(request, PictureForm)
        judge = clear_handover_picture if form.verdict == "clear" else refuse_handover_picture
        await judge(claim_id, form.picture, actor=viewer, now=services.clock.now())
        return "/desk/thanks"

    return done(await answer_once(request, act), "saved")


async def show_claim(request: Request) -> Response:
    """A claim's whole path; its town and the federation may put a buyer in or end it from here."""
    return await _claim_response(request, {}, status=200)


async def _claim_response(request: Request, errors: dict[str, str], *, status: int) -> Response:
    services, viewer = services_of(request), viewer_of(request)
    task = await claim_for_staff(path_id(request), viewer=viewer)
    may_manage = holds(viewer.role, Permission.REVIEW) or holds(viewer.role, Permission.PUBLISH)
    page = staff_claim_page(
        task,
        await events_of(task.id),
        place=await name_of(task.division_code if sees_people(viewer.role) else county_of(task.division_code)),
        buyers=await buyers_of(task.division_code, sealer=services.sealer) if may_manage else (),
        may_manage=may_manage,
        can_end=can_end(task.status),
        now=services.clock.now(),
        errors=errors,
    )
    return page_response(request, "claims/staff_claim.html", page, status=status)


async def put_buyer_in(request: Request) -> Response:
    services, viewer, claim_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await read_form(request, BuyerForm)
        now = services.clock.now()
        await reassign_buyer(claim_id, form.buyer, actor=viewer, sealer=services.sealer, now=now)
        return f"/desk/claims/{claim_id}"

    try:
        return done(await answer_once(request, act), "buyer-put-in")
    except InvalidInput as error:
        return await _claim_response(request, error.fields, status=error.status_code)


async def end(request: Request) -> Response:
    services, viewer, claim_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await read_form(request, EndForm)
        await end_claim(claim_id, form.reason, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return f"/desk/claims/{claim_id}"

    try:
        return done(await answer_once(request, act), "claim-ended")
    except InvalidInput as error:
        return await _claim_response(request, error.fields, status=error.status_code)
