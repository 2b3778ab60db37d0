"""The only writers of pictures: the file first, then its row; a person clears it before anyone outside sees it."""

import asyncio
import hashlib
import os
import secrets
from datetime import datetime
from pathlib import Path

from starlette.datastructures import UploadFile
from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, NotFound
from cishan.permissions import Permission, holds
from cishan.pictures.encoder import MOST_BYTES, CleanPicture, PictureEncoder
from cishan.pictures.files import STORING, path_of
from cishan.pictures.models import Picture, PictureUse
from cishan.settings import Settings

ENCODER = PictureEncoder()
"""One for each process; its child starts with the first picture and ends with us."""


async def clean_upload(upload: UploadFile | bytes) -> CleanPicture:
    """Decodes an upload in the bounded child. Ask for this before a transaction: it may take seconds.

    Raises InvalidInput (field `picture`) for more than 10 MB or anything that is not a JPEG, PNG or WebP picture.
    """
    data = upload if isinstance(upload, bytes) else await upload.read(MOST_BYTES + 1)
    return await ENCODER.clean(data)


async def store_picture(
    upload: UploadFile | bytes | CleanPicture,
    *,
    use: PictureUse,
    division_code: str,
    actor: Viewer,
    settings: Settings,
    now: datetime,
) -> Picture:
    """Keeps a picture under the hash of its clean bytes and returns its row, not cleared yet.

    The file is whole on disk before the row stands, so no row ever names a file that is not there.
    """
    if not actor.covers(division_code):
        raise NotFound
    clean = upload if isinstance(upload, CleanPicture) else await clean_upload(upload)
    digest = hashlib.sha256(clean.data).hexdigest()
    async with in_transaction():
        # Until the row is committed, housekeeping takes no file for one that nobody needs.
        await rows("SELECT pg_advisory_xact_lock_shared($1)", STORING)
        await asyncio.to_thread(_write, path_of(settings, digest), clean.data)
        return await Picture.create(
            use=use,
            sha256=digest,
            width=clean.width,
            height=clean.height,
            size_bytes=len(clean.data),
            division_code=division_code,
            uploaded_by_id=actor.account_id,
            uploaded_at=now,
        )


async def clear_picture(picture_id: int, *, actor: Viewer, now: datetime) -> Picture:
    """An editor has looked: no face, no paper, no door plate; from now on it may be shown (R3)."""
    if not holds(actor.role, Permission.PUBLISH):
        raise Forbidden
    async with in_transaction():
        picture = await Picture.filter(id=picture_id).select_for_update().get_or_none()
        if picture is None or not actor.covers(picture.division_code):
            raise NotFound
        if picture.cleared_at is not None:
            raise Conflict("这张照片已经有人看过了。")
        if await rows("SELECT 1 FROM picture WHERE id = $1 AND uploaded_by_id = $2", picture_id, actor.account_id):
            raise Forbidden("自己上传的照片要由别人来看。")
        picture.update_from_dict({"cleared_by_id": actor.account_id, "cleared_at": now})
        await picture.save(update_fields=["cleared_by_id", "cleared_at"])
        return picture


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all; a picture that is there already is the same one."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
