"""Old books can't be changed unseen: every byte of them is in a chain whose head is published each day (L2, L3)."""

from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest

from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.ledger.actions import number_entries
from cishan.ledger.chain import chain_entries, publish_heads
from cishan.ledger.queries import balances_of, heads_of
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.verify.chain import CHAIN_CHECKS, compare_heads, read_head
from cishan.verify.checks import run_checks
from claim_makers import Team, make_claim, make_team


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


async def book_some(team: Team, clock: SteppedClock) -> None:
    for status in (ClaimStatus.PAID, ClaimStatus.ADVANCED, ClaimStatus.CONFIRMED):
        await make_claim(team, status, now=clock.now(), spent_fen=12_345)


async def chain_all(clock: SteppedClock) -> int:
    await number_entries()
    return await chain_entries(limit=1_000, now=clock.now())


async def test_every_numbered_entry_is_linked_once_and_in_order(team: Team, clock: SteppedClock) -> None:
    await book_some(team, clock)
    await number_entries()
    entries = (await rows("SELECT count(*) AS n FROM ledger_entry"))[0]["n"]
    assert [await chain_entries(limit=2, now=clock.now()) for _ in range(entries // 2 + 1)] == [2] * (entries // 2) + [
        entries % 2
    ]
    assert (await rows("SELECT count(DISTINCT hash) AS n FROM ledger_link"))[0]["n"] == entries
    assert all(result.ok for result in await run_checks(CHAIN_CHECKS, require_rows=False, now=clock.now()))


async def test_nothing_without_a_number_is_linked(team: Team, clock: SteppedClock) -> None:
    await book_some(team, clock)
    assert await chain_entries(limit=10, now=clock.now()) == 0


async def test_a_head_is_published_once_a_day_and_holds(team: Team, clock: SteppedClock) -> None:
    await book_some(team, clock)
    assert await publish_heads(now=clock.now()) == 0
    await chain_all(clock)
    assert [await publish_heads(now=clock.now()) for _ in range(2)] == [1, 0]
    first = (await heads_of(team.site.charity_id, limit=1))[0]
    await make_claim(team, now=clock.advance(timedelta(days=1)))
    await chain_all(clock)
    assert await publish_heads(now=clock.now()) == 1
    newest, older = await heads_of(team.site.charity_id, limit=5)
    assert older == first
    assert newest.number == first.number + 1
    assert newest.fingerprint != first.fingerprint
    assert len(first.in_fours.split()) == 16


@pytest.mark.parametrize("table", ["ledger_link", "ledger_head"])
@pytest.mark.parametrize("change", ["UPDATE {} SET number = 0", "DELETE FROM {}"])
async def test_the_app_can_change_no_link(transaction: Settings, table: str, change: str) -> None:
    with pytest.raises(Exception, match="permission denied"):
        await rows(change.format(table))


async def test_anyone_reads_the_heads(client: httpx2.AsyncClient, team: Team, clock: SteppedClock) -> None:
    assert "还没有公布过" in (await client.get("/about/books")).text
    await book_some(team, clock)
    await chain_all(clock)
    await publish_heads(now=clock.now())
    assert (await heads_of(team.site.charity_id, limit=1))[0].in_fours in (await client.get("/about/books")).text


async def test_the_trial_balance_of_a_day_knows_nothing_of_the_next(team: Team, clock: SteppedClock) -> None:
    await make_claim(team, ClaimStatus.PAID, now=clock.now())
    first = clock.now()
    await make_claim(team, ClaimStatus.ADVANCED, now=clock.advance(timedelta(days=1)))
    before = await balances_of(team.site.fund_id, before=first + timedelta(seconds=1))
    assert {item.type.value: item.balance_fen for item in before if item.balance_fen} == {
        "alipay": 30_000,
        "fund": -30_000,
    }
    assert sum(item.balance_fen for item in await balances_of(team.site.fund_id)) == 0


async def test_a_head_that_was_written_down_is_compared(team: Team, clock: SteppedClock) -> None:
    await book_some(team, clock)
    await chain_all(clock)
    await publish_heads(now=clock.now())
    head = (await heads_of(team.site.charity_id, limit=1))[0]
    kept = read_head(f"{head.day}= {head.in_fours.upper()}")
    assert (await compare_heads([kept])).ok
    other_day = replace(kept, day=head.day - timedelta(days=1))
    other_hash = replace(kept, fingerprint="0" * 64)
    assert (await compare_heads([kept, other_day, other_hash])).broken == 2


@pytest.mark.parametrize("text", ["", "2025-12-31", "31.12.2025=" + "a" * 64, "2025-12-31=" + "g" * 64])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_head(text)
