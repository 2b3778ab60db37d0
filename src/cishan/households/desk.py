"""Opening sealed fields with a reason, and the supervisor's grants to read a child's record."""

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts import queries as accounts
from cishan.accounts.states import Role
from cishan.errors import InvalidInput, NotFound
from cishan.forms.reading import parse_form, read_fields
from cishan.forms.replay import answer_once
from cishan.households import actions as households
from cishan.households.field import base_of, seen_household
from cishan.households.forms import GrantForm, UnmaskForm
from cishan.households.lists import ChildForGrant, child_for_grant, grants_in
from cishan.households.pages import GrantRow, GrantsPage, UnmaskPage
from cishan.households.queries import HouseholdView
from cishan.households.states import SealedField
from cishan.labels import label
from cishan.templating import page_response
from cishan.web import done, services_of, viewer_of

GRANTS = "/desk/minor-grants"


async def show_unmask(request: Request) -> Response:
    """Asks why a field has to be read. Reading happens on posting, so that a link opens nothing."""
    asked = {name: request.query_params.get(name, "") for name in ("person", "field")}
    try:
        sealed = SealedField(asked["field"])
    except ValueError as error:
        raise NotFound from error
    typed = asked["person"]
    person_id = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None
    view = await seen_household(request)
    return page_response(request, "households/unmask.html", _unmask_page(request, view, person_id, sealed))


async def unmask(request: Request) -> Response:
    """Shows the value once. It is a reading, so it has no replay: each sending is a reading of its own, in the log."""
    services, viewer = services_of(request), viewer_of(request)
    view = await seen_household(request)
    form = parse_form(await read_fields(request), UnmaskForm)
    try:
        value = await households.unmask(
            view.id,
            form.person,
            form.field,
            form.reason,
            viewer=viewer,
            sealer=services.sealer,
            now=services.clock.now(),
        )
    except InvalidInput as error:
        page = _unmask_page(request, view, form.person, form.field, reason=form.reason, errors=error.fields)
        return page_response(request, "households/unmask.html", page, status=error.status_code)
    page = _unmask_page(request, view, form.person, form.field, value=value)
    return page_response(request, "households/unmask.html", page)


def _unmask_page(
    request: Request,
    view: HouseholdView,
    person_id: int | None,
    sealed: SealedField,
    *,
    value: str | None = None,
    reason: str = "",
    errors: dict[str, str] | None = None,
) -> UnmaskPage:
    member = next((member for member in view.members if member.person_id == person_id), None)
    if (person_id is None) is not (sealed is SealedField.ADDRESS) or (person_id is not None and member is None):
        raise NotFound
    whose = f"成员 {member.number} 的" if member else ""
    return UnmaskPage(
        action=f"/desk/households/{view.id}/unmask",
        base=f"{base_of(viewer_of(request))}/{view.id}",
        case_number=view.case_number,
        what=f"{whose}{label(sealed)}",
        person_id=person_id,
        sealed_field=sealed.value,
        value=value,
        reason=reason,
        errors=errors or {},
    )


async def show_grants(request: Request) -> Response:
    """First the case number and the member's number; once they are found, who may read and why."""
    asked = request.query_params
    case_number, number = asked.get("case_number", ""), asked.get("number", "")
    errors: dict[str, str] = {}
    child = None
    if case_number or number:
        try:
            child = await _child(request, case_number, number)
        except InvalidInput as error:
            errors = error.fields
    return await _grants_response(request, child, case_number, number, errors=errors)


async def give_grant(request: Request) -> Response:
    viewer = viewer_of(request)
    form = parse_form(await read_fields(request), GrantForm)
    child = await _child(request, form.case_number, str(form.number))

    async def act() -> str:
        if not form.grantee:
            raise InvalidInput({"grantee": "请选择授权给谁。"})
        now = services_of(request).clock.now()
        await households.grant_minor(child.person_id, form.grantee, form.reason, actor=viewer, now=now)
        return GRANTS

    try:
        return done(await answer_once(request, act), "minor-granted")
    except InvalidInput as error:
        return await _grants_response(
            request,
            child,
            form.case_number,
            str(form.number),
            errors=error.fields,
            reason=form.reason,
            grantee=str(form.grantee or ""),
        )


async def _child(request: Request, case_number: str, number: str) -> ChildForGrant:
    services = services_of(request)
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
    return await child_for_grant(
        viewer_of(request), case_number, wanted, sealer=services.sealer, now=services.clock.now()
    )


async def _grants_response(
    request: Request,
    child: ChildForGrant | None,
    case_number: str,
    number: str,
    *,
    errors: dict[str, str],
    reason: str = "",
    grantee: str = "",
) -> Response:
    services = services_of(request)
    given = await grants_in(viewer_of(request))
    names = await accounts.names_of([row["grantee_id"] for row in given], services.sealer)
    page = GrantsPage(
        case_number=case_number,
        number=number,
        grantees=await _grantees(request, child) if child else (),
        found=child is not None,
        grants=tuple(
            GrantRow(
                who=names.get(row["grantee_id"], ""),
                child=f"{row['case_number']} 成员 {row['number']}",
                reason=row["reason"],
                granted_at=row["granted_at"],
                expires_at=row["expires_at"],
                is_live=row["expires_at"] > services.clock.now(),
            )
            for row in given
        ),
        now=services.clock.now(),
        reason=reason,
        grantee=grantee,
        errors=errors,
    )
    return page_response(request, "households/minor_grants.html", page, status=400 if errors else 200)


async def _grantees(request: Request, child: ChildForGrant) -> tuple[tuple[str, str], ...]:
    """The coordinators and reviewers who look after the place where the child lives."""
    found = [
        (row["account_id"], role)
        for role in (Role.TOWN_REVIEWER, Role.COORDINATOR)
        for row in await accounts.staff_covering(child.division_code, role)
    ]
    names = await accounts.names_of([account_id for account_id, _ in found], services_of(request).sealer)
    return tuple((str(account_id), f"{names.get(account_id, '')}（{label(role)}）") for account_id, role in found)
