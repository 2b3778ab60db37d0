"""Finance's pages of claims: advance money for many at once, and agree or not to a purchase over its price."""

from starlette.requests import Request
from starlette.responses import Response

from cishan.claims.finance_pages import (
    AdvancedPage,
    AdvanceOutcome,
    AdvanceRow,
    AdvancesPage,
    ApprovalsPage,
    advance_row,
    approval_card,
)
from cishan.claims.purchases import advance_money, approve_purchase, refuse_purchase
from cishan.claims.staff_forms import ChosenForm, RefusalForm
from cishan.claims.staff_queries import (
    PAGE_ROWS,
    Task,
    chosen_claims,
    count_paid,
    paid_claims,
    purchases_to_approve,
)
from cishan.claims.states import ClaimStatus
from cishan.divisions.queries import names_of
from cishan.divisions.rules import town_of
from cishan.errors import InvalidInput, NotFound
from cishan.forms.reading import read_form
from cishan.forms.replay import answer_once
from cishan.labels import label
from cishan.listing import page_number, pagination
from cishan.templating import moment, page_response
from cishan.web import done, id_in, path_id, see_other, services_of, viewer_of


async def show_advances(request: Request) -> Response:
    """Paid claims, most urgent first, to choose from."""
    return await _advances_response(request, {}, status=200)


async def _advances_response(request: Request, errors: dict[str, str], *, status: int) -> Response:
    viewer, now = viewer_of(request), services_of(request).clock.now()
    number = page_number(request)
    claims, total_fen = await count_paid(viewer)
    found = await with_towns(await paid_claims(viewer, page=number))
    page = AdvancesPage(
        rows=tuple(advance_row(task, town, now) for task, town in found),
        claims=claims,
        total_fen=total_fen,
        chosen_fen=0,
        towns=(),
        pagination=pagination("/desk/finance/advances?", number, claims, PAGE_ROWS, "笔"),
        errors=errors,
    )
    return page_response(request, "ledger/advances.html", page, status=status)


async def check_advances(request: Request) -> Response:
    """Check your answers: the chosen claims and their sum by town, before any money moves."""
    viewer, now = viewer_of(request), services_of(request).clock.now()
    try:
        form = await read_form(request, ChosenForm)
        if not 0 < len(form.chosen) <= PAGE_ROWS:
            raise InvalidInput({"claim": "请先选择要拨款的认领。"})
    except InvalidInput as error:
        return await _advances_response(request, {"claim": "；".join(error.fields.values())}, status=400)
    tasks = await chosen_claims(list(form.chosen), viewer=viewer)
    found = await with_towns(tasks)
    rows = tuple(advance_row(task, town, now) for task, town in found)
    page = AdvancesPage(
        rows=rows,
        claims=len(rows),
        total_fen=sum(row.price_fen for row in rows),
        chosen_fen=sum(row.price_fen for row in rows),
        towns=by_town(rows),
        pagination=None,
        errors={},
    )
    return page_response(request, "ledger/advances_check.html", page)


def by_town(rows: tuple[AdvanceRow, ...]) -> tuple[tuple[str, int, int], ...]:
    """Name, number of claims and sum of each town, in the order of the rows."""
    sums: dict[str, tuple[int, int]] = {}
    for row in rows:
        claims, fen = sums.get(row.town, (0, 0))
        sums[row.town] = (claims + 1, fen + row.price_fen)
    return tuple((town, claims, fen) for town, (claims, fen) in sums.items())


async def advance(request: Request) -> Response:
    """Advances the chosen claims; one that can't be advanced does not stop the others."""
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> str:
        form = await read_form(request, ChosenForm)
        results = await advance_money(form.claim, actor=viewer, now=services.clock.now())
        return "/desk/finance/advanced/" + "-".join(str(result.claim_id) for result in results)

    try:
        return see_other(await answer_once(request, act))
    except InvalidInput as error:
        return await _advances_response(request, error.fields, status=error.status_code)


async def show_advanced(request: Request) -> Response:
    """What became of each claim of a run, as it stands now: the page may be reloaded and shared."""
    ids = [one for part in str(request.path_params["ids"]).split("-") if (one := id_in(part)) is not None]
    if not 0 < len(ids) <= PAGE_ROWS:
        raise NotFound
    found = await with_towns(await chosen_claims(ids, viewer=viewer_of(request)))
    rows = tuple(_outcome(task, town) for task, town in found)
    advanced = [row for row in rows if row.is_advanced]
    page = AdvancedPage(rows=rows, count=len(advanced), total_fen=sum(row.price_fen for row in advanced))
    return page_response(request, "ledger/advanced.html", page)


def _outcome(task: Task, town: str) -> AdvanceOutcome:
    given = task.advanced_at
    sentence = f"{moment(given)} 已拨付" if given else f"没有拨：现在是“{label(task.status)}”"
    if task.status is ClaimStatus.PAID:
        sentence = "没有拨：请回到列表再拨一次"
    return AdvanceOutcome(task.title, town, task.price_fen, given is not None, sentence)


async def show_approvals(request: Request) -> Response:
    """Purchases over the published price, each with its receipt."""
    return await _approvals_response(request, 0, {}, status=200)


async def _approvals_response(request: Request, purchase_id: int, errors: dict[str, str], *, status: int) -> Response:
    viewer = viewer_of(request)
    found = await with_towns(await purchases_to_approve(viewer))
    cards = tuple(
        approval_card(
            task,
            town,
            viewer_id=viewer.account_id,
            errors=errors if task.purchase and task.purchase.id == purchase_id else {},
        )
        for task, town in found
    )
    return page_response(request, "ledger/approvals.html", ApprovalsPage(cards), status=status)


async def approve(request: Request) -> Response:
    services, viewer, purchase_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        await approve_purchase(purchase_id, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return "/desk/finance/approvals"

    return done(await answer_once(request, act), "purchase-approved")


async def refuse(request: Request) -> Response:
    services, viewer, purchase_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await read_form(request, RefusalForm)
        now = services.clock.now()
        await refuse_purchase(purchase_id, form.reason, actor=viewer, sealer=services.sealer, now=now)
        return "/desk/finance/approvals"

    try:
        return done(await answer_once(request, act), "purchase-refused")
    except InvalidInput as error:
        return await _approvals_response(request, purchase_id, error.fields, status=error.status_code)


async def with_towns(tasks: tuple[Task, ...]) -> tuple[tuple[Task, str], ...]:
    """Each claim with the name of its town."""
    names = await names_of(sorted({town_of(task.division_code) for task in tasks}))
    return tuple((task, names.get(town_of(task.division_code), "")) for task in tasks)
