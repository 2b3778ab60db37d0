"""Reads of imports for the pages, within the viewer's division."""

import json
from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.benefits.imports import LOCK_CLASS
from cishan.benefits.states import ImportKind, ImportStatus
from cishan.database import JsonRow, rows
from cishan.errors import NotFound

BATCHES_A_PAGE = 20

BATCHES = """
SELECT id, kind, file_name, status, rows_total, rows_new, rows_same, rows_changed, rows_wrong, fault, errors,
       uploaded_by_id, uploaded_at, applied_at, queued_at, count(*) OVER () AS total
  FROM import_batch WHERE division_code BETWEEN $1 AND $2 ORDER BY id DESC LIMIT $3 OFFSET $4
"""
BATCH = """
SELECT id, kind, file_name, status, rows_total, rows_new, rows_same, rows_changed, rows_wrong, fault, errors,
       uploaded_by_id, uploaded_at, applied_at, queued_at, division_code,
       EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = $2::int::oid AND objid = id::int::oid
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS is_running
  FROM import_batch WHERE id = $1
"""


@dataclass(frozen=True)
class ImportView:
    """A batch with its figures and first errors.

    `is_queued`: a job of the queue has it before it or in hand. `is_running`: some process reads or writes it right now.
    """

    id: int
    kind: ImportKind
    file_name: str
    status: ImportStatus
    rows_total: int
    rows_new: int
    rows_same: int
    rows_changed: int
    rows_wrong: int
    fault: str
    errors: tuple[dict[str, object], ...]
    uploaded_by: int
    uploaded_at: datetime
    applied_at: datetime | None
    is_queued: bool
    is_running: bool = False

    @property
    def is_in_hand(self) -> bool:
        return self.is_queued or self.is_running


async def imports_in(viewer: Viewer, number: int) -> tuple[tuple[ImportView, ...], int]:
    """Page `number` of the imports of this person's division, newest first, and how many there are."""
    found = await rows(BATCHES, *viewer.scope, BATCHES_A_PAGE, (number - 1) * BATCHES_A_PAGE)
    return tuple(_view(row) for row in found), found[0]["total"] if found else 0


async def import_visible_to(viewer: Viewer, batch_id: int) -> ImportView:
    """One import; another division's is not there."""
    found = await rows(BATCH, batch_id, LOCK_CLASS) if batch_id < 2**31 else []
    if not found or not viewer.covers(found[0]["division_code"]):
        raise NotFound
    return _view(found[0], is_running=found[0]["is_running"])


def _view(row: JsonRow, *, is_running: bool = False) -> ImportView:
    return ImportView(
        id=row["id"],
        kind=ImportKind(row["kind"]),
        file_name=row["file_name"],
        status=ImportStatus(row["status"]),
        rows_total=row["rows_total"],
        rows_new=row["rows_new"],
        rows_same=row["rows_same"],
        rows_changed=row["rows_changed"],
        rows_wrong=row["rows_wrong"],
        fault=row["fault"],
        errors=tuple(json.loads(row["errors"])),
        uploaded_by=row["uploaded_by_id"],
        uploaded_at=row["uploaded_at"],
        applied_at=row["applied_at"],
        is_queued=row["queued_at"] is not None,
        is_running=is_running,
    )
