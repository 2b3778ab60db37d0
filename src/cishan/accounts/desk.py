"""The administrator's desk: who works where, invitations, other roles, endings. Always inside their own division."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.actions import disable_account, end_role, invite_staff, revoke_invitation
from cishan.accounts.donor_invitations import invite_donor
from cishan.accounts.forms import InviteForm, PersonInvitedForm, RoleForm
from cishan.accounts.pages import (
    ChangeRow,
    Choice,
    InvitationRow,
    InvitePage,
    MovePage,
    StaffListPage,
    StaffMemberPage,
    StaffRow,
)
from cishan.accounts.pending import OpenInvitation, WaitingChange, open_invitations, waiting_changes
from cishan.accounts.queries import (
    STAFF_A_PAGE,
    StaffFilter,
    StaffMember,
    account_steps,
    names_of,
    staff_member_for,
    staff_page,
)
from cishan.accounts.role_changes import change_role, confirm_role, drop_role_proposal
from cishan.accounts.rules import may_work_in
from cishan.accounts.states import Role, Standing
from cishan.accounts.timeline import account_timeline
from cishan.charities.states import LegalMode
from cishan.divisions import queries as divisions
from cishan.divisions.choosing import PlaceChoice, place_choice, places_below
from cishan.errors import InvalidInput, NotFound
from cishan.forms.reading import read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.labels import ROLE_LABELS, STANDING_LABELS
from cishan.page_parts import Pagination, page_number
from cishan.templating import page_response
from cishan.web import done, path_id, services_of, viewer_of

STAFF = "/desk/staff"
TONES = {Standing.WORKING: "good", Standing.ENDED: "plain", Standing.DISABLED: "bad"}


async def show_staff(request: Request) -> Response:
    viewer, query = viewer_of(request), request.query_params
    wanted = StaffFilter(
        division_code=query.get("place", ""), role=query.get("role", ""), standing=query.get("standing", "")
    )
    number = page_number(query.get("page", "1"))
    sealer, now = services_of(request).sealer, services_of(request).clock.now()
    members, total = await staff_page(viewer, wanted, number, sealer=sealer)
    page = StaffListPage(
        changes=tuple(_change(one) for one in await waiting_changes(viewer, sealer=sealer, now=now)),
        invitations=tuple(_invitation(one) for one in await open_invitations(viewer, sealer=sealer, now=now)),
        staff=tuple(_row(member) for member in members),
        pagination=_pagination(wanted, number, total),
        roles=tuple((role.value, ROLE_LABELS[role]) for role in Role if role not in (Role.DONOR, Role.ORGANISATION)),
        places=await places_below(viewer.division_code),
        standings=tuple((standing.value, STANDING_LABELS[standing]) for standing in Standing),
        values={"place": wanted.division_code, "role": wanted.role, "standing": wanted.standing},
    )
    return page_response(request, "accounts/staff.html", page)


def _pagination(wanted: StaffFilter, number: int, total: int) -> Pagination:
    last = max(1, -(-total // STAFF_A_PAGE))

    def href(page: int) -> str:
        chosen = {"place": wanted.division_code, "role": wanted.role, "standing": wanted.standing, "page": str(page)}
        return f"{STAFF}?{urlencode({name: value for name, value in chosen.items() if value})}"

    return Pagination(
        number=number,
        last=last,
        total=total,
        unit="人",
        previous_href=href(number - 1) if number > 1 else None,
        next_href=href(number + 1) if number < last else None,
    )


def _row(member: StaffMember) -> StaffRow:
    return StaffRow(
        name=member.name,
        href=f"{STAFF}/{member.account_id}",
        phone=member.phone,
        role=ROLE_LABELS[member.role],
        place=member.place,
        since=member.since,
        standing=STANDING_LABELS[member.standing],
        tone=TONES[member.standing],
    )


def _change(waiting: WaitingChange) -> ChangeRow:
    return ChangeRow(
        id=waiting.id,
        name=waiting.name,
        href=f"{STAFF}/{waiting.account_id}",
        before=ROLE_LABELS[waiting.role_before] if waiting.role_before else "没有岗位",
        after=f"{waiting.place}{ROLE_LABELS[waiting.role]}",
        proposed_by=waiting.proposed_by,
        proposed_at=waiting.proposed_at,
        can_confirm=not waiting.is_own,
    )


def _invitation(given: OpenInvitation) -> InvitationRow:
    role = f"{given.place}{ROLE_LABELS[given.role]}"
    return InvitationRow(given.id, given.name, given.phone, role, given.invited_by, given.expires_at)


async def show_invite(request: Request) -> Response:
    place = await _place(request, request.query_params.get("place", ""))
    return page_response(request, "accounts/staff_invite.html", InvitePage(place, _roles_in(place.code)))


async def invite(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> str:
        form = await read_form(request, InviteForm)
        await invite_staff(
            form.phone,
            form.name,
            form.role,
            form.division_code,
            actor=viewer,
            sealer=services.sealer,
            now=services.clock.now(),
            site_url=services.settings.site_url,
        )
        return STAFF

    try:
        return done(await answer_once(request, act), "invited")
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        place = await _place(request, typed.get("division_code", ""))
        page = InvitePage(place, _roles_in(place.code), error.fields, typed)
        return page_response(request, "accounts/staff_invite.html", page, status=400)


async def show_invite_donor(request: Request) -> Response:
    """Only where donors come by invitation; elsewhere there is no such page."""
    _ask_for_private_mode(request)
    page = InvitePage(await _place(request, ""), ())
    return page_response(request, "accounts/donor_invite.html", page)


async def invite_member(request: Request) -> Response:
    _ask_for_private_mode(request)
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> str:
        form = await read_form(request, PersonInvitedForm)
        now, site_url = services.clock.now(), services.settings.site_url
        await invite_donor(form.phone, form.name, actor=viewer, sealer=services.sealer, now=now, site_url=site_url)
        return STAFF

    try:
        return done(await answer_once(request, act), "invited")
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        page = InvitePage(await _place(request, ""), (), error.fields, typed)
        return page_response(request, "accounts/donor_invite.html", page, status=400)


def _ask_for_private_mode(request: Request) -> None:
    if request.state.site.legal_mode is not LegalMode.PRIVATE:
        raise NotFound


async def show_staff_member(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)
    member = await staff_member_for(viewer, path_id(request), sealer=services.sealer)
    steps = await account_steps(member.account_id)
    people = await names_of([step["actor_id"] for step in steps if step["actor_id"]], services.sealer)
    places = await divisions.names_of([step["detail"].get("division_code", "") for step in steps])
    is_other = member.account_id != viewer.account_id
    page = StaffMemberPage(
        account_id=member.account_id,
        name=member.name,
        phone=member.phone,
        role=ROLE_LABELS[member.role],
        place=await divisions.full_name_of(member.division_code),
        standing=STANDING_LABELS[member.standing],
        tone=TONES[member.standing],
        can_change=is_other and member.standing is Standing.WORKING,
        can_disable=is_other and member.standing is not Standing.DISABLED,
        steps=account_timeline(steps, people, places),
    )
    return page_response(request, "accounts/staff_member.html", page)


async def show_move(request: Request) -> Response:
    viewer = viewer_of(request)
    member = await staff_member_for(viewer, path_id(request), sealer=services_of(request).sealer)
    place = await _place(request, request.query_params.get("place", member.division_code))
    page = MovePage(member.account_id, member.name, place, _roles_in(place.code), values={"role": member.role})
    return page_response(request, "accounts/staff_move.html", page)


async def move(request: Request) -> Response:
    account_id = path_id(request)

    async def act() -> str:
        form = await read_form(request, RoleForm)
        now = services_of(request).clock.now()
        at_once = await change_role(account_id, form.role, form.division_code, actor=viewer_of(request), now=now)
        return f"{STAFF}/{account_id}" if at_once else STAFF

    try:
        location = await answer_once(request, act)
        return done(location, "role-proposed" if location == STAFF else "saved")
    except InvalidInput as error:
        member = await staff_member_for(viewer_of(request), account_id, sealer=services_of(request).sealer)
        typed = typed_text(await read_fields(request))
        place = await _place(request, typed.get("division_code", ""))
        page = MovePage(account_id, member.name, place, _roles_in(place.code), error.fields, typed)
        return page_response(request, "accounts/staff_move.html", page, status=400)


async def confirm(request: Request) -> Response:
    """A second administrator agrees to a change of role."""

    async def act() -> str:
        now = services_of(request).clock.now()
        return f"{STAFF}/{await confirm_role(path_id(request), actor=viewer_of(request), now=now)}"

    return done(await answer_once(request, act), "saved")


async def drop(request: Request) -> Response:
    async def act() -> str:
        now = services_of(request).clock.now()
        return f"{STAFF}/{await drop_role_proposal(path_id(request), actor=viewer_of(request), now=now)}"

    return done(await answer_once(request, act), "role-dropped")


async def revoke(request: Request) -> Response:
    """Takes back an invitation that nobody has used."""

    async def act() -> str:
        await revoke_invitation(path_id(request), actor=viewer_of(request), now=services_of(request).clock.now())
        return STAFF

    return done(await answer_once(request, act), "invitation-revoked")


async def end(request: Request) -> Response:
    async def act() -> str:
        await end_role(path_id(request), actor=viewer_of(request), now=services_of(request).clock.now())
        return f"{STAFF}/{path_id(request)}"

    return done(await answer_once(request, act), "role-ended")


async def disable(request: Request) -> Response:
    async def act() -> str:
        await disable_account(path_id(request), actor=viewer_of(request), now=services_of(request).clock.now())
        return f"{STAFF}/{path_id(request)}"

    return done(await answer_once(request, act), "account-disabled")


async def _place(request: Request, code: str) -> PlaceChoice:
    """The place chosen so far, within the administrator's division."""
    return await place_choice(code, within=viewer_of(request).division_code)


def _roles_in(code: str) -> tuple[Choice, ...]:
    return tuple((role.value, ROLE_LABELS[role]) for role in Role if may_work_in(role, code))
