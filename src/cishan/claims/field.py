"""The coordinator's pages: what to buy and bring today, and one page for each, made for one hand and a bad line."""

from dataclasses import asdict
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.viewer import Viewer
from cishan.claims.fulfilment import HandOver, hand_over
from cishan.claims.purchases import Voucher, record_purchase
from cishan.claims.staff_forms import HandOverForm, PurchaseForm
from cishan.claims.staff_pages import task_page, tasks_page
from cishan.claims.staff_queries import Task, claim_for_staff, door_of, tasks_of
from cishan.claims.states import DeliveryProof
from cishan.claims.uploads import clean_file
from cishan.errors import InvalidInput
from cishan.forms.reading import parse_form, read_fields, typed_text
from cishan.forms.replay import answer_once
from cishan.pictures.actions import store_picture
from cishan.pictures.encoder import CleanPicture
from cishan.pictures.models import PictureUse
from cishan.sealing import Sealer
from cishan.templating import page_response
from cishan.web import done, path_id, services_of, viewer_of
from cishan.wishes.staff_pages import Task as FieldTask
from cishan.wishes.staff_pages import TaskGroup
from cishan.wishes.work import MOST_SHOWN

WRONG_CODE = "wrong-code"


async def show_tasks(request: Request) -> Response:
    """What there is to do today, late first."""
    now = services_of(request).clock.now()
    tasks = await tasks_of(viewer_of(request), now=now)
    return page_response(request, "claims/staff_tasks.html", tasks_page(tasks, now))


async def deliveries_today(viewer: Viewer, sealer: Sealer, now: datetime) -> TaskGroup:
    """What there is to buy and to bring, for the coordinator's first page; late first."""
    page = tasks_page(await tasks_of(viewer, now=now), now)
    due = (*page.late, *page.to_buy, *page.to_bring)
    return TaskGroup("要买要送的", tuple(FieldTask(**asdict(row)) for row in due[:MOST_SHOWN]), len(due))


async def show_task(request: Request) -> Response:
    """One task with the form that it needs now; after a wrong code it says how often one may still try."""
    wrong = request.query_params.get("code") == WRONG_CODE
    return await _task_response(request, {"code": ""} if wrong else {}, status=200)


async def _task_response(request: Request, errors: dict[str, str], *, status: int) -> Response:
    services, viewer = services_of(request), viewer_of(request)
    now = services.clock.now()
    task = await claim_for_staff(path_id(request), viewer=viewer)
    if errors.get("code") == "":
        errors = {"code": wrong_code_words(task.tries_left)}
    door = await door_of(task, viewer=viewer, sealer=services.sealer, now=now)
    values = typed_text(await read_fields(request)) if request.method == "POST" else {}
    page = task_page(task, door=door, viewer_id=viewer.account_id, now=now, values=values, errors=errors)
    return page_response(request, "claims/staff_task.html", page, status=status)


def wrong_code_words(tries_left: int) -> str:
    if tries_left > 0:
        return f"收货码不对。请这家人再看一下短信，还能试 {tries_left} 次。"
    return "收货码试错太多次，不能再用了。请用签字单，拍照上传。"


async def record_bought(request: Request) -> Response:
    """Takes the purchase voucher with its picture; over the price it waits for finance."""
    services, viewer, claim_id = services_of(request), viewer_of(request), path_id(request)
    try:
        fields = await read_fields(request)
        task = await claim_for_staff(claim_id, viewer=viewer)
        form, picture = parse_form(fields, PurchaseForm), await clean_file(fields, "voucher")
        if picture is None:
            raise InvalidInput({"voucher": "请拍下购物小票。"})

        async def act() -> str:
            stored = await _store(request, picture, PictureUse.VOUCHER, task, viewer)
            voucher = Voucher(shop=form.shop, spent_fen=form.spent, picture_id=stored)
            now = services.clock.now()
            booked = await record_purchase(claim_id, voucher, actor=viewer, sealer=services.sealer, now=now)
            return f"/field/deliveries/{claim_id}" + ("" if booked else "?leave=asked")

        location = await answer_once(request, act)
    except InvalidInput as error:
        return await _task_response(request, error.fields, status=error.status_code)
    return done(location, "leave-asked" if location.endswith("asked") else "bought")


async def record_hand_over(request: Request) -> Response:
    """Takes the code or the signed slip, and a picture where there is one."""
    services, viewer, claim_id = services_of(request), viewer_of(request), path_id(request)
    try:
        fields = await read_fields(request)
        task = await claim_for_staff(claim_id, viewer=viewer)
        form = parse_form(fields, HandOverForm)
        by_slip = form.proof is DeliveryProof.SLIP
        slip = await clean_file(fields, "slip") if by_slip else None
        picture = await clean_file(fields, "picture")

        async def act() -> str:
            given = HandOver(
                proof=form.proof,
                code=form.code,
                slip_id=await _store(request, slip, PictureUse.SLIP, task, viewer) if slip else None,
                picture_id=await _store(request, picture, PictureUse.HANDOVER, task, viewer) if picture else None,
                value_fen=form.value,
                hours=form.hours,
            )
            now = services.clock.now()
            handed = await hand_over(claim_id, given, actor=viewer, sealer=services.sealer, now=now)
            return f"/field/deliveries/{claim_id}" + ("" if handed.delivered else f"?code={WRONG_CODE}")

        location = await answer_once(request, act)
    except InvalidInput as error:
        return await _task_response(request, error.fields, status=error.status_code)
    if location.endswith(WRONG_CODE):
        return await _task_response(request, {"code": ""}, status=400)
    return done(location, "delivered")


async def _store(request: Request, picture: CleanPicture, use: PictureUse, task: Task, viewer: Viewer) -> int:
    """Keeps a picture under the family's village, or under the village of the buyer who was put in."""
    services = services_of(request)
    place = task.division_code if viewer.covers(task.division_code) else viewer.division_code
    stored = await store_picture(
        picture, use=use, division_code=place, actor=viewer, settings=services.settings, now=services.clock.now()
    )
    picture_id: int = stored.id
    return picture_id
