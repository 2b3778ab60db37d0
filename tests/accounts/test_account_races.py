"""What many do in the same instant: limits hold to the one, a code and an invitation work once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

import makers
from cishan.accounts.actions import accept_invitation, invite_staff, register_donor
from cishan.accounts.codes import send_code, use_code
from cishan.accounts.limits import SIGN_IN_OF_ACCOUNT, count_one
from cishan.accounts.states import CodePurpose, Role
from cishan.clock import SteppedClock
from cishan.database import credentials, rows
from cishan.errors import CishanError
from cishan.sealing import Sealer
from conftest import Committed

AT_ONCE = 12
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@asynccontextmanager
async def held_back(database: Committed, lock: str, arrivals: int) -> AsyncIterator[None]:
    """Holds a row lock from outside until so many wait for it: everyone arrives before anyone goes on."""
    url = database.settings.database_url
    holder, watcher = await asyncpg.connect(**credentials(url)), await asyncpg.connect(**credentials(url))
    try:
        async with holder.transaction():
            await holder.execute(lock)
            yield
            async with asyncio.timeout(60):
                while await watcher.fetchval(WAITING) < arrivals:  # noqa: ASYNC110 - another process decides
                    await asyncio.sleep(0.01)
    finally:
        await holder.close()
        await watcher.close()


async def test_twenty_tries_at_once_count_as_twenty(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    tries = [count_one(SIGN_IN_OF_ACCOUNT, "someone", sealer=sealer, now=clock.now()) for _ in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert results.count(None) == SIGN_IN_OF_ACCOUNT.most


async def test_a_code_given_many_times_at_once_works_once(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    phone, now = makers.new_phone(), clock.now()
    await send_code(phone, purpose=CodePurpose.SIGN_IN, address="10.0.0.1", sealer=sealer, now=now)
    code = await makers.newest_code(phone, sealer)
    async with held_back(committed_database, "SELECT id FROM sign_in_code FOR UPDATE", AT_ONCE):
        uses = [asyncio.create_task(use_code(phone, code, sealer=sealer, now=now)) for _ in range(AT_ONCE)]
    results = await asyncio.gather(*uses, return_exceptions=True)
    assert results.count(None) == 1


async def test_a_million_guesses_at_once_are_five(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    phone, now = makers.new_phone(), clock.now()
    await send_code(phone, purpose=CodePurpose.SIGN_IN, address="10.0.0.1", sealer=sealer, now=now)
    code = await makers.newest_code(phone, sealer)
    guesses = [f"{(int(code) + step) % 10**6:06d}" for step in range(1, AT_ONCE + 1)]
    await asyncio.gather(*(use_code(phone, guess, sealer=sealer, now=now) for guess in guesses), return_exceptions=True)
    left = await rows("SELECT tries_left FROM sign_in_code")
    assert left[0]["tries_left"] == 0


async def test_one_phone_registered_many_times_at_once_is_one_account(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    phone, now = makers.new_phone(), clock.now()
    results = await asyncio.gather(
        *(register_donor(phone, "王芳", sealer=sealer, now=now) for _ in range(AT_ONCE)), return_exceptions=True
    )
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, CishanError) for result in results) == AT_ONCE - 1


async def test_an_invitation_accepted_many_times_at_once_works_once(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    now = clock.now()
    await makers.make_charity(now=now)
    token = await invite_staff(
        makers.new_phone(), "钱管理", Role.ADMIN, makers.CITY, actor=None, sealer=sealer, now=now
    )
    accepts = [
        accept_invitation(token, makers.PASSWORD, sealer=sealer, now=now, passwords=makers.QUICK_PASSWORDS)
        for _ in range(AT_ONCE)
    ]
    results = await asyncio.gather(*accepts, return_exceptions=True)
    assert sum(isinstance(result, int) for result in results) == 1
    assert (await rows("SELECT count(*) AS n FROM role_grant"))[0]["n"] == 1
