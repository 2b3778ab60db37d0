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
async def holding(database: Committed, lock: str) -> AsyncIterator[asyncpg.Connection]:
    """Holds a row lock from outside, so that everyone who wants it arrives before anyone goes on."""
    holder = await asyncpg.connect(**credentials(database.settings.database_url))
    try:
        async with holder.transaction():
            await holder.execute(lock)
            yield holder
    finally:
        await holder.close()


async def until_waiting(holder: asyncpg.Connection, connections: int) -> None:
    async with asyncio.timeout(30):
        while await holder.fetchval(WAITING) < connections:
            await asyncio.sleep(0.01)


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
    async with holding(committed_database, "SELECT id FROM sign_in_code FOR UPDATE") as holder:
        uses = [asyncio.create_task(use_code(phone, code, sealer=sealer, now=now)) for _ in range(AT_ONCE)]
        await until_waiting(holder, AT_ONCE)
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
