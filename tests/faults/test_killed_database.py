"""K2: the database dies with -9 in the middle of donations; what was acknowledged is there afterwards, once."""

import asyncio
import os
import signal
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg
import pytest

import makers
from cishan.accounts.viewer import Viewer
from cishan.charities.queries import Site
from cishan.clock import SteppedClock
from cishan.database import DATABASE_AWAY, credentials, database, migrate, rows
from cishan.donations.actions import Pledged
from cishan.postgres import Cluster, start_cluster
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.verify.checks import run_checks
from cishan.verify.money import MONEY_CHECKS
from donations.donation_makers import pay, pledge
from payments.order_makers import make_site

GIVEN_FEN = 1_100
WRITERS = 8
ACKNOWLEDGED_BETWEEN_KILLS = 25
BACK_WITHIN_SECONDS = 10
PATIENCE_SECONDS = 15
DATABASE = "cishan_killed"
AWAY = (*DATABASE_AWAY, OSError)
"""What an action raises while its database dies or is not there."""
LINGERING = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""


@dataclass
class Stand:
    """Donors who give all the time, and a journal of what they were told."""

    directory: Path
    cluster: Cluster
    site: Site
    donor: Viewer
    sealer: Sealer
    clock: SteppedClock
    settings: Settings
    acknowledged: list[str] = field(default_factory=list)
    failures: int = 0
    closing: bool = False
    options: tuple[str, ...] = ()
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def give(self) -> None:
        """Pledges and pays until the stand closes. A payment is told again until it is acknowledged, as Alipay does."""
        while not self.closing:
            try:
                pledged = await pledge(self.site.fund_id, GIVEN_FEN, donor=self.donor, now=self.clock.now())
            except AWAY:
                self.failures += 1
                await asyncio.sleep(0.01)
                continue
            await self._pay(pledged)
            self.acknowledged.append(pledged.out_trade_no)
            self.told.set()

    async def _pay(self, pledged: Pledged) -> None:
        while True:
            try:
                await pay(pledged, sealer=self.sealer, now=self.clock.now(), total_fen=GIVEN_FEN)
                return
            except AWAY:
                self.failures += 1
                await asyncio.sleep(0.01)

    async def until(self, acknowledged: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.acknowledged) < acknowledged:
                self.told.clear()
                await self.told.wait()

    async def kill_and_restart(self) -> float:
        """Kills the server; seconds from its death to the next donation that is acknowledged."""
        began = time.perf_counter()
        os.kill(self.cluster.pid, signal.SIGKILL)
        self.cluster.stop()
        before = len(self.acknowledged)
        self.cluster = start_cluster(self.directory, settings=self.options)
        await self.until(before + 1)
        return time.perf_counter() - began


@pytest.fixture(params=[()], ids=["durable"])
async def stand(
    request: pytest.FixtureRequest, tmp_path: Path, base_settings: Settings, sealer: Sealer, clock: SteppedClock
) -> AsyncIterator[Stand]:
    cluster = start_cluster(tmp_path / "postgres", settings=request.param)
    cluster.create_database(DATABASE)
    settings = replace(base_settings, database_url=cluster.url(DATABASE), pool_size=WRITERS)
    await migrate(settings)
    async with database(settings):
        site = await make_site(clock.now())
        donor = await makers.make_donor(sealer=sealer, now=clock.now())
        opened = Stand(tmp_path / "postgres", cluster, site, donor, sealer, clock, settings)
        opened.options = request.param
        yield opened
    opened.cluster.stop()


async def lingering(settings: Settings) -> int:
    connection = await asyncpg.connect(**credentials(settings.database_url))
    try:
        found: int = await connection.fetchval(LINGERING)
        return found
    finally:
        await connection.close()


async def give_while_killing(stand: Stand, kills: int) -> list[float]:
    """Donors give all the while; how long each kill kept them from it, in seconds."""
    seconds = []
    async with asyncio.TaskGroup() as donors:
        for _ in range(WRITERS):
            donors.create_task(stand.give())
        for _ in range(kills):
            await stand.until(len(stand.acknowledged) + ACKNOWLEDGED_BETWEEN_KILLS)
            seconds.append(await stand.kill_and_restart())
        stand.closing = True
    return seconds


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.slow)])
async def test_a_database_that_is_killed_keeps_every_donation_it_has_acknowledged(stand: Stand, kills: int) -> None:
    seconds = await give_while_killing(stand, kills)
    assert stand.failures >= kills
    assert max(seconds) <= BACK_WITHIN_SECONDS

    orders = await rows("SELECT out_trade_no FROM payment_order WHERE status = 'paid'")
    assert sorted(row["out_trade_no"] for row in orders) == sorted(stand.acknowledged)
    totals = await rows("SELECT sum(given_fen)::bigint AS fen, sum(gifts)::bigint AS gifts FROM fund_total")
    assert totals == [{"fen": GIVEN_FEN * len(stand.acknowledged), "gifts": len(stand.acknowledged)}]
    found = await run_checks(MONEY_CHECKS, require_rows=False, now=stand.clock.now())
    assert [check.name for check in found if not check.ok] == []
    assert await lingering(stand.settings) == 0
    print(
        f"{kills} kills, {len(stand.acknowledged)} acknowledged, {stand.failures} calls failed, "
        f"back after {statistics.median(seconds):.2f} s (worst {max(seconds):.2f} s)"
    )


@pytest.mark.slow
@pytest.mark.parametrize("stand", [("synchronous_commit=off",)], ids=["forgetful"], indirect=True)
async def test_a_database_that_acknowledges_before_it_has_written_is_seen_to_lose(stand: Stand) -> None:
    """Positive control: the same donors and the same kills, with the promise of a commit switched off."""
    await give_while_killing(stand, 10)
    kept = {row["out_trade_no"] for row in await rows("SELECT out_trade_no FROM payment_order WHERE status = 'paid'")}
    lost = set(stand.acknowledged) - kept
    assert lost
    print(f"{len(lost)} of {len(stand.acknowledged)} acknowledged donations lost")
