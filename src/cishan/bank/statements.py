"""The only writer of bank statements: the cashier brings the file (R-18).

A statement is checked first and written when the person says so, whole or not at all. The same file, or the same movement
in another file, is taken once.
"""

from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.bank.reading import ReadStatement, StatementLine, read_statement
from cishan.bank.states import StatementStatus
from cishan.csv_files import UnreadableFile, keep_file
from cishan.database import JsonRow, rows
from cishan.errors import Conflict, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.permissions import Permission, must
from cishan.sealing import Sealer

PARTY_LABEL, SUMMARY_LABEL = "bank_line.party", "bank_line.summary"

ADD_STATEMENT = """
INSERT INTO bank_statement (charity_id, file_name, sha256, rows_total, rows_new, status, uploaded_by_id, uploaded_at)
VALUES ($1, $2, $3, $4, $5, 'previewed', $6, $7)
ON CONFLICT (charity_id, sha256) DO UPDATE SET file_name = bank_statement.file_name RETURNING id, (xmax = 0) AS is_new
"""
KNOWN = "SELECT count(*) AS n FROM bank_line WHERE charity_id = $1 AND serial = ANY($2::varchar[])"
LOCK_STATEMENT = (
    "SELECT id, charity_id, sha256, status FROM bank_statement WHERE id = $1 AND charity_id = $2 FOR UPDATE"
)
APPLY = "UPDATE bank_statement SET status = 'applied', applied_at = $2, rows_new = $3 WHERE id = $1"
ADD_LINES = """
INSERT INTO bank_line (statement_id, charity_id, serial, at, amount_fen, party_sealed, summary_sealed, suggestion, transfer_code, status,
                       note)
SELECT $1, $2, serial, at, amount_fen, party, summary, suggestion, code, 'unrecognised', ''
  FROM unnest($3::varchar[], $4::timestamptz[], $5::bigint[], $6::bytea[], $7::bytea[], $8::varchar[], $9::varchar[])
    AS line (serial, at, amount_fen, party, summary, suggestion, code)
ON CONFLICT (charity_id, serial) DO NOTHING RETURNING id
"""


async def preview_statement(
    source: BinaryIO, file_name: str, *, charity_id: int, directory: Path, actor: Viewer, now: datetime
) -> tuple[int, ReadStatement]:
    """Keeps a file and checks it; nothing of it is in the books yet. With errors there is no statement, and its id is 0."""
    must(actor, Permission.HANDLE_CASH)
    try:
        path, sha256 = keep_file(source, directory)
        read = read_statement(path)
    except UnreadableFile as error:
        raise InvalidInput({"file": str(error)}) from error
    if read.errors or not read.lines:
        path.unlink(missing_ok=True)
        return 0, read
    async with in_transaction():
        known = (await rows(KNOWN, charity_id, [line.serial for line in read.lines]))[0]["n"]
        values = (file_name[:120], sha256, len(read.lines), len(read.lines) - known, actor.account_id, now)
        added = (await rows(ADD_STATEMENT, charity_id, *values))[0]
        if added["is_new"]:
            await record_event(
                "statement", added["id"], "upload", actor=actor, now=now, detail={"rows": len(read.lines)}
            )
        return int(added["id"]), read


async def apply_statement(
    statement_id: int, *, charity_id: int, directory: Path, actor: Viewer, sealer: Sealer, now: datetime
) -> int:
    """Writes every movement of a previewed statement that is not known yet; returns how many. A second time writes none."""
    must(actor, Permission.HANDLE_CASH)
    async with in_transaction():
        statement = await _statement(statement_id, charity_id)
        if statement["status"] == StatementStatus.APPLIED:
            return 0
        path = directory / f"{statement['sha256']}.csv"
        if not path.exists():
            raise Conflict("这个文件已经不在了。请重新上传一次。")
        added = await _add_lines(statement, read_statement(path).lines, sealer)
        await rows(APPLY, statement_id, now, added)
        await record_event("statement", statement_id, "apply", actor=actor, now=now, detail={"new": added})
    path.unlink(missing_ok=True)
    return added


async def _add_lines(statement: JsonRow, lines: tuple[StatementLine, ...], sealer: Sealer) -> int:
    added = await rows(
        ADD_LINES,
        statement["id"],
        statement["charity_id"],
        [line.serial for line in lines],
        [line.at for line in lines],
        [line.amount_fen for line in lines],
        [sealer.seal(line.party, PARTY_LABEL) for line in lines],
        [sealer.seal(line.summary, SUMMARY_LABEL) for line in lines],
        [line.suggestion.value for line in lines],
        [line.transfer_code for line in lines],
    )
    return len(added)


async def _statement(statement_id: int, charity_id: int) -> JsonRow:
    found = await rows(LOCK_STATEMENT, statement_id, charity_id)
    if not found:
        raise NotFound
    return found[0]
