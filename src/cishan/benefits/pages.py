"""What the pages of imports show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cishan.benefits.imports import ERRORS_SHOWN
from cishan.benefits.queries import ImportView
from cishan.benefits.states import ImportKind, ImportStatus
from cishan.labels import label
from cishan.page_parts import Pagination

TONES: Mapping[ImportStatus, str] = {
    ImportStatus.CHECKING: "busy",
    ImportStatus.PREVIEWED: "warn",
    ImportStatus.APPLYING: "busy",
    ImportStatus.APPLIED: "good",
    ImportStatus.REFUSED: "bad",
}
UNDER_WAY = frozenset({ImportStatus.CHECKING, ImportStatus.APPLYING})
KIND_CHOICES = (
    (ImportKind.REGISTRY.value, label(ImportKind.REGISTRY), "一行一个人，哪一户、哪个村、属于哪一类"),
    (ImportKind.BENEFITS.value, label(ImportKind.BENEFITS), "一行一笔，谁、哪个项目、哪个月、多少钱"),
)


@dataclass(frozen=True)
class BatchRow:
    id: int
    file_name: str
    kind: str
    uploaded_at: datetime
    rows_total: int
    rows_wrong: int
    state: str
    tone: str


@dataclass(frozen=True)
class ImportsPage:
    """The upload form and the list of what was uploaded."""

    kinds: tuple[tuple[str, str, str], ...]
    batches: tuple[BatchRow, ...]
    pagination: Pagination
    kind: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ErrorRow:
    row: int
    column: str
    sentence: str


@dataclass(frozen=True)
class ImportPage:
    """One import. While it is checked or written the page looks again by itself; the row in the database is the truth."""

    id: int
    title: str
    file_name: str
    uploaded_at: datetime
    uploaded_by: str
    state: str
    tone: str
    is_busy: bool
    is_stuck: bool
    can_apply: bool
    is_applied: bool
    applied_at: datetime | None
    rows_total: int
    rows_new: int
    rows_same: int
    rows_changed: int
    rows_wrong: int
    fault: str
    errors: tuple[ErrorRow, ...]
    errors_cut: bool


def batch_row(view: ImportView) -> BatchRow:
    standing = _standing(view)
    return BatchRow(
        id=view.id,
        file_name=view.file_name,
        kind=label(view.kind),
        uploaded_at=view.uploaded_at,
        rows_total=view.rows_total,
        rows_wrong=view.rows_wrong,
        state=label(standing),
        tone=TONES[standing],
    )


def import_page(view: ImportView, uploaded_by: str) -> ImportPage:
    """One under way that no job and no process has in hand was cut off and may begin again."""
    standing = _standing(view)
    under_way = standing in UNDER_WAY
    return ImportPage(
        id=view.id,
        title=f"导入{label(view.kind)}",
        file_name=view.file_name,
        uploaded_at=view.uploaded_at,
        uploaded_by=uploaded_by,
        state=label(standing),
        tone=TONES[standing],
        is_busy=under_way and view.is_in_hand,
        is_stuck=under_way and not view.is_in_hand,
        can_apply=standing is ImportStatus.PREVIEWED,
        is_applied=view.status is ImportStatus.APPLIED,
        applied_at=view.applied_at,
        rows_total=view.rows_total,
        rows_new=view.rows_new,
        rows_same=view.rows_same,
        rows_changed=view.rows_changed,
        rows_wrong=view.rows_wrong,
        fault=view.fault,
        errors=tuple(
            ErrorRow(int(str(error["row"])), str(error["column"]), str(error["sentence"])) for error in view.errors
        ),
        errors_cut=view.rows_wrong > ERRORS_SHOWN,
    )


def _standing(view: ImportView) -> ImportStatus:
    """A checked file that waits for its job is being imported, as far as anyone who looks is concerned."""
    return ImportStatus.APPLYING if view.is_queued and view.status is ImportStatus.PREVIEWED else view.status
