"""A picture that nothing uses goes after a day, row and file; one in use never goes, whatever uses it."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tortoise.transactions import in_transaction

import claim_makers
from cishan.claims.handover_pictures import refuse_handover_picture
from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.pictures.files import path_of
from cishan.pictures.models import PictureUse
from cishan.pictures.sweeping import KEPT_UNUSED, references, sweep_pictures
from cishan.sealing import Sealer
from cishan.settings import Settings
from claim_makers import Team, make_claim, make_team

FOREIGN_KEYS = """
SELECT c.conrelid::regclass::text AS table, a.attname AS column
  FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)
 WHERE c.contype = 'f' AND c.confrelid = 'picture'::regclass ORDER BY 1, 2
"""


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock, tmp_path: Path) -> Team:
    """With a data directory of its own, so that nobody else's files are counted."""
    return await make_team(replace(transaction, data_directory=tmp_path), sealer=sealer, now=clock.now())


async def file_of(picture_id: int, team: Team, written_at: datetime) -> Path:
    """A picture's file, as old on disk as the stepped clock says."""
    found = await rows("SELECT sha256 FROM picture WHERE id = $1", picture_id)
    path = path_of(team.settings, found[0]["sha256"])
    os.utime(path, (written_at.timestamp(), written_at.timestamp()))
    return path


async def is_there(picture_id: int) -> bool:
    return bool(await rows("SELECT 1 FROM picture WHERE id = $1", picture_id))


async def test_every_foreign_key_to_a_picture_is_looked_through(team: Team) -> None:
    found = await rows(FOREIGN_KEYS)
    assert list(references()) == [(row["table"], row["column"]) for row in found]
    assert len(found) >= 4


@pytest.mark.parametrize(("seconds", "stays"), [(-1, True), (0, False)])
async def test_an_unused_picture_goes_a_day_after_it_came(
    team: Team, clock: SteppedClock, seconds: int, *, stays: bool
) -> None:
    picture_id = await claim_makers.picture(team, PictureUse.WISH, now=clock.now())
    path = await file_of(picture_id, team, clock.now() - timedelta(seconds=1))
    clock.advance(KEPT_UNUSED + timedelta(seconds=seconds))
    await sweep_pictures(team.settings, limit=10, now=clock.now())
    assert await is_there(picture_id) is stays
    assert path.exists() is stays


async def test_a_picture_in_use_stays_and_a_refused_one_goes(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.DELIVERED, now=clock.now())
    refused = await claim_makers.picture(team, PictureUse.HANDOVER, now=clock.now() + timedelta(seconds=1))
    await rows("UPDATE fulfilment SET picture_id = $2 WHERE claim_id = $1", claim_id, refused)
    used = [row["id"] for row in await rows("SELECT id FROM picture")]
    files = {one: await file_of(one, team, clock.now()) for one in used}
    later = clock.now() + timedelta(days=400)
    assert len(used) == 3
    assert await sweep_pictures(team.settings, limit=10, now=later) == 0
    assert all([await is_there(one) for one in used])

    await refuse_handover_picture(claim_id, refused, actor=team.editor, now=clock.now())

    assert await sweep_pictures(team.settings, limit=10, now=later) == 2
    assert {one for one in used if not await is_there(one)} == {refused}
    assert {one for one, path in files.items() if not path.exists()} == {refused}


async def test_a_file_whose_bytes_another_row_needs_stays(team: Team, clock: SteppedClock) -> None:
    first = await claim_makers.picture(team, PictureUse.WISH, now=clock.now())
    path = await file_of(first, team, clock.now())
    clock.advance(timedelta(days=2))
    second = await rows(
        "INSERT INTO picture (use, sha256, width, height, size_bytes, division_code, uploaded_by_id, uploaded_at) "
        "SELECT use, sha256, width, height, size_bytes, division_code, uploaded_by_id, $2 FROM picture WHERE id = $1 "
        "RETURNING id",
        first,
        clock.now(),
    )
    assert await sweep_pictures(team.settings, limit=10, now=clock.now()) == 1
    assert (await is_there(first), await is_there(second[0]["id"]), path.exists()) == (False, True, True)


async def test_a_file_that_never_got_a_row_goes(team: Team, clock: SteppedClock) -> None:
    """A form that was refused after its picture was stored rolls the row back, not the file."""
    try:
        async with in_transaction():
            picture_id = await claim_makers.picture(team, PictureUse.SLIP, now=clock.now())
            path = await file_of(picture_id, team, clock.now())
            raise InterruptedError
    except InterruptedError:
        pass
    assert path.exists()
    assert await sweep_pictures(team.settings, limit=10, now=clock.now()) == 0
    assert await sweep_pictures(team.settings, limit=10, now=clock.now() + timedelta(days=2)) == 1
    assert not path.exists()
