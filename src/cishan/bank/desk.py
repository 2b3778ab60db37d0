"""Pages of the bank's statements: the cashier brings a file, the bookkeeper says what each movement is."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from cishan.bank.coding import code_line
from cishan.bank.gifts import take_as_gift, take_named_transfers
from cishan.bank.pages import NOTHING, BankPage, bank_line_card, statement_page
from cishan.bank.queries import bank_lines_of, count_open_bank_lines, funds_with_money, pledges_of, statements_of
from cishan.bank.reading import COLUMNS, EXAMPLE, MOST_LINES
from cishan.bank.returns import record_held_gone, record_refund_gone
from cishan.bank.statements import apply_statement, preview_statement
from cishan.bank.states import BankLineStatus
from cishan.csv_files import RowError
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.payments.views import owners_of
from cishan.permissions import Permission, holds
from cishan.reconciliation.desk import chosen_id
from cishan.settings import Settings
from cishan.templating import page_response
from cishan.web import done, path_id, see_other, services_of, viewer_of

BANK = "/desk/finance/bank"


class CodeForm(FormModel):
    status: BankLineStatus
    note: str = Field(default="", max_length=200)
    fund: int | None = None
    number: str = Field(default="", max_length=64)


def statements_directory(settings: Settings) -> Path:
    return settings.data_directory / "statements"


async def show_bank(request: Request) -> Response:
    """Movements that nobody has recognised; with `all` in the address the others too."""
    return await _bank_response(request)


async def _bank_response(
    request: Request,
    *,
    line_id: int = 0,
    values: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
    row_errors: tuple[RowError, ...] = (),
    status: int = 200,
) -> Response:
    charity_id, viewer = request.state.site.charity_id, viewer_of(request)
    keeps_books, chosen = holds(viewer.role, Permission.KEEP_BOOKS), line_id or chosen_id(request)
    shows_all = "all" in request.query_params
    found = await bank_lines_of(charity_id, all_of_them=shows_all, sealer=services_of(request).sealer)
    funds = await funds_with_money(charity_id) if keeps_books and chosen else ()
    sealer = services_of(request).sealer
    for_chosen = [row for row in found if row.id == chosen and row.amount_fen > 0]
    pledges = await pledges_of(charity_id, for_chosen[0].amount_fen, sealer=sealer) if for_chosen else ()
    page = BankPage(
        lines=tuple(
            bank_line_card(
                row,
                pledges=pledges if row.id == chosen else (),
                keeps_books=keeps_books,
                chosen=row.id == chosen,
                funds=funds,
                values=values if row.id == line_id else NOTHING,
                errors=errors if row.id == line_id else NOTHING,
            )
            for row in found
        ),
        open=await count_open_bank_lines(charity_id),
        shows_all=shows_all,
        can_upload=holds(viewer.role, Permission.HANDLE_CASH),
        statements=await statements_of(charity_id),
        row_errors=row_errors,
        errors=NOTHING if line_id else errors,
    )
    return page_response(request, "bank/bank.html", page, status=status)


async def upload(request: Request) -> Response:
    """Checks a file and shows what it would bring; with one wrong row nothing of it is taken."""
    services, viewer = services_of(request), viewer_of(request)
    file = (await read_fields(request)).get("file")
    row_errors: tuple[RowError, ...] = ()

    async def act() -> str:
        nonlocal row_errors
        if not isinstance(file, UploadFile) or not file.filename:
            raise InvalidInput({"file": "请选择一个文件。"})
        statement_id, read = await preview_statement(
            file.file,
            file.filename,
            charity_id=request.state.site.charity_id,
            directory=statements_directory(services.settings),
            actor=viewer,
            now=services.clock.now(),
        )
        if not statement_id:
            row_errors = read.errors
            raise InvalidInput({"file": "有几行要改，没有导入。" if read.errors else "文件里一行流水也没有。"})
        return f"{BANK}/{statement_id}"

    try:
        return see_other(await answer_once(request, act))
    except InvalidInput as error:
        return await _bank_response(request, errors=error.fields, row_errors=row_errors, status=error.status_code)


async def download_template(request: Request) -> Response:
    """An empty file with the right header and a row that shows how to write."""
    body = f"\ufeff{','.join(COLUMNS)}\r\n{EXAMPLE}\r\n"
    headers = {"Content-Disposition": 'attachment; filename="bank.csv"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


async def show_statement(request: Request) -> Response:
    found = await statements_of(request.state.site.charity_id, path_id(request))
    if not found:
        raise NotFound
    return page_response(request, "bank/statement.html", statement_page(found[0]))


async def apply(request: Request) -> Response:
    """Writes the movements; those that name a pledge and its sum are taken at once."""
    services, viewer, statement_id = services_of(request), viewer_of(request), path_id(request)

    async def act() -> str:
        await apply_statement(
            statement_id,
            charity_id=request.state.site.charity_id,
            directory=statements_directory(services.settings),
            actor=viewer,
            sealer=services.sealer,
            now=services.clock.now(),
        )
        return BANK

    answer = done(await answer_once(request, act), "statement-applied")
    await take_named_transfers(limit=MOST_LINES, services=services, owners=owners_of(request), now=services.clock.now())
    return answer


async def code(request: Request) -> Response:
    line_id = path_id(request)

    async def act() -> str:
        await _code(request, line_id, await read_form(request, CodeForm))
        return BANK

    try:
        return done(await answer_once(request, act), "bank-line-coded")
    except (InvalidInput, Conflict) as error:
        errors = error.fields if isinstance(error, InvalidInput) else {"": error.sentence}
        values = typed_text(await read_fields(request))
        return await _bank_response(request, line_id=line_id, values=values, errors=errors, status=error.status_code)


async def _code(request: Request, line_id: int, form: CodeForm) -> None:
    services = services_of(request)
    charity_id, actor, now = request.state.site.charity_id, viewer_of(request), services.clock.now()
    match form.status:
        case BankLineStatus.GIFT:
            await take_as_gift(
                line_id,
                form.number,
                form.note,
                charity_id=charity_id,
                services=services,
                owners=owners_of(request),
                actor=actor,
                now=now,
            )
        case BankLineStatus.REFUND:
            await record_refund_gone(
                line_id, form.number, form.note, charity_id=charity_id, actor=actor, sealer=services.sealer, now=now
            )
        case BankLineStatus.SENT_BACK:
            await record_held_gone(
                line_id, form.number, form.note, charity_id=charity_id, actor=actor, sealer=services.sealer, now=now
            )
        case _:
            await code_line(
                line_id, form.status, form.note, charity_id=charity_id, fund_id=form.fund, actor=actor, now=now
            )
