"""The administrator's pages of imports. Small files are done at once, large ones by a job of the queue.

The job is enqueued in the transaction that answers the form, so what was answered is done, whichever process dies.
"""

from contextlib import suppress
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from cishan.accounts import queries as accounts
from cishan.benefits.imports import Enqueue, Step, errors_path, queue_step, receive_import, take_step
from cishan.benefits.pages import KIND_CHOICES, UNDER_WAY, ImportsPage, batch_row, import_page
from cishan.benefits.queries import BATCHES_A_PAGE, ImportView, import_visible_to, imports_in
from cishan.benefits.rules import BENEFIT_COLUMNS, REGISTRY_COLUMNS
from cishan.benefits.states import ImportKind, ImportStatus
from cishan.errors import CishanError, InvalidInput, NotFound
from cishan.forms.reading import read_fields
from cishan.forms.replay import answer_once
from cishan.page_parts import Pagination, page_number
from cishan.settings import Settings
from cishan.templating import page_response
from cishan.web import path_id, see_other, services_of, viewer_of

IMPORTS = "/desk/imports"
AT_ONCE_BYTES = 256 * 1024
AT_ONCE_ROWS = 1_000
"""A file up to this size is done before the answer; a larger one by a worker while the person watches its page."""
TEMPLATES = {
    ImportKind.REGISTRY: (
        REGISTRY_COLUMNS,
        "SL-0001,371402001001,3 组 12 号,张三,,,户主,低保,2025-01-01",
    ),
    ImportKind.BENEFITS: (BENEFIT_COLUMNS, ",DIBAO,2025-01,761.00,2025-01-20"),
}


def imports_directory(settings: Settings) -> Path:
    return settings.data_directory / "imports"


async def show_imports(request: Request) -> Response:
    return await _imports_response(request, {}, status=200)


async def upload(request: Request) -> Response:
    """Keeps the file, checks it and shows what it would do; nothing is written to the registry yet."""
    services, viewer = services_of(request), viewer_of(request)
    directory, now = imports_directory(services.settings), services.clock.now()
    form = await read_fields(request)
    file, kind = form.get("file"), str(form.get("kind", ""))
    at_once = isinstance(file, UploadFile) and (file.size or 0) <= AT_ONCE_BYTES

    async def act() -> str:
        faults = {}
        if kind not in set(ImportKind):
            faults["kind"] = "请选择是哪一种文件。"
        if not isinstance(file, UploadFile) or not file.filename:
            faults["file"] = "请选择一个文件。"
        if faults or not isinstance(file, UploadFile):
            raise InvalidInput(faults)
        batch_id = await receive_import(
            ImportKind(kind), file.file, file.filename or "", directory=directory, actor=viewer, now=now
        )
        if not at_once:
            await _queue(request, batch_id, "check")
        return f"{IMPORTS}/{batch_id}"

    try:
        location = await answer_once(request, act)
    except InvalidInput as error:
        return await _imports_response(request, error.fields, status=error.status_code)
    if at_once:
        await _do_at_once(request, int(location.rsplit("/", 1)[1]), "check")
    return see_other(location)


async def show_import(request: Request) -> Response:
    """Where an import stands: its figures, its errors, and the button that writes it."""
    services = services_of(request)
    view = await import_visible_to(viewer_of(request), path_id(request))
    who = await accounts.name_of(view.uploaded_by, services.sealer)
    return page_response(request, "benefits/import.html", import_page(view, who))


async def apply(request: Request) -> Response:
    """Begins to write a checked file. Sent twice it is begun once: the batch's row lets only one in."""
    view = await import_visible_to(viewer_of(request), path_id(request))
    return await _take_up(request, view, "apply")


async def retry(request: Request) -> Response:
    """Takes up the step at which an import was cut off. Nothing half-done is left: each step is one transaction."""
    view = await import_visible_to(viewer_of(request), path_id(request))
    if view.status not in UNDER_WAY:
        return see_other(f"{IMPORTS}/{view.id}")
    return await _take_up(request, view, "check" if view.status is ImportStatus.CHECKING else "apply")


async def download_errors(request: Request) -> Response:
    """Every wrong row as a table: row, column and what is wrong, without what stood there."""
    view = await import_visible_to(viewer_of(request), path_id(request))
    path = errors_path(imports_directory(services_of(request).settings), view.id)
    if not path.exists():
        raise NotFound
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename=f"导入错误-{view.id}.csv")


async def download_template(request: Request) -> Response:
    """An empty file with the right header and a row that shows how to write."""
    try:
        kind = ImportKind(request.path_params["kind"])
    except ValueError as error:
        raise NotFound from error
    columns, example = TEMPLATES[kind]
    body = f"\ufeff{','.join(columns)}\r\n{example}\r\n"
    headers = {"Content-Disposition": f'attachment; filename="{kind.value}.csv"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


async def _imports_response(request: Request, errors: dict[str, str], *, status: int) -> Response:
    number = page_number(request.query_params.get("page", "1"))
    views, total = await imports_in(viewer_of(request), number)
    last = max(1, -(-total // BATCHES_A_PAGE))
    page = ImportsPage(
        kinds=KIND_CHOICES,
        batches=tuple(batch_row(view) for view in views),
        pagination=Pagination(
            number,
            last,
            total,
            "个",
            f"?page={number - 1}" if number > 1 else None,
            f"?page={number + 1}" if number < last else None,
        ),
        kind=str((await read_fields(request)).get("kind", "")) if request.method == "POST" else "",
        errors=errors,
    )
    return page_response(request, "benefits/imports.html", page, status=status)


async def _take_up(request: Request, view: ImportView, step: Step) -> Response:
    """Does a step now, or leaves it to a worker; the batch's mark and lock keep out all but one."""
    # How many rows a file has is known once it was checked, so a check that was cut off is always a worker's.
    at_once = 0 < view.rows_total <= AT_ONCE_ROWS

    async def act() -> str:
        if not at_once:
            await _queue(request, view.id, step)
        return f"{IMPORTS}/{view.id}"

    location = await answer_once(request, act)
    if at_once and not view.is_queued:
        await _do_at_once(request, view.id, step)
    return see_other(location)


async def _queue(request: Request, batch_id: int, step: Step) -> None:
    enqueue: Enqueue = request.app.state.enqueue
    now = services_of(request).clock.now()
    await queue_step(batch_id, step, enqueue=enqueue, actor=viewer_of(request), now=now)


async def _do_at_once(request: Request, batch_id: int, step: Step) -> None:
    """What a person may meet is on the batch's page already, so it ends here; anything else goes to the log."""
    services = services_of(request)
    with suppress(CishanError):
        await take_step(
            batch_id,
            step,
            directory=imports_directory(services.settings),
            actor=viewer_of(request),
            sealer=services.sealer,
            now=services.clock.now(),
        )
