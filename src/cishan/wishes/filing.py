"""The coordinator's pages: today's tasks, and filing a wish step by step, each step saved before the next is asked."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from pydantic import Field
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.errors import InvalidInput, NotFound
from cishan.forms.reading import FormModel, parse_form, read_fields, typed_text
from cishan.forms.replay import answer_once
from cishan.households.consents import CONSENT_TEXTS, TEXT_VERSION, give_consent
from cishan.households.queries import consents_now
from cishan.households.states import ConsentMethod, ConsentPurpose
from cishan.labels import LABELS, label
from cishan.money import fen_from_yuan_text, yuan_text
from cishan.pictures.actions import clean_upload, store_picture
from cishan.pictures.encoder import CleanPicture
from cishan.pictures.models import PictureUse
from cishan.templating import page_response
from cishan.web import done, path_id, see_other, services_of, viewer_of
from cishan.wishes.actions import WishDraft, change_draft, draft_wish, file_wish, remove_picture, withdraw_wish
from cishan.wishes.campaigns import terms_on
from cishan.wishes.catalogue import catalogue, usual_price_of
from cishan.wishes.checks import NEEDED_CONSENTS, household_in_scope
from cishan.wishes.pages import FOR_WHOM, TONES, price_text
from cishan.wishes.staff_pages import (
    FieldPage,
    FieldWishPage,
    FilingCheckPage,
    FilingPage,
    TaskGroup,
    picture_of,
    staff_steps,
    task_of,
    visit_task,
)
from cishan.wishes.states import Audience, WishKind, WishStatus, can
from cishan.wishes.work import (
    MOST_SHOWN,
    StaffWish,
    queue_of,
    staff_wish,
    timeline_of,
    visits_to_confirm,
    waiting_in,
)

STEPS = ("what", "who", "price")
LAST_STEP = 4
UNDER_WAY = (WishStatus.FILED, WishStatus.VISITED, WishStatus.WORDED, WishStatus.PUBLISHED, WishStatus.CLAIMED)


class WhatForm(FormModel):
    kind: WishKind
    item: str = Field(min_length=1, max_length=40)


class WhoForm(FormModel):
    audience: Audience
    note: str = Field(min_length=1, max_length=300)
    school: str = Field(default="", max_length=60)


class PriceForm(FormModel):
    price: str = "0"
    hours: int = Field(default=0, ge=0, le=100)
    drop_picture: str = ""


class ConsentForm(FormModel):
    purposes: tuple[ConsentPurpose, ...] = ()
    method: ConsentMethod | None = None
    signed_by: str = ""


class ReasonForm(FormModel):
    reason: str = Field(min_length=1, max_length=200)


async def show_field(request: Request) -> Response:
    """Today: what came back, what is not finished, what other rooms ask for, what is under way."""
    services, viewer = services_of(request), viewer_of(request)
    now = services.clock.now()
    visits = await visits_to_confirm(viewer, sealer=services.sealer)
    groups = [
        TaskGroup("等您确认的走访", tuple(visit_task(visit) for visit in visits[:MOST_SHOWN]), len(visits)),
        await _wishes_in("退回来要改的", (WishStatus.RETURNED,), viewer, now),
        *[await source(viewer, services.sealer, now) for source in request.app.state.field_tasks],
        await _wishes_in("没填完的心愿", (WishStatus.DRAFT,), viewer, now),
    ]
    page = FieldPage(
        groups=tuple(group for group in groups if group.tasks),
        under_way=await _wishes_in("正在办的心愿", UNDER_WAY, viewer, now),
    )
    return page_response(request, "wishes/field.html", page)


async def _wishes_in(title: str, statuses: tuple[WishStatus, ...], viewer: Viewer, now: datetime) -> TaskGroup:
    """The most pressing wishes in these statuses; they are counted apart only where more wait than are shown."""
    found = await queue_of(viewer, statuses)
    total = len(found) if len(found) < MOST_SHOWN else (await waiting_in(viewer, statuses, now))[0]
    return TaskGroup(title, tuple(task_of(wish, f"/field/wishes/{wish.id}", now) for wish in found), total)


async def show_new(request: Request) -> Response:
    """The first step for a household; a suggestion that was tapped is filled in."""
    query = request.query_params
    return await _new_page(request, {"item": query.get("item", ""), "kind": query.get("kind", "thing")}, {})


async def start(request: Request) -> Response:
    """Saves the first step as a draft, so that nothing is lost from here on."""
    services, viewer, household_id = services_of(request), viewer_of(request), path_id(request)
    form = await read_fields(request)

    async def act() -> str:
        what = parse_form(form, WhatForm)
        draft = WishDraft(kind=what.kind, item=what.item)
        now = services.clock.now()
        wish = await draft_wish(household_id, draft, actor=viewer, sealer=services.sealer, now=now)
        return f"/field/wishes/{wish.id}/edit/who"

    try:
        return done(await answer_once(request, act), "saved")
    except InvalidInput as error:
        return await _new_page(request, typed_text(form), error.fields)


async def show_step(request: Request) -> Response:
    wish, step = await _editable(request), _step(request)
    return await _step_page(request, wish, step, _stored(wish), {})


async def save_step(request: Request) -> Response:
    """Saves one step and goes on to the next. The picture is decoded before the transaction begins."""
    wish, step = await _editable(request), _step(request)
    form = await read_fields(request)
    savers: dict[str, Callable[[], Awaitable[None]]] = {}
    try:
        picture = await _picture_in(form)
        savers = {
            "what": lambda: _save_what(request, wish, form),
            "who": lambda: _save_who(request, wish, form),
            "price": lambda: _save_price(request, wish, form, picture),
        }

        async def act() -> str:
            await savers[step]()
            number = STEPS.index(step) + 1
            return f"/field/wishes/{wish.id}/" + (f"edit/{STEPS[number]}" if number < len(STEPS) else "check")

        return done(await answer_once(request, act), "saved")
    except InvalidInput as error:
        return await _step_page(request, wish, step, typed_text(form), error.fields)


async def show_check(request: Request) -> Response:
    return await _check_page(request, await _editable(request), {}, {})


async def file(request: Request) -> Response:
    """Records the consents that were missing and hands the wish to the town, both or neither."""
    services, viewer = services_of(request), viewer_of(request)
    wish, form = await _editable(request), await read_fields(request)

    async def act() -> str:
        now = services.clock.now()
        await _give_missing_consents(request, wish, parse_form(form, ConsentForm))
        await file_wish(wish.id, actor=viewer, sealer=services.sealer, now=now)
        return f"/field/wishes/{wish.id}"

    try:
        return done(await answer_once(request, act), "sent")
    except InvalidInput as error:
        values: dict[str, object] = {**typed_text(form), "purposes": form.getlist("purposes")}
        return await _check_page(request, wish, values, error.fields)


async def show_wish(request: Request) -> Response:
    return await _wish_page(request, {})


async def withdraw(request: Request) -> Response:
    services, viewer, wish_id = services_of(request), viewer_of(request), path_id(request)
    form = await read_fields(request)

    async def act() -> str:
        reason = parse_form(form, ReasonForm).reason
        await withdraw_wish(wish_id, actor=viewer, sealer=services.sealer, now=services.clock.now(), reason=reason)
        return f"/field/wishes/{wish_id}"

    try:
        return done(await answer_once(request, act), "saved")
    except InvalidInput as error:
        return await _wish_page(request, error.fields)


async def show_place(request: Request) -> Response:
    """Where a draft goes on: the step that is not filled in yet, else the check."""
    wish = await _editable(request)
    step = (
        "what" if not wish.item else "who" if not wish.note else "price" if not (wish.price_fen or wish.hours) else ""
    )
    return see_other(f"/field/wishes/{wish.id}/" + (f"edit/{step}" if step else "check"))


# --- saving ------------------------------------------------------------------------------------------------------


async def _save_what(request: Request, wish: StaffWish, form: FormData) -> None:
    what = parse_form(form, WhatForm)
    await _change(request, wish, WishDraft(kind=what.kind, item=what.item))


async def _save_who(request: Request, wish: StaffWish, form: FormData) -> None:
    who = parse_form(form, WhoForm)
    await _change(request, wish, WishDraft(audience=who.audience, note=who.note, school=who.school))


async def _save_price(request: Request, wish: StaffWish, form: FormData, clean: CleanPicture | None) -> None:
    price = parse_form(form, PriceForm)
    services, viewer = services_of(request), viewer_of(request)
    now = services.clock.now()
    try:
        price_fen = fen_from_yuan_text(price.price.removesuffix("元").strip())
    except ValueError:
        raise InvalidInput({"price": "请填写数字，例如 300 或 12.50。"}) from None
    picture_id = None
    if clean is not None:
        stored = await store_picture(
            clean,
            use=PictureUse.WISH,
            division_code=wish.division_code,
            actor=viewer,
            settings=services.settings,
            now=now,
        )
        picture_id = stored.id
    elif price.drop_picture and wish.picture_id:
        await remove_picture(wish.id, actor=viewer, now=now, reason="协理员去掉了照片")
    await _change(request, wish, WishDraft(price_fen=price_fen, hours=price.hours, picture_id=picture_id))


async def _change(request: Request, wish: StaffWish, draft: WishDraft) -> None:
    services = services_of(request)
    await change_draft(wish.id, draft, actor=viewer_of(request), sealer=services.sealer, now=services.clock.now())


async def _give_missing_consents(request: Request, wish: StaffWish, form: ConsentForm) -> None:
    """What the family must have agreed to before anyone reads their wish; a picture asks for one consent more."""
    missing = await _missing_consents(wish)
    if not missing:
        return
    refused = [purpose for purpose in missing if purpose in NEEDED_CONSENTS and purpose not in form.purposes]
    if refused:
        raise InvalidInput({"purposes": "这家人要先同意登记和公开心愿文字，才能提交。不同意就不能提交。"})
    if ConsentPurpose.PUBLISH_PICTURE in missing and ConsentPurpose.PUBLISH_PICTURE not in form.purposes:
        raise InvalidInput({"purposes": "这家人不同意公开照片的话，请回到上一步去掉照片。"})
    if form.method is None:
        raise InvalidInput({"method": "请选择怎么签的。"})
    services = services_of(request)
    await give_consent(
        wish.household_id,
        [purpose for purpose in form.purposes if purpose in missing],
        form.method,
        form.signed_by,
        actor=viewer_of(request),
        sealer=services.sealer,
        now=services.clock.now(),
    )


async def _missing_consents(wish: StaffWish) -> list[ConsentPurpose]:
    needed = [ConsentPurpose.STORE, ConsentPurpose.SHOW_TO_CLAIMER]
    if wish.picture_id:
        needed.append(ConsentPurpose.PUBLISH_PICTURE)
    given = await consents_now(wish.household_id)
    return [purpose for purpose in needed if purpose not in given]


async def _picture_in(form: FormData) -> CleanPicture | None:
    upload = form.get("picture")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    return await clean_upload(upload)


# --- pages -------------------------------------------------------------------------------------------------------


async def _editable(request: Request) -> StaffWish:
    wish = await staff_wish(viewer_of(request), path_id(request), sealer=services_of(request).sealer)
    if not can("file", wish.status):
        raise NotFound("这个心愿已经提交，不能再改。要改请联系乡镇审核员退回。")
    return wish


def _step(request: Request) -> str:
    step = str(request.path_params["step"])
    if step not in STEPS:
        raise NotFound
    return step


def _stored(wish: StaffWish) -> dict[str, object]:
    return {
        "kind": wish.kind.value,
        "item": wish.item,
        "audience": wish.audience.value if wish.note else "",
        "note": wish.note,
        "school": wish.school,
        "price": yuan_text(wish.price_fen).removesuffix(".00") if wish.price_fen else "",
        "hours": wish.hours or "",
    }


async def _new_page(request: Request, values: Mapping[str, object], errors: Mapping[str, str]) -> Response:
    household_id = path_id(request)
    household = await household_in_scope(household_id, viewer_of(request))
    page = FilingPage(
        step="what",
        number=1,
        last=LAST_STEP,
        action=f"/field/households/{household_id}/wishes/new",
        back=f"/field/households/{household_id}",
        household=household["case_number"],
        values=values,
        errors=errors,
        suggestions=catalogue(),
    )
    return page_response(request, "wishes/filing.html", page, status=400 if errors else 200)


async def _step_page(
    request: Request, wish: StaffWish, step: str, values: Mapping[str, object], errors: Mapping[str, str]
) -> Response:
    number = STEPS.index(step)
    terms = await terms_on(wish.campaign_id, beijing_day(services_of(request).clock.now()))
    page = FilingPage(
        step=step,
        number=number + 1,
        last=LAST_STEP,
        action=f"/field/wishes/{wish.id}/edit/{step}",
        back=f"/field/wishes/{wish.id}/edit/{STEPS[number - 1]}" if number else f"/field/wishes/{wish.id}",
        household=wish.case_number,
        values=values,
        errors=errors,
        suggestions=catalogue() if step == "what" else (),
        usual_price=usual_price_of(wish.item),
        cap_yuan=terms.value_cap_fen // 100,
        is_thing=wish.kind is WishKind.THING,
        picture=picture_of(wish),
    )
    return page_response(request, "wishes/filing.html", page, status=400 if errors else 200)


async def _check_page(
    request: Request, wish: StaffWish, values: Mapping[str, object], errors: Mapping[str, str]
) -> Response:
    edit = f"/field/wishes/{wish.id}/edit/"
    answers = [
        ("想要什么", wish.item, f"{edit}what"),
        ("种类", label(wish.kind), f"{edit}what"),
        ("给谁", FOR_WHOM[wish.audience], f"{edit}who"),
        ("为什么", wish.note, f"{edit}who"),
        ("学校", wish.school or "没有写", f"{edit}who"),
        ("要多少", price_text(wish.price_fen, wish.hours), f"{edit}price"),
        ("照片", "有一张" if wish.picture_id else "没有", f"{edit}price"),
    ]
    missing = await _missing_consents(wish)
    page = FilingCheckPage(
        wish=wish,
        answers=tuple(answers),
        missing_consents=tuple(
            (purpose.value, label(purpose), CONSENT_TEXTS[(purpose, TEXT_VERSION)]) for purpose in missing
        ),
        consent_choices=tuple((purpose.value, label(purpose)) for purpose in missing),
        methods=tuple((method.value, text) for method, text in LABELS[ConsentMethod].items()),
        picture=picture_of(wish),
        values=values,
        errors=errors,
    )
    return page_response(request, "wishes/filing_check.html", page, status=400 if errors else 200)


async def _wish_page(request: Request, errors: Mapping[str, str]) -> Response:
    wish = await staff_wish(viewer_of(request), path_id(request), sealer=services_of(request).sealer)
    page = FieldWishPage(
        wish=wish,
        title=wish.item or "没填完的心愿",
        state_label=label(wish.status),
        state_tone=TONES[wish.status],
        steps=staff_steps(await timeline_of(wish.id, sealer=services_of(request).sealer)),
        can_change=can("file", wish.status),
        can_withdraw=can("withdraw", wish.status) and wish.status is not WishStatus.CLAIMED,
        picture=picture_of(wish),
        errors=errors,
    )
    return page_response(request, "wishes/field_wish.html", page, status=400 if errors else 200)
