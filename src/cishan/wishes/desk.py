"""The desks of the town reviewer and of the federation's editor: queues, visits, words, and the step onto the wall."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime

from pydantic import Field
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from cishan.clock import beijing_day
from cishan.errors import InvalidInput
from cishan.forms.reading import FormModel, parse_form, read_fields, typed_text
from cishan.forms.replay import answer_once
from cishan.households.states import Group
from cishan.labels import LABELS, label
from cishan.pictures.actions import clear_picture
from cishan.templating import page_response, remaining
from cishan.web import done, path_id, services_of, viewer_of
from cishan.wishes import actions
from cishan.wishes.actions import Wording
from cishan.wishes.campaigns import terms_on
from cishan.wishes.pages import FOR_WHOM, TONES, price_text
from cishan.wishes.rules import Marked, risk_marks
from cishan.wishes.staff_pages import (
    PublishPage,
    QueuePage,
    ReviewPage,
    VisitsPage,
    picture_of,
    queue_row,
    staff_steps,
)
from cishan.wishes.states import Audience, WishStatus, can
from cishan.wishes.work import (
    StaffWish,
    colleagues_for,
    last_visit,
    queue_of,
    staff_wish,
    timeline_of,
    visits_to_confirm,
    waiting_in,
)

TO_REVIEW = (WishStatus.FILED, WishStatus.VISITED)
DEFAULT_CAP_FEN = 50_000


class VisitForm(FormModel):
    visited_on: date
    second_visitor: int
    findings: str = Field(min_length=1, max_length=500)


class WordingForm(FormModel):
    title: str = Field(default="", max_length=40)
    text: str = Field(default="", max_length=400)
    group: Group | None = None


class ReasonForm(FormModel):
    reason: str = Field(min_length=1, max_length=200)


async def show_reviews(request: Request) -> Response:
    """What waits for the town, late first."""
    return await _queue(request, TO_REVIEW, "/desk/reviews", "wishes/reviews.html")


async def show_review(request: Request) -> Response:
    return await _review_page(request, None, {})


async def record_visit(request: Request) -> Response:
    services, viewer, wish_id = services_of(request), viewer_of(request), path_id(request)

    async def act(form: FormData) -> str:
        visit = parse_form(form, VisitForm)
        await actions.record_visit(
            wish_id,
            visited_on=visit.visited_on,
            findings=visit.findings,
            second_visitor_id=visit.second_visitor,
            actor=viewer,
            sealer=services.sealer,
            now=services.clock.now(),
        )
        return f"/desk/reviews/{wish_id}"

    return await _write(request, act, "visit-recorded", _review_page)


async def word(request: Request) -> Response:
    """Saves the public words; what would identify the family comes back as findings beside what was typed."""
    services, viewer, wish_id = services_of(request), viewer_of(request), path_id(request)

    async def act(form: FormData) -> str:
        given = parse_form(form, WordingForm)
        wording = Wording(given.title, given.text, given.group)
        await actions.word_wish(wish_id, wording, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return "/desk/reviews"

    return await _write(request, act, "wish-worded", _review_page)


async def send_back(request: Request) -> Response:
    """From either desk back to the coordinator."""
    services, viewer, wish_id = services_of(request), viewer_of(request), path_id(request)
    from_editor = request.url.path.startswith("/desk/publishing")

    async def act(form: FormData) -> str:
        reason = parse_form(form, ReasonForm).reason
        await actions.send_back(wish_id, actor=viewer, sealer=services.sealer, now=services.clock.now(), reason=reason)
        return "/desk/publishing" if from_editor else "/desk/reviews"

    return await _write(request, act, "wish-returned", _publish_page if from_editor else _review_page)


async def show_visits(request: Request) -> Response:
    page = VisitsPage(await visits_to_confirm(viewer_of(request), sealer=services_of(request).sealer))
    return page_response(request, "wishes/visits.html", page)


async def confirm_visit(request: Request) -> Response:
    services, viewer, visit_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        await actions.confirm_visit(visit_id, actor=viewer, now=services.clock.now())
        return "/desk/visits"

    return done(await answer_once(request, act), "visit-confirmed")


async def show_publishing(request: Request) -> Response:
    """What waits for the editor, late first."""
    return await _queue(request, (WishStatus.WORDED,), "/desk/publishing", "wishes/publishing.html")


async def show_publish(request: Request) -> Response:
    return await _publish_page(request, None, {})


async def publish(request: Request) -> Response:
    services, viewer, wish_id = services_of(request), viewer_of(request), path_id(request)

    async def act(_: FormData) -> str:
        await actions.publish_wish(wish_id, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return "/desk/publishing"

    return await _write(request, act, "wish-published", _publish_page)


async def ask_rewording(request: Request) -> Response:
    services, viewer, wish_id = services_of(request), viewer_of(request), path_id(request)

    async def act(form: FormData) -> str:
        reason = parse_form(form, ReasonForm).reason
        sealer, now = services.sealer, services.clock.now()
        await actions.ask_rewording(wish_id, actor=viewer, sealer=sealer, now=now, reason=reason)
        return "/desk/publishing"

    return await _write(request, act, "wish-returned", _publish_page)


async def judge_picture(request: Request) -> Response:
    """Clears the picture, or takes it from the wish."""
    services, viewer, wish_id = services_of(request), viewer_of(request), path_id(request)

    async def act(form: FormData) -> str:
        wish, now = await staff_wish(viewer, wish_id), services.clock.now()
        if form.get("verdict") == "clear" and wish.picture_id:
            await clear_picture(wish.picture_id, actor=viewer, now=now)
        elif form.get("verdict") == "refuse":
            await actions.remove_picture(wish_id, actor=viewer, now=now, reason="照片不能公开")
        return f"/desk/publishing/{wish_id}"

    return await _write(request, act, "saved", _publish_page)


async def take_off(request: Request) -> Response:
    services, viewer, wish_id = services_of(request), viewer_of(request), path_id(request)

    async def act(form: FormData) -> str:
        reason = parse_form(form, ReasonForm).reason
        sealer, now = services.sealer, services.clock.now()
        await actions.take_off_wall(wish_id, actor=viewer, sealer=sealer, now=now, reason=reason)
        return f"/desk/publishing/{wish_id}"

    return await _write(request, act, "wish-taken-off", _publish_page)


# --- pages -------------------------------------------------------------------------------------------------------

Show = Callable[[Request, Mapping[str, object] | None, Mapping[str, str]], Awaitable[Response]]


async def _write(request: Request, act: Callable[[FormData], Awaitable[str]], notice: str, show: Show) -> Response:
    """Runs one write; a refused form is shown again with what was typed."""
    form = await read_fields(request)
    try:
        return done(await answer_once(request, lambda: act(form)), notice)
    except InvalidInput as error:
        return await show(request, dict(typed_text(form)), error.fields)


async def _queue(request: Request, statuses: tuple[WishStatus, ...], base: str, template: str) -> Response:
    now = services_of(request).clock.now()
    found = await queue_of(viewer_of(request), statuses)
    waiting, late = await waiting_in(viewer_of(request), statuses, now)
    page = QueuePage(
        rows=tuple(queue_row(wish, f"{base}/{wish.id}", now, _marks(wish, DEFAULT_CAP_FEN)) for wish in found),
        waiting=waiting,
        late=late,
    )
    return page_response(request, template, page)


async def _review_page(request: Request, values: Mapping[str, object] | None, errors: Mapping[str, str]) -> Response:
    services, viewer = services_of(request), viewer_of(request)
    now: datetime = services.clock.now()
    wish = await staff_wish(viewer, path_id(request), sealer=services.sealer)
    visit = await last_visit(wish.id, sealer=services.sealer)
    colleagues = await colleagues_for(wish, viewer, sealer=services.sealer)
    terms = await terms_on(wish.campaign_id, beijing_day(now))
    page = ReviewPage(
        wish=wish,
        for_whom=FOR_WHOM[wish.audience],
        price=price_text(wish.price_fen, wish.hours),
        state_label=label(wish.status),
        state_tone=TONES[wish.status],
        left=remaining(wish.due_at, now) if wish.due_at else "",
        marks=_marks(wish, terms.value_cap_fen),
        visit=visit,
        second_visitor=dict(colleagues).get(str(visit.second_visitor_id), "同事") if visit else "",
        colleagues=colleagues,
        groups=tuple((group.value, text) for group, text in LABELS[Group].items()),
        picture=picture_of(wish),
        steps=staff_steps(await timeline_of(wish.id, sealer=services_of(request).sealer)),
        can_record_visit=can("confirm_visit", wish.status),
        can_word=can("word", wish.status),
        can_send_back=can("send_back", wish.status),
        today=beijing_day(now).isoformat(),
        values=values if values is not None else _words_of(wish),
        errors=errors,
    )
    return page_response(request, "wishes/review.html", page, status=400 if errors else 200)


async def _publish_page(request: Request, values: Mapping[str, object] | None, errors: Mapping[str, str]) -> Response:
    services, viewer = services_of(request), viewer_of(request)
    now = services.clock.now()
    wish = await staff_wish(viewer, path_id(request))
    page = PublishPage(
        wish=wish,
        for_whom=FOR_WHOM[wish.audience],
        price=price_text(wish.price_fen, wish.hours),
        state_label=label(wish.status),
        state_tone=TONES[wish.status],
        left=remaining(wish.due_at, now) if wish.due_at else "",
        group=label(wish.public_group) if wish.public_group else "不写",
        picture=picture_of(wish),
        steps=staff_steps(await timeline_of(wish.id, sealer=services_of(request).sealer)),
        can_publish=can("publish", wish.status),
        can_take_off=can("take_off", wish.status),
        errors=errors,
    )
    return page_response(request, "wishes/publish.html", page, status=400 if errors else 200)


def _words_of(wish: StaffWish) -> dict[str, object]:
    return {
        "title": wish.public_title,
        "text": wish.public_text,
        "group": wish.public_group.value if wish.public_group else "",
    }


def _marks(wish: StaffWish, value_cap_fen: int) -> tuple[str, ...]:
    marked = Marked(
        is_child=wish.audience is Audience.CHILD,
        has_school=bool(wish.school),
        has_picture=wish.picture_id is not None,
        price_fen=wish.price_fen,
        was_returned=bool(wish.returned_reason),
    )
    return risk_marks(marked, value_cap_fen)
