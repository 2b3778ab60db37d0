"""Imports of the bureau's files: received, checked row by row, applied whole or not at all; the only writers of batches.

The batch's row is the truth about where an import stands, so a page may be reloaded and a process may die. While a file
is applied the transaction holds an advisory lock; whoever gets the lock of a batch that says "applying" knows that
the process before it is gone, and may begin again.

A long file is done by the queue: `queue_step` marks the batch and enqueues the job in one transaction, and the job's end
takes the mark off, so a marked batch is one that some worker will still take up, whoever dies.
"""

import asyncio
import csv
import io
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.benefits.registry import RegistryFile
from cishan.benefits.rules import BENEFIT_COLUMNS, PHONE, REGISTRY_COLUMNS, BenefitRow, RowReader
from cishan.benefits.staging import BenefitLoader, Counts
from cishan.benefits.states import ImportKind, ImportStatus
from cishan.clock import beijing_day
from cishan.csv_files import Line, RowError, UnreadableFile, keep_file, read_lines
from cishan.database import rows
from cishan.errors import Conflict, IllegalMove, InvalidInput, NotFound
from cishan.households.bulk import RegistryLoader
from cishan.households.registry_rows import RegistryRow
from cishan.labels import label
from cishan.permissions import Permission, must
from cishan.sealing import Sealer
from cishan.spreadsheets import plain_cell

ROWS_AT_ONCE = 5_000
ERRORS_SHOWN = 200
MOST_ERRORS = 20_000
FILE_NAME_LONGEST = 120
LOCK_CLASS = 0x696D70
STATEMENT_TIMEOUT = "SET LOCAL statement_timeout = '10min'"
COLUMNS = {ImportKind.REGISTRY: REGISTRY_COLUMNS, ImportKind.BENEFITS: BENEFIT_COLUMNS}
OPTIONAL = (PHONE,)
IMPORT_JOB = "import_apply"
"""The queue's name for a step of an import; its payload is {batch_id, step, account_id, role, division_code}."""

RECEIVE = """
INSERT INTO import_batch (kind, division_code, file_name, file_sha256, status, uploaded_by_id, uploaded_at, rows_total,
                          rows_new, rows_same, rows_changed, rows_wrong, fault, errors)
VALUES ($1, $2, $3, $4, 'checking', $5, $6, 0, 0, 0, 0, 0, '', '[]') RETURNING id
"""
FIND = "SELECT id, kind, division_code, file_sha256, status FROM import_batch WHERE id = $1"
CHECKED = """
UPDATE import_batch SET status = $2, rows_total = $3, rows_new = $4, rows_same = $5, rows_changed = $6, rows_wrong = $7,
       fault = $8, errors = $9::jsonb WHERE id = $1
"""
CLAIM = """
UPDATE import_batch SET status = 'applying', fault = '' WHERE id = $1 AND status IN ('previewed', 'applying')
RETURNING id
"""
LOCK = "SELECT pg_try_advisory_xact_lock($1::int, $2::int) AS mine"
APPLIED = """
UPDATE import_batch SET status = 'applied', rows_new = $2, rows_same = $3, rows_changed = $4, applied_at = $5
 WHERE id = $1
"""
GIVE_BACK = "UPDATE import_batch SET status = 'previewed', fault = $2 WHERE id = $1 AND status = 'applying'"
MARK_QUEUED = """
UPDATE import_batch SET queued_at = $2 WHERE id = $1 AND queued_at IS NULL AND status = ANY($3) RETURNING id
"""
TAKE_MARK_OFF = "UPDATE import_batch SET queued_at = NULL WHERE id = $1"
STILL_NEEDED = """
SELECT 1 FROM import_batch WHERE file_sha256 = $1 AND status IN ('checking', 'previewed', 'applying') LIMIT 1
"""
FAILED = "导入没有完成，数据没有变。请再试一次。"


Step = Literal["check", "apply"]
QUEUED_FROM: Mapping[Step, tuple[ImportStatus, ...]] = {
    "check": (ImportStatus.CHECKING,),
    "apply": (ImportStatus.PREVIEWED, ImportStatus.APPLYING),
}


class Enqueue(Protocol):
    """Puts a job into the queue inside the current transaction; `app.py` hands it in, because jobs stand above this room."""

    async def __call__(self, kind: str, payload: Mapping[str, Any], *, key: str | None = None) -> None: ...


class Loader(Protocol):
    """Takes the rows of one kind of file."""

    async def begin(self) -> None: ...

    async def take(self, given: Any, *, write: bool) -> list[RowError]: ...

    async def finish(self, *, write: bool) -> tuple[Counts, list[RowError]]: ...


@dataclass
class Outcome:
    """What came of reading a file. Only the first MOST_ERRORS errors are kept; the rows with any are all counted."""

    rows_total: int = 0
    counts: Counts = field(default_factory=Counts)
    errors: list[RowError] = field(default_factory=list)
    wrong_rows: set[int] = field(default_factory=set)

    def add_errors(self, errors: list[RowError]) -> None:
        self.wrong_rows.update(error.row for error in errors)
        self.errors += errors[: max(0, MOST_ERRORS - len(self.errors))]


class WrongRows(Exception):
    """A file that was in order when it was checked is so no longer."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{len(outcome.wrong_rows)} wrong rows")
        self.outcome = outcome


@dataclass(frozen=True)
class Batch:
    """A batch with what its reading needs."""

    id: int
    kind: ImportKind
    path: Path
    status: ImportStatus
    sha256: str


async def preview_import(
    kind: ImportKind, source: Path, *, directory: Path, actor: Viewer, sealer: Sealer, now: datetime
) -> int:
    """Receives a file that lies on this machine and checks it; returns the batch's id."""
    with source.open("rb") as file:
        batch_id = await receive_import(kind, file, source.name, directory=directory, actor=actor, now=now)
    await check_import(batch_id, directory=directory, actor=actor, sealer=sealer, now=now)
    return batch_id


async def receive_import(
    kind: ImportKind, source: BinaryIO, file_name: str, *, directory: Path, actor: Viewer, now: datetime
) -> int:
    """Keeps the file and opens a batch for it; raises InvalidInput (field `file`) for what is no CSV at all."""
    must(actor, Permission.IMPORT)
    try:
        _, sha256 = await asyncio.to_thread(keep_file, source, directory)
    except UnreadableFile as error:
        raise InvalidInput({"file": str(error)}) from error
    name = "".join(character for character in Path(file_name).name if character.isprintable())
    made = await rows(
        RECEIVE, kind.value, actor.division_code, name[-FILE_NAME_LONGEST:], sha256, actor.account_id, now
    )
    return int(made[0]["id"])


async def check_import(batch_id: int, *, directory: Path, actor: Viewer, sealer: Sealer, now: datetime) -> ImportStatus:
    """Reads the whole file and says of every row what it would do; writes nothing but the batch's own figures."""
    batch = await batch_for(batch_id, actor, directory)
    if batch.status is not ImportStatus.CHECKING:
        raise IllegalMove("这次导入", label(batch.status), "再检查一遍")
    outcome, fault = Outcome(), ""
    try:
        async with in_transaction():
            await _take_lock(batch_id)
            await rows(STATEMENT_TIMEOUT)
            outcome = await _run(batch, actor=actor, sealer=sealer, now=now, write=False)
    except (UnreadableFile, FileNotFoundError) as error:
        fault = str(error) if isinstance(error, UnreadableFile) else FAILED
    refused = bool(fault or outcome.wrong_rows or not outcome.rows_total)
    fault = fault or ("" if outcome.rows_total else "文件里只有表头，没有内容。")
    return await _note(batch, outcome, fault, refused=refused)


async def apply_import(batch_id: int, *, directory: Path, actor: Viewer, sealer: Sealer, now: datetime) -> Counts:
    """Writes a checked file, all of it or nothing, and returns what it changed.

    Raises IllegalMove for a file that is refused or already in, Conflict while another process is at it, and
    InvalidInput when rows that were right at the preview no longer are; then the batch is refused.
    """
    batch = await batch_for(batch_id, actor, directory)
    if not await rows(CLAIM, batch_id):
        raise IllegalMove("这次导入", label(batch.status), "导入")
    try:
        async with in_transaction():
            await _take_lock(batch_id)
            # Another process may have finished between our claim and our lock; its row says so now.
            if (await batch_for(batch_id, actor, directory)).status is not ImportStatus.APPLYING:
                raise IllegalMove("这次导入", label(ImportStatus.APPLIED), "导入")
            await rows(STATEMENT_TIMEOUT)
            outcome = await _run(batch, actor=actor, sealer=sealer, now=now, write=True)
            counts = outcome.counts
            await rows(APPLIED, batch_id, counts.new, counts.same, counts.changed, now)
    except WrongRows as wrong:
        await _note(batch, wrong.outcome, "", refused=True)
        raise InvalidInput({"file": "检查以后数据变了，现在有错误的行。请看错误清单。"}) from wrong
    except Conflict:
        raise
    except Exception:
        await rows(GIVE_BACK, batch_id, FAILED)
        raise
    await _forget_file(batch)
    return counts


async def queue_step(batch_id: int, step: Step, *, enqueue: Enqueue, actor: Viewer, now: datetime) -> None:
    """Lets a worker do a step, if the batch stands before that step and no job has it yet; part of the caller's transaction."""
    must(actor, Permission.IMPORT)
    if not await rows(MARK_QUEUED, batch_id, now, list(QUEUED_FROM[step])):
        return
    asker = {"account_id": actor.account_id, "role": actor.role.value, "division_code": actor.division_code}
    await enqueue(IMPORT_JOB, {"batch_id": batch_id, "step": step, **asker}, key=f"import:{batch_id}")


async def take_mark_off(batch_id: int) -> None:
    """No job has this batch any more: it is done, or it failed and a person may ask again."""
    await rows(TAKE_MARK_OFF, batch_id)


async def take_step(
    batch_id: int, step: Step, *, directory: Path, actor: Viewer, sealer: Sealer, now: datetime
) -> None:
    """Does the step that was asked for and no other: a check that is begun a second time never writes the file."""
    do = check_import if step == "check" else apply_import
    await do(batch_id, directory=directory, actor=actor, sealer=sealer, now=now)


async def batch_for(batch_id: int, actor: Viewer, directory: Path) -> Batch:
    """A batch in the actor's division; a stranger's is not there."""
    must(actor, Permission.IMPORT)
    found = await rows(FIND, batch_id)
    if not found or not actor.covers(found[0]["division_code"]):
        raise NotFound
    row = found[0]
    return Batch(
        id=row["id"],
        kind=ImportKind(row["kind"]),
        path=directory / f"{row['file_sha256']}.csv",
        status=ImportStatus(row["status"]),
        sha256=row["file_sha256"],
    )


async def _take_lock(batch_id: int) -> None:
    """Holds the batch until the transaction ends; raises Conflict while another process holds it."""
    if not (await rows(LOCK, LOCK_CLASS, batch_id))[0]["mine"]:
        raise Conflict("这个文件正在处理，请等一等。")


def errors_path(directory: Path, batch_id: int) -> Path:
    """Where the list of all wrong rows of a batch stands."""
    return directory / f"{batch_id}-errors.csv"


async def _run(batch: Batch, *, actor: Viewer, sealer: Sealer, now: datetime, write: bool) -> Outcome:
    """Reads the file in chunks. With `write` the first wrong row ends it, and the caller's transaction with it."""
    loader = _loader(batch, actor=actor, sealer=sealer, now=now)
    outcome = Outcome()
    await loader.begin()
    async for read, errors in _chunks(batch, now):
        outcome.rows_total += len(read) + len({error.row for error in errors})
        outcome.add_errors(errors)
        outcome.add_errors(await loader.take(read, write=write and not outcome.wrong_rows))
        if write and outcome.wrong_rows:
            raise WrongRows(outcome)
    outcome.counts, errors = await loader.finish(write=write and not outcome.wrong_rows)
    outcome.add_errors(errors)
    if write and outcome.wrong_rows:
        raise WrongRows(outcome)
    return outcome


def _loader(batch: Batch, *, actor: Viewer, sealer: Sealer, now: datetime) -> Loader:
    if batch.kind is ImportKind.BENEFITS:
        return BenefitLoader(actor=actor, sealer=sealer, batch_id=batch.id)
    return RegistryFile(RegistryLoader(actor=actor, sealer=sealer, now=now, batch_id=batch.id))


Rows = list[RegistryRow | BenefitRow]


async def _chunks(batch: Batch, now: datetime) -> AsyncIterator[tuple[Rows, list[RowError]]]:
    """The file's rows, some thousands at a time, read in a thread so that the process goes on answering."""
    reader = RowReader(beijing_day(now))
    lines = read_lines(batch.path, COLUMNS[batch.kind], OPTIONAL)
    while True:
        read, errors = await asyncio.to_thread(_read_some, lines, reader, batch.kind)
        if not read and not errors:
            return
        yield read, errors


def _read_some(lines: Iterator[Line], reader: RowReader, kind: ImportKind) -> tuple[Rows, list[RowError]]:
    read: Rows = []
    errors: list[RowError] = []
    take = reader.registry_row if kind is ImportKind.REGISTRY else reader.benefit_row
    for line in lines:
        found = [line.fault] if line.fault else take(line)
        if isinstance(found, list):
            errors += found
        else:
            read.append(found)
        if len(read) + len(errors) >= ROWS_AT_ONCE:
            break
    return read, errors


async def _note(batch: Batch, outcome: Outcome, fault: str, *, refused: bool) -> ImportStatus:
    """Writes what the check has found into the batch, and the list of all errors beside the file."""
    status = ImportStatus.REFUSED if refused else ImportStatus.PREVIEWED
    errors = sorted(outcome.errors, key=lambda error: (error.row, error.column))
    shown = [{"row": one.row, "column": one.column, "sentence": one.sentence} for one in errors[:ERRORS_SHOWN]]
    if errors:
        await asyncio.to_thread(_write_errors, errors_path(batch.path.parent, batch.id), errors)
    await rows(
        CHECKED,
        batch.id,
        status.value,
        outcome.rows_total,
        outcome.counts.new,
        outcome.counts.same,
        outcome.counts.changed,
        len(outcome.wrong_rows),
        fault,
        json.dumps(shown, ensure_ascii=False),
    )
    if refused:
        await _forget_file(batch)
    return status


async def _forget_file(batch: Batch) -> None:
    """An upload holds ID numbers in the clear, so it goes as soon as no batch needs it."""
    if not await rows(STILL_NEEDED, batch.sha256):
        batch.path.unlink(missing_ok=True)


def _write_errors(path: Path, errors: list[RowError]) -> None:
    """Row, column and sentence of each error, never a value of the file, as CSV that table programs open."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("行", "列", "问题"))
    for error in errors:
        writer.writerow((error.row, plain_cell(error.column), plain_cell(error.sentence)))
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
        file.write(text.getvalue())
