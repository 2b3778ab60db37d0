"""Pictures that nothing uses go after a day: first their rows, then files without a row.

A form may be refused after its picture was stored, a picture may be taken from a wish or a hand-over, a receipt may be
of a purchase that finance did not agree to. What uses a picture is read out of the models.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from cishan.database import rows
from cishan.old_files import old_files, remove_old
from cishan.pictures.files import STORING, directory_of
from cishan.pictures.models import Picture
from cishan.settings import Settings

KEPT_UNUSED = timedelta(days=1)
FILES_AT_ONCE = 1_000

ALONE = "SELECT pg_try_advisory_xact_lock($1) AS mine"
KNOWN = "SELECT DISTINCT sha256 FROM picture WHERE sha256 = ANY($1)"


def references() -> tuple[tuple[str, str], ...]:
    """Table and column of every foreign key to a picture, as the models declare them: a new one can't be forgotten."""
    meta = Picture._meta
    relations = [meta.fields_map[name] for name in meta.backward_fk_fields | meta.backward_o2o_fields]
    return tuple(sorted((one.related_model._meta.db_table, one.relation_source_field) for one in relations))  # type: ignore[attr-defined]


def unused_sql() -> str:
    """The condition that nothing uses picture `p`."""
    return " AND ".join(f"NOT EXISTS (SELECT FROM {table} r WHERE r.{column} = p.id)" for table, column in references())


async def sweep_pictures(settings: Settings, *, limit: int, now: datetime) -> int:
    """Deletes at most `limit` rows that nothing uses for a day, and old files without a row; returns how many went."""
    gone = 0
    found = f"SELECT p.id FROM picture p WHERE p.uploaded_at <= $1 AND {unused_sql()} ORDER BY p.id LIMIT $2"  # noqa: S608
    for row in await rows(found, now - KEPT_UNUSED, limit):
        gone += await _forget(row["id"])
    return gone + await _sweep_files(directory_of(settings), now - KEPT_UNUSED)


async def _forget(picture_id: int) -> bool:
    """Deletes a row if it is still unused; whoever takes the picture into use at this instant keeps it."""
    try:
        async with in_transaction():
            sql = f"DELETE FROM picture p WHERE p.id = $1 AND {unused_sql()} RETURNING p.id"  # noqa: S608
            return bool(await rows(sql, picture_id))
    except IntegrityError:
        return False


async def _sweep_files(directory: Path, before: datetime) -> int:
    gone = 0
    old = await asyncio.to_thread(old_files, directory, before)
    for start in range(0, len(old), FILES_AT_ONCE):
        paths = old[start : start + FILES_AT_ONCE]
        async with in_transaction():
            # While this is held nobody is between writing a file and committing its row.
            if not (await rows(ALONE, STORING))[0]["mine"]:
                return gone
            known = {row["sha256"] for row in await rows(KNOWN, [path.stem for path in paths])}
            orphans = [path for path in paths if path.stem not in known]
            await asyncio.to_thread(remove_old, orphans, before)
            gone += len(orphans)
    return gone
