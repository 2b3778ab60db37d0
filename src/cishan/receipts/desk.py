"""Finance's desk of receipts: issue what was asked for, enter red ones, look up the register."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from cishan.amount_words import amount_in_words
from cishan.clock import beijing_day
from cishan.database import JsonRow
from cishan.errors import InvalidInput
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.labels import label
from cishan.listing import page_number, pagination
from cishan.receipts.actions import (
    BillNumbers,
    enter_red_bill,
    issue_receipt,
    refuse_receipt,
    reverse_wrong_receipt,
)
from cishan.receipts.pages import IssuePage, ReceiptsDeskPage, RedRow, RegisterPage, RegisterRow, request_row
from cishan.receipts.queries import (
    RECEIPTS_A_PAGE,
    last_code,
    register_of,
    reversals_to_enter,
    waiting_request,
    waiting_requests,
)
from cishan.receipts.rules import register_number
from cishan.receipts.states import PayerKind, ReversalReason
from cishan.templating import page_response
from cishan.web import done, path_id, services_of, viewer_of

DESK = "/desk/finance/receipts"
REGISTER = "/desk/finance/receipts/issued"
LONGEST_SEARCH = 40
NUMBER_LABELS = {PayerKind.PERSON: "身份证号码", PayerKind.ORGANISATION: "统一社会信用代码"}


class BillForm(FormModel):
    code: str
    number: str
    check_code: str

    def numbers(self) -> BillNumbers:
        return BillNumbers(self.code, self.number, self.check_code)


class IssueForm(BillForm):
    amount_fen: int


class RefusalForm(FormModel):
    reason: str


async def show_receipts(request: Request) -> Response:
    """What waits for finance: receipts to issue, red numbers to enter."""
    return page_response(request, "receipts/desk.html", await _desk_page(request))


async def show_request(request: Request) -> Response:
    """One request, with every field of the receipt as it has to be typed (财综〔2024〕1号 art. 6)."""
    return page_response(request, "receipts/issue.html", await _issue_page(request))


async def issue(request: Request) -> Response:
    services, viewer, request_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await read_form(request, IssueForm)
        now = services.clock.now()
        await issue_receipt(request_id, form.numbers(), form.amount_fen, actor=viewer, sealer=services.sealer, now=now)
        return DESK

    return await _answer(request, act, "receipt-issued")


async def refuse(request: Request) -> Response:
    services, viewer, request_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await read_form(request, RefusalForm)
        now = services.clock.now()
        await refuse_receipt(request_id, form.reason, actor=viewer, sealer=services.sealer, now=now)
        return DESK

    return await _answer(request, act, "receipt-refused")


async def _answer(request: Request, act: Callable[[], Awaitable[str]], notice: str) -> Response:
    """A refused form is shown again with what was typed."""
    try:
        return done(await answer_once(request, act), notice)
    except InvalidInput as error:
        page = await _issue_page(request, typed_text(await read_fields(request)), error.fields)
        return page_response(request, "receipts/issue.html", page, status=error.status_code)


async def enter_red(request: Request) -> Response:
    """Stores the numbers of a red receipt."""
    services, viewer, reversal_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        form = await read_form(request, BillForm)
        await enter_red_bill(reversal_id, form.numbers(), actor=viewer, now=services.clock.now())
        return DESK

    try:
        return done(await answer_once(request, act), "red-bill-entered")
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        page = await _desk_page(request, wrong_id=reversal_id, values=typed, errors=error.fields)
        return page_response(request, "receipts/desk.html", page, status=error.status_code)


async def reverse(request: Request) -> Response:
    """Takes back a receipt that was issued wrongly."""
    services, viewer, receipt_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        await reverse_wrong_receipt(receipt_id, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return DESK

    return done(await answer_once(request, act), "receipt-reversed")


async def show_register(request: Request) -> Response:
    """Every receipt, newest first; found again by a bill's number or an order's."""
    search = request.query_params.get("number", "").strip()[:LONGEST_SEARCH]
    number = page_number(request)
    found, total = await register_of(request.state.site.charity_id, search, number)
    base = f"{REGISTER}?{urlencode({'number': search})}&" if search else f"{REGISTER}?"
    page = RegisterPage(
        rows=tuple(_register_row(row) for row in found),
        search=search,
        pagination=pagination(base, number, total, RECEIPTS_A_PAGE, "张"),
    )
    return page_response(request, "receipts/register.html", page)


def _register_row(row: JsonRow) -> RegisterRow:
    reason = ReversalReason(row["reason"]) if row["reason"] else None
    red = f"{row['red_code']} {row['red_number']}" if row["red_number"] else "还没有登记"
    return RegisterRow(
        id=row["id"],
        register=register_number(row["year"], row["number"]),
        bill=f"{row['code']} {row['bill_number']}",
        amount_fen=row["amount_fen"],
        issued_at=row["issued_at"],
        order_href=f"/desk/finance/entries?order={row['out_trade_no']}",
        standing_label=f"已红冲：{label(reason)}" if reason else "有效",
        standing_tone="plain" if reason else "good",
        red=red if reason else "无",
        can_reverse=reason is None,
    )


async def _desk_page(
    request: Request, *, wrong_id: int = 0, values: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> ReceiptsDeskPage:
    services, charity_id = services_of(request), request.state.site.charity_id
    now = services.clock.now()
    wrong, typed = errors or {}, values or {}
    return ReceiptsDeskPage(
        now=now,
        requests=tuple(request_row(one, now) for one in await waiting_requests(charity_id, sealer=services.sealer)),
        reds=tuple(
            RedRow(
                id=row["id"],
                register=register_number(row["year"], row["number"]),
                bill=f"{row['code']} {row['bill_number']}",
                amount_fen=row["amount_fen"],
                reason_label=label(ReversalReason(row["reason"])),
                due_at=row["due_at"],
                is_late=row["due_at"] <= now,
                values=typed if row["id"] == wrong_id else {},
                errors=wrong if row["id"] == wrong_id else {},
            )
            for row in await reversals_to_enter(charity_id)
        ),
        errors=wrong,
    )


async def _issue_page(
    request: Request, values: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> IssuePage:
    services, site = services_of(request), request.state.site
    now = services.clock.now()
    found = await waiting_request(path_id(request), site.charity_id, sealer=services.sealer)
    return IssuePage(
        request=found,
        payer_kind_label=label(found.payer_kind),
        number_label=NUMBER_LABELS[found.payer_kind],
        amount_words=amount_in_words(found.amount_fen),
        charity_name=site.name,
        left_is_less=found.amount_fen < found.paid_fen,
        is_late=found.due_at <= now,
        now=now,
        values=values or {"code": await last_code(beijing_day(now).year)},
        errors=errors or {},
    )
