"""Uploads that nobody came back to: the bureau's file holds ID numbers in the clear, and goes after three days."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from cishan.database import rows
from cishan.old_files import old_files, remove_old

KEPT_UNUSED = timedelta(days=3)
"""Over a weekend: what was checked on a Friday is there on Monday."""
SENTENCE = "放了三天没有导入，文件已经删掉，数据没有变。要导入请再上传一次。"

CLOSE = """
UPDATE import_batch SET status = 'refused', fault = $3
 WHERE id IN (SELECT id FROM import_batch
               WHERE status IN ('checking', 'previewed') AND queued_at IS NULL AND uploaded_at <= $1
               ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id
"""
NEEDED = """
SELECT file_sha256 FROM import_batch
 WHERE file_sha256 = ANY($1) AND status IN ('checking', 'previewed', 'applying')
"""


async def forget_abandoned_imports(directory: Path, *, limit: int, now: datetime) -> int:
    """Closes batches that stood three days without being applied, and deletes files that no batch needs any more.

    The lists of wrong rows stay: they hold a row's number and a sentence, and their batch still shows them.
    """
    before = now - KEPT_UNUSED
    closed = await rows(CLOSE, before, limit, SENTENCE)
    found = await asyncio.to_thread(old_files, directory, before)
    old = [path for path in found if not path.name.endswith("-errors.csv")]
    needed = {row["file_sha256"] for row in await rows(NEEDED, [path.stem for path in old])}
    gone = [path for path in old if path.stem not in needed]
    await asyncio.to_thread(remove_old, gone, before)
    return len(closed) + len(gone)
