"""SMS leave after their cause is committed: once for each key, never twice at the same time, again after a failure."""

import asyncio
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from tortoise.connection import get_connection

import makers
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.handled import Handled
from cishan.messages.actions import queue_notice, queue_sms
from cishan.messages.delivery import FIRST_PAUSE, LONGEST_PAUSE, MOST_TRIES, SEND_SECONDS, deliver_due, pause_after
from cishan.messages.transports import ConsoleTransport, FileTransport, transport_of
from cishan.sealing import Sealer
from cishan.settings import Environment, Settings
from conftest import Committed

PHONE = "13900000009"


class Recorder:
    """A transport that keeps what it was given; `fails` says which of its calls fail."""

    def __init__(self, fails: Callable[[int], bool] = lambda call: False) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.calls, self.fails = 0, fails

    async def send(self, key: str, phone: str, text: str) -> None:
        self.calls += 1
        if self.fails(self.calls):
            raise ConnectionError("the provider's line is down")
        self.sent.append((key, phone, text))


class Gate:
    """A transport that holds each message until it is told to go on."""

    def __init__(self) -> None:
        self.entered, self.open = asyncio.Event(), asyncio.Event()
        self.sent: list[str] = []

    async def send(self, key: str, phone: str, text: str) -> None:
        self.entered.set()
        await self.open.wait()
        self.sent.append(key)


async def queue(sealer: Sealer, now: datetime, *keys: str) -> None:
    for key in keys:
        await queue_sms(key, PHONE, f"消息 {key}", sealer=sealer, now=now)


async def test_a_due_message_is_sent_once(transaction: object, sealer: Sealer, clock: SteppedClock) -> None:
    transport = Recorder()
    await queue(sealer, clock.now(), "one", "one", "two")
    first = await deliver_due(clock.now(), 10, transport=transport, sealer=sealer)
    second = await deliver_due(clock.now() + timedelta(days=1), 10, transport=transport, sealer=sealer)
    assert (first, second) == (Handled(2, 0), Handled(0, 0))
    assert transport.sent == [("one", PHONE, "消息 one"), ("two", PHONE, "消息 two")]


async def test_an_in_site_message_never_leaves(transaction: object, sealer: Sealer, clock: SteppedClock) -> None:
    donor = await makers.make_donor(sealer=sealer, now=clock.now())
    await queue_notice("site", donor.account_id, "您的心愿送到了", sealer=sealer, now=clock.now())
    assert await deliver_due(clock.now(), 10, transport=Recorder(), sealer=sealer) == Handled(0, 0)


async def test_a_run_sends_no_more_than_its_limit(transaction: object, sealer: Sealer, clock: SteppedClock) -> None:
    await queue(sealer, clock.now(), "one", "two", "three")
    assert await deliver_due(clock.now(), 2, transport=Recorder(), sealer=sealer) == Handled(2, 0)


async def test_a_failed_message_waits_a_minute_and_does_not_hold_up_the_next(
    transaction: object, sealer: Sealer, clock: SteppedClock
) -> None:
    await queue(sealer, clock.now(), "one", "two")
    transport = Recorder(fails=lambda call: call == 1)
    assert await deliver_due(clock.now(), 10, transport=transport, sealer=sealer) == Handled(2, 1)
    early = await deliver_due(clock.now() + FIRST_PAUSE - timedelta(seconds=1), 10, transport=transport, sealer=sealer)
    due = await deliver_due(clock.now() + FIRST_PAUSE, 10, transport=transport, sealer=sealer)
    assert (early, due) == (Handled(0, 0), Handled(1, 0))
    assert [key for key, *_ in transport.sent] == ["two", "one"]


async def test_a_message_is_given_up_after_its_last_try(
    transaction: object, sealer: Sealer, clock: SteppedClock
) -> None:
    await queue(sealer, clock.now(), "one")
    transport = Recorder(fails=lambda call: True)
    for _ in range(MOST_TRIES + 2):
        clock.advance(LONGEST_PAUSE)
        await deliver_due(clock.now(), 10, transport=transport, sealer=sealer)
    assert transport.calls == MOST_TRIES
    kept = (await rows("SELECT failure, next_try_at, sent_at FROM outbox_message"))[0]
    assert kept == {"failure": "ConnectionError", "next_try_at": None, "sent_at": None}


def test_the_pause_doubles_up_to_an_hour() -> None:
    assert [pause_after(tries) for tries in (1, 2, 3)] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert [pause_after(tries) for tries in (6, 7, 20)] == [FIRST_PAUSE * 32, LONGEST_PAUSE, LONGEST_PAUSE]


async def test_a_message_on_its_way_is_taken_by_nobody_else_and_holds_no_transaction(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    await queue(sealer, clock.now(), "one")
    gate, other = Gate(), Recorder()
    run = asyncio.create_task(deliver_due(clock.now(), 10, transport=gate, sealer=sealer))
    await gate.entered.wait()
    busy = await get_connection("default").execute_query_dict(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
    )
    meanwhile = await deliver_due(clock.now(), 10, transport=other, sealer=sealer)
    still_leased = clock.now() + timedelta(seconds=SEND_SECONDS * 11 - 1)
    later = await deliver_due(still_leased, 10, transport=other, sealer=sealer)
    gate.open.set()
    assert await run == Handled(1, 0)
    assert (meanwhile, later, other.sent, gate.sent) == (Handled(0, 0), Handled(0, 0), [], ["one"])
    assert busy[0]["n"] == 0


async def test_a_message_of_a_run_that_died_is_taken_up_again(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    await queue(sealer, clock.now(), "one")
    gate, other = Gate(), Recorder()
    run = asyncio.create_task(deliver_due(clock.now(), 10, transport=gate, sealer=sealer))
    await gate.entered.wait()
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    after_lease = clock.now() + timedelta(seconds=SEND_SECONDS * 11)
    assert await deliver_due(after_lease, 10, transport=other, sealer=sealer) == Handled(1, 0)
    assert [key for key, *_ in other.sent] == ["one"]


async def test_eight_runs_at_once_send_each_message_once(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    keys = [f"key {number}" for number in range(40)]
    await queue(sealer, clock.now(), *keys)
    transport = Recorder()
    await asyncio.gather(*(deliver_due(clock.now(), 40, transport=transport, sealer=sealer) for _ in range(8)))
    assert sorted(key for key, *_ in transport.sent) == sorted(keys)


async def test_the_file_is_for_its_owner_alone(data_directory: Path) -> None:
    transport = FileTransport(data_directory)
    await transport.send("one", PHONE, "消息")
    await transport.send("two", PHONE, "消息")
    assert stat.S_IMODE(transport.path.stat().st_mode) == 0o600
    assert len(transport.path.read_text().splitlines()) == 2


@pytest.mark.parametrize("name", ["file", "console"])
def test_production_refuses_a_transport_that_reaches_no_phone(base_settings: Settings, name: str) -> None:
    settings = replace(base_settings, sms_transport=name)
    assert isinstance(transport_of(settings), FileTransport | ConsoleTransport)
    with pytest.raises(ValueError, match="production"):
        transport_of(replace(settings, environment=Environment.PRODUCTION))


async def test_a_visitor_of_the_demo_reads_the_code(
    client: httpx2.AsyncClient, sealer: Sealer, clock: SteppedClock
) -> None:
    await makers.make_charity(now=clock.now())
    await client.post("/register", data={"phone": PHONE})
    page = await client.get("/demo/outbox")
    assert PHONE in page.text
    assert await makers.newest_code(PHONE, sealer) in page.text
