"""Pages of months: which are closed, what stands in the way of the next, and its vouchers as files."""

import asyncio
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.queries import names_of
from cishan.errors import Conflict, NotFound
from cishan.forms.reading import FIRST_YEAR, LAST_YEAR
from cishan.forms.replay import answer_once
from cishan.permissions import Permission, holds
from cishan.reconciliation.closing import close_month, propose_closing
from cishan.reconciliation.pages import MonthsPage, month_line, month_start
from cishan.reconciliation.queries import MonthRow, month_facts, months_of
from cishan.reconciliation.rules import obstacles
from cishan.reconciliation.vouchers import as_csv, as_workbook, vouchers_of
from cishan.templating import page_response
from cishan.web import done, services_of, viewer_of

MONTHS = "/desk/finance/months"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def show_months(request: Request) -> Response:
    return await _months_response(request)


async def _months_response(request: Request, error: str = "", *, status: int = 200) -> Response:
    services, viewer = services_of(request), viewer_of(request)
    now, charity_id = services.clock.now(), request.state.site.charity_id
    months = await months_of(charity_id, now)
    names = await names_of(_people(months), services.sealer)
    # Months close in order, so only the earliest open one can have something to do.
    turn = min((row.month for row in months if row.closed_at is None), default=None)
    lines = []
    # ... and it stands first.
    for row in sorted(months, key=lambda one: one.month != turn):
        found = obstacles(await month_facts(charity_id, row.month), now) if row.month == turn else ("还没有轮到。",)
        lines.append(
            month_line(
                row,
                names,
                found,
                keeps_books=holds(viewer.role, Permission.KEEP_BOOKS),
                approves=holds(viewer.role, Permission.MANAGE_MONEY),
            )
        )
    return page_response(request, "reconciliation/months.html", MonthsPage(tuple(lines), error), status=status)


async def propose(request: Request) -> Response:
    services, viewer, month = services_of(request), viewer_of(request), _path_month(request)

    async def act() -> str:
        await propose_closing(request.state.site.charity_id, month, actor=viewer, now=services.clock.now())
        return MONTHS

    try:
        return done(await answer_once(request, act), "month-proposed")
    except Conflict as error:
        return await _months_response(request, error.sentence, status=error.status_code)


async def close(request: Request) -> Response:
    services, viewer, month = services_of(request), viewer_of(request), _path_month(request)

    async def act() -> str:
        await close_month(request.state.site.charity_id, month, actor=viewer, now=services.clock.now())
        return MONTHS

    try:
        return done(await answer_once(request, act), "month-closed")
    except Conflict as error:
        return await _months_response(request, error.sentence, status=error.status_code)


async def download_csv(request: Request) -> Response:
    """A month's vouchers for the charity's accountant."""
    month = _path_month(request)
    body = await asyncio.to_thread(as_csv, await vouchers_of(request.state.site.charity_id, month))
    return _file(body, "text/csv; charset=utf-8", f"vouchers-{month:%Y-%m}.csv")


async def download_workbook(request: Request) -> Response:
    month = _path_month(request)
    body = await asyncio.to_thread(as_workbook, await vouchers_of(request.state.site.charity_id, month))
    return _file(body, XLSX, f"vouchers-{month:%Y-%m}.xlsx")


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(body, media_type=media_type, headers=headers)


def _people(months: tuple[MonthRow, ...]) -> list[int]:
    return sorted({one for row in months for one in (row.proposed_by_id, row.closed_by_id) if one is not None})


def _path_month(request: Request) -> date:
    month = month_start(str(request.path_params["month"]))
    if month is None or not FIRST_YEAR <= month.year <= LAST_YEAR:
        raise NotFound
    return month
