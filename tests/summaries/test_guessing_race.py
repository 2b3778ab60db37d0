"""Many guesses at once: the fifth wrong one locks the key, however they are sent."""

import asyncio

import pytest

from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.sealing import Sealer
from cishan.summaries import opening
from cishan.summaries.opening import issue_key, open_list
from cishan.summaries.queries import key_of_code
from conftest import Committed
from summaries.families import make_family

GUESSES = 15
STATE = "SELECT wrong_tries, locked_at IS NOT NULL AS locked FROM list_key"


async def guess_at_once(committed: Committed, sealer: Sealer, clock: SteppedClock) -> dict[str, object]:
    """Sends wrong answers at once, then the right one; returns the key's state, with whether the right one opened."""
    family = await make_family(committed.settings, sealer, clock)
    key = await issue_key(family.household_id, actor=family.people.coordinator, now=clock.now())
    key_id = await key_of_code(key.code)
    now = clock.now()
    await asyncio.gather(*(open_list(key_id, "000000", sealer=sealer, now=now) for _ in range(GUESSES)))
    tail = await family.id_tail(family.grandmother)
    opened = await open_list(key_id, tail, sealer=sealer, now=now)
    return {**(await rows(STATE))[0], "opened": opened is not None}


async def test_guesses_sent_at_once_are_counted_one_by_one(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    found = await guess_at_once(committed_database, sealer, clock)
    assert found == {"wrong_tries": 5, "locked": True, "opened": False}


async def test_without_the_rows_lock_guesses_would_slip_through(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "LOCK_KEY", opening.LOCK_KEY.replace("FOR UPDATE", ""))
    found = await guess_at_once(committed_database, sealer, clock)
    assert found != {"wrong_tries": 5, "locked": True, "opened": False}
