"""The coordinator's pages of the registry: the families of the own village, and one form for each change."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.divisions.queries import children_of, name_of
from cishan.errors import InvalidInput, NotFound
from cishan.forms.reading import Form, parse_form, read_fields, typed_text
from cishan.forms.replay import answer_once
from cishan.households import actions as households
from cishan.households.actions import HouseholdFacts, MemberFacts
from cishan.households.forms import ConsentForm, EndForm, JoinForm, LeaveForm, MemberForm, MoveForm, OpenForm
from cishan.households.lists import HOUSEHOLDS_A_PAGE, list_households
from cishan.households.pages import (
    END_CHOICES,
    GROUP_CHOICES,
    METHOD_CHOICES,
    FormPage,
    GroupsPage,
    ListPage,
    household_page,
    purpose_choices,
)
from cishan.households.queries import HouseholdView, MemberView, consents_now, household_visible_to
from cishan.households.states import ConsentMethod, ConsentPurpose
from cishan.labels import label
from cishan.page_parts import Pagination, page_number
from cishan.permissions import Permission, holds
from cishan.templating import day, page_response
from cishan.web import done, path_id, services_of, viewer_of

FIELD = "/field/households"
DESK = "/desk/households"
CONSENT_FIRST = "没有同意登记家庭信息，就不能登记。请先念给他们听，再问一次。"


def base_of(viewer: Viewer) -> str:
    """Where this person's registry stands; the pages are the same."""
    return FIELD if viewer.role is Role.COORDINATOR else DESK


async def show_households(request: Request) -> Response:
    """The households of one's own place; the search and the page stand in the address."""
    services, viewer = services_of(request), viewer_of(request)
    asked = request.query_params
    search, village, number = asked.get("q", ""), asked.get("village", ""), page_number(asked.get("page", "1"))
    found = await list_households(
        viewer, search, number, sealer=services.sealer, now=services.clock.now(), village=village
    )
    is_coordinator = viewer.role is Role.COORDINATOR
    villages = () if is_coordinator else await _villages(viewer)
    page = ListPage(
        base=base_of(viewer),
        rows=found.rows,
        pagination=_pagination(request, number, found.total),
        search=search,
        village=village,
        villages=villages,
        can_open=holds(viewer.role, Permission.FILE_WISH),
        place=await name_of(viewer.division_code),
    )
    return page_response(request, "households/list.html", page)


async def show_household(request: Request) -> Response:
    """One household as this person may see it."""
    viewer = viewer_of(request)
    view = await seen_household(request)
    page = household_page(
        view,
        base_of(viewer),
        can_edit=holds(viewer.role, Permission.FILE_WISH),
        can_move=holds(viewer.role, Permission.FILE_WISH) or holds(viewer.role, Permission.REVIEW),
        can_wish=holds(viewer.role, Permission.FILE_WISH),
    )
    return page_response(request, "households/household.html", page)


async def seen_household(request: Request) -> HouseholdView:
    """The household of the address, as this person may see it."""
    services = services_of(request)
    return await household_visible_to(
        viewer_of(request), path_id(request), sealer=services.sealer, now=services.clock.now()
    )


async def show_new(request: Request) -> Response:
    return page_response(request, "households/new.html", _new_page({}, {}))


async def open_household(request: Request) -> Response:
    """Files a family with its head and consents; the other members are added one by one on its page."""
    services, viewer = services_of(request), viewer_of(request)
    now = services.clock.now()

    async def act() -> str:
        form = await _read(request, OpenForm)
        head = MemberFacts(form.name, form.id_number, form.phone or None, "户主", form.groups)
        if ConsentPurpose.STORE not in form.purposes:
            raise InvalidInput({"purposes": CONSENT_FIRST})
        facts = HouseholdFacts(viewer.division_code, form.address, (head,))
        household_id = await households.open_household(facts, actor=viewer, sealer=services.sealer, now=now)
        await households.give_consent(
            household_id,
            form.purposes,
            form.method,
            form.signed_by or form.name,
            actor=viewer,
            sealer=services.sealer,
            now=now,
        )
        return f"{FIELD}/{household_id}"

    async def again(errors: dict[str, str], values: dict[str, object]) -> tuple[str, object]:
        return "households/new.html", _new_page(values, errors)

    return await write(request, act, again, "household-opened")


async def show_member_new(request: Request) -> Response:
    view = await seen_household(request)
    return page_response(request, "households/member_new.html", _member_page(view, {}, {}))


async def add_member(request: Request) -> Response:
    services, viewer, household_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await _read(request, MemberForm)
        facts = MemberFacts(form.name, form.id_number, form.phone or None, form.relation, form.groups, form.from_on)
        await households.add_member(household_id, facts, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return f"{FIELD}/{household_id}"

    async def again(errors: dict[str, str], values: dict[str, object]) -> tuple[str, object]:
        return "households/member_new.html", _member_page(await seen_household(request), values, errors)

    return await write(request, act, again, "member-added")


async def show_member_end(request: Request) -> Response:
    return page_response(request, "households/member_end.html", await _end_page(request, {}, {}))


async def end_member(request: Request) -> Response:
    viewer, household_id, person_id = viewer_of(request), path_id(request), path_id(request, "person_id")
    sealer, now = services_of(request).sealer, services_of(request).clock.now()

    async def act() -> str:
        form = await _read(request, EndForm)
        await households.end_membership(
            household_id, person_id, form.reason, form.on, actor=viewer, sealer=sealer, now=now
        )
        return f"{FIELD}/{household_id}"

    async def again(errors: dict[str, str], values: dict[str, object]) -> tuple[str, object]:
        return "households/member_end.html", await _end_page(request, values, errors)

    return await write(request, act, again, "saved")


async def show_groups(request: Request) -> Response:
    return page_response(request, "households/groups.html", await _groups_page(request, {}))


async def join_group(request: Request) -> Response:
    viewer, household_id, person_id = viewer_of(request), path_id(request), path_id(request, "person_id")
    sealer, now = services_of(request).sealer, services_of(request).clock.now()

    async def act() -> str:
        form = await _read(request, JoinForm)
        await households.join_group(
            household_id, person_id, form.group, form.from_on, actor=viewer, sealer=sealer, now=now
        )
        return f"{FIELD}/{household_id}/members/{person_id}/groups"

    return await write(request, act, _groups_again(request), "saved")


async def leave_group(request: Request) -> Response:
    viewer, household_id, person_id = viewer_of(request), path_id(request), path_id(request, "person_id")
    sealer, now = services_of(request).sealer, services_of(request).clock.now()

    async def act() -> str:
        form = await _read(request, LeaveForm)
        await households.leave_group(
            household_id, person_id, form.group, form.to_on, actor=viewer, sealer=sealer, now=now
        )
        return f"{FIELD}/{household_id}/members/{person_id}/groups"

    return await write(request, act, _groups_again(request), "saved")


async def show_consents(request: Request) -> Response:
    return page_response(request, "households/consents.html", await _consents_page(request, {}, {}))


async def give_consents(request: Request) -> Response:
    services, viewer, household_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await _read(request, ConsentForm)
        await households.give_consent(
            household_id,
            form.purposes,
            form.method,
            form.signed_by,
            actor=viewer,
            sealer=services.sealer,
            now=services.clock.now(),
        )
        return f"{FIELD}/{household_id}"

    async def again(errors: dict[str, str], values: dict[str, object]) -> tuple[str, object]:
        return "households/consents.html", await _consents_page(request, values, errors)

    return await write(request, act, again, "consent-given")


async def withdraw_consent(request: Request) -> Response:
    """One tap, as easily as it was given (PIPL art. 15)."""
    viewer, household_id = viewer_of(request), path_id(request)
    try:
        purpose = ConsentPurpose(request.path_params["purpose"])
    except ValueError as error:
        raise NotFound from error

    async def act() -> str:
        await households.withdraw_consent(
            household_id,
            purpose,
            actor=viewer,
            now=services_of(request).clock.now(),
            handlers=request.app.state.consent_handlers,
        )
        return f"{FIELD}/{household_id}"

    return done(await answer_once(request, act), "consent-withdrawn")


async def show_move(request: Request) -> Response:
    return page_response(request, "households/move.html", await _move_page(request, {}, {}))


async def move_household(request: Request) -> Response:
    services, viewer, household_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await _read(request, MoveForm)
        await households.move_household(
            household_id,
            form.division_code or viewer.division_code,
            form.address,
            actor=viewer,
            sealer=services.sealer,
            now=services.clock.now(),
        )
        return f"{base_of(viewer)}/{household_id}"

    async def again(errors: dict[str, str], values: dict[str, object]) -> tuple[str, object]:
        return "households/move.html", await _move_page(request, values, errors)

    return await write(request, act, again, "saved")


Again = Callable[[dict[str, str], dict[str, object]], Awaitable[tuple[str, object]]]
"""The page to show again, with its template, for a form that was refused: what is wrong, what was typed."""


async def write(request: Request, act: Callable[[], Awaitable[str]], again: Again, notice: str) -> Response:
    """Does the write once and goes on; a refused form comes back with what was typed."""
    try:
        return done(await answer_once(request, act), notice)
    except InvalidInput as error:
        template, page = await again(error.fields, await _typed(request))
        return page_response(request, template, page, status=error.status_code)


async def _read(request: Request, form: type[Form]) -> Form:
    return parse_form(await read_fields(request), form)


async def _typed(request: Request) -> dict[str, object]:
    data = await read_fields(request)
    values: dict[str, object] = dict(typed_text(data))
    for name in ("groups", "purposes"):
        values[name] = tuple(str(value) for value in data.getlist(name))
    return values


def _pagination(request: Request, number: int, total: int) -> Pagination:
    last = max(1, -(-total // HOUSEHOLDS_A_PAGE))
    url = request.url
    return Pagination(
        number=number,
        last=last,
        total=total,
        unit="户",
        previous_href=f"?{url.include_query_params(page=number - 1).query}" if 1 < number <= last + 1 else None,
        next_href=f"?{url.include_query_params(page=number + 1).query}" if number < last else None,
    )


async def _villages(viewer: Viewer) -> tuple[tuple[str, str], ...]:
    return tuple((child["code"], child["name"]) for child in await children_of(viewer.division_code))


def _new_page(values: dict[str, object], errors: dict[str, str]) -> FormPage:
    choices = {"groups": GROUP_CHOICES, "purposes": purpose_choices(), "methods": METHOD_CHOICES}
    return FormPage(f"{FIELD}/new", "登记一户", FIELD, {"method": ConsentMethod.PAPER.value, **values}, errors, choices)


def _member_page(view: HouseholdView, values: dict[str, object], errors: dict[str, str]) -> FormPage:
    here = f"{FIELD}/{view.id}"
    return FormPage(f"{here}/members/new", "添加家人", here, values, errors, {"groups": GROUP_CHOICES})


async def _end_page(request: Request, values: dict[str, object], errors: dict[str, str]) -> FormPage:
    view = await seen_household(request)
    member = member_of_page(request, view)
    here = f"{FIELD}/{view.id}"
    today = beijing_day(services_of(request).clock.now()).isoformat()
    return FormPage(
        base=f"{here}/members/{member.person_id}/end",
        title=f"{member.name.text if not member.needs_grant else f'成员 {member.number}'}不住这里了",
        back=here,
        values={"on": today, **values},
        errors=errors,
        choices={"reasons": END_CHOICES},
    )


def member_of_page(request: Request, view: HouseholdView) -> MemberView:
    """The member that the address speaks of, who lives there now."""
    person_id = path_id(request, "person_id")
    for member in view.members:
        if member.person_id == person_id and member.lives_here:
            return member
    raise NotFound


def _groups_again(request: Request) -> Again:
    async def again(errors: dict[str, str], values: dict[str, object]) -> tuple[str, object]:
        return "households/groups.html", await _groups_page(request, errors)

    return again


async def _groups_page(request: Request, errors: dict[str, str]) -> GroupsPage:
    view = await seen_household(request)
    member = member_of_page(request, view)
    if member.needs_grant:
        raise NotFound
    current = {span.group: span for span in member.groups if span.to_on is None}
    past = [span for span in member.groups if span.to_on is not None]
    return GroupsPage(
        base=f"{FIELD}/{view.id}",
        person_id=member.person_id,
        member=member.name.text,
        current=tuple((group.value, f"{label(group)}，{day(span.from_on)}起") for group, span in current.items()),
        past=tuple(
            f"{label(span.group)}，{day(span.from_on)}到{day(span.to_on)}" for span in past if span.to_on is not None
        ),
        choices=tuple(choice for choice in GROUP_CHOICES if choice[0] not in current),
        today=beijing_day(services_of(request).clock.now()).isoformat(),
        errors=errors,
    )


async def _consents_page(request: Request, values: dict[str, object], errors: dict[str, str]) -> FormPage:
    view = await seen_household(request)
    here = f"{FIELD}/{view.id}"
    choices = {"purposes": purpose_choices(await consents_now(view.id)), "methods": METHOD_CHOICES}
    return FormPage(f"{here}/consents", "问一问，他们同意吗", here, values, errors, choices)


async def _move_page(request: Request, values: dict[str, object], errors: dict[str, str]) -> FormPage:
    viewer = viewer_of(request)
    view = await seen_household(request)
    if view.division_code is None:
        raise NotFound
    here = f"{base_of(viewer)}/{view.id}"
    villages = () if viewer.role is Role.COORDINATOR else await _villages(viewer)
    typed = {"division_code": view.division_code, **values}
    return FormPage(f"{here}/move", "换住址", here, typed, errors, {"villages": villages})
