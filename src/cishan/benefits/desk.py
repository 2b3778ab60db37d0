"""The administrator's pages of imports. Small files are done at once, large ones in a task of this process."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from cishan.accounts import queries as accounts
from cishan.benefits.imports import apply_import, check_import, errors_path, receive_import, start_again
from cishan.benefits.pages import KIND_CHOICES, ImportsPage, batch_row, import_page
from cishan.benefits.queries import BATCHES_A_PAGE, import_visible_to, imports_in
from cishan.benefits.rules import BENEFIT_COLUMNS, REGISTRY_COLUMNS
from cishan.benefits.states import ImportKind
from cishan.errors import CishanError, InvalidInput, NotFound
from cishan.forms.reading import read_fields
from cishan.forms.replay import answer_once
from cishan.page_parts import Pagination
from cishan.settings import Settings
from cishan.templating import page_response
from cishan.web import path_id, see_other, services_of, viewer_of

IMPORTS = "/desk/imports"
AT_ONCE_BYTES = 256 * 1024
"""A file up to this size is done before the answer; a larger one while the person watches its page."""
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
        return f"{IMPORTS}/{batch_id}"

    try:
        location = await answer_once(request, act)
    except InvalidInput as error:
        return await _imports_response(request, error.fields, status=error.status_code)
    batch_id = int(location.rsplit("/", 1)[1])
    size = file.size if isinstance(file, UploadFile) else 0
    await _work(request, batch_id, check_import, at_once=(size or 0) <= AT_ONCE_BYTES)
    return see_other(location)


async def show_import(request: Request) -> Response:
    """Where an import stands: its figures, its errors, and the button that writes it."""
    services = services_of(request)
    view = await import_visible_to(viewer_of(request), path_id(request))
    who = await accounts.name_of(view.uploaded_by, services.sealer)
    page = import_page(view, who, is_ours=view.id in _tasks(request))
    return page_response(request, "benefits/import.html", page)


async def apply(request: Request) -> Response:
    """Begins to write a checked file. Sent twice it is begun once: the batch's status lets only one in."""
    view = await import_visible_to(viewer_of(request), path_id(request))

    async def act() -> str:
        return f"{IMPORTS}/{view.id}"

    location = await answer_once(request, act)
    if view.id not in _tasks(request):
        await _work(request, view.id, apply_import, at_once=view.rows_total <= 1_000)
    return see_other(location)


async def retry(request: Request) -> Response:
    """Takes up an import that was cut off, by a crash or a restart."""
    view = await import_visible_to(viewer_of(request), path_id(request))

    async def act() -> str:
        return f"{IMPORTS}/{view.id}"

    location = await answer_once(request, act)
    if view.id not in _tasks(request) and not view.is_running:
        await _work(request, view.id, start_again, at_once=view.rows_total <= 1_000)
    return see_other(location)


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
    asked = request.query_params.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and 0 < int(asked[:6]) < 100_000 else 1
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


async def _work(request: Request, batch_id: int, step: Any, *, at_once: bool) -> None:
    """Runs a step of an import now, or in a task that outlives this answer; the batch's row says how it went."""
    services = services_of(request)
    run: partial[Coroutine[Any, Any, object]] = partial(
        step,
        batch_id,
        directory=imports_directory(services.settings),
        actor=viewer_of(request),
        sealer=services.sealer,
        now=services.clock.now(),
    )
    if at_once:
        await _quietly(run)
        return
    task = asyncio.create_task(_quietly(run))
    tasks = _tasks(request)
    tasks[batch_id] = task
    task.add_done_callback(lambda _: tasks.pop(batch_id, None))


async def _quietly(run: "partial[Coroutine[Any, Any, object]]") -> None:
    """What a person may meet is on the batch's page already, so it ends here; anything else goes to the log."""
    try:
        await run()
    except CishanError:
        return


def _tasks(request: Request) -> dict[int, "asyncio.Task[None]"]:
    """The imports that this process has in hand; the reference keeps a task alive."""
    state = request.app.state
    if not hasattr(state, "imports_in_hand"):
        state.imports_in_hand = {}
    found: dict[int, asyncio.Task[None]] = state.imports_in_hand
    return found
