"""Lateness rises from coordinator to town to federation, a second after each deadline and not before; money never moves."""

from datetime import datetime, timedelta

import pytest

from cishan.claims.deadlines import escalate_due_claims, remind_due_soon
from cishan.claims.fulfilment_rules import STAFFED, STAFFED_SQL, responsible
from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import JsonRow, rows
from cishan.sealing import Sealer
from cishan.settings import Settings
from claim_makers import Team, make_claim, make_team, status_of

SECOND = timedelta(seconds=1)
PURCHASE = timedelta(days=7)
GRACE = timedelta(days=7)


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


async def claim_row(claim_id: int) -> JsonRow:
    return (await rows("SELECT escalation, due_at, late_since FROM claim WHERE id = $1", claim_id))[0]


async def sweep(team: Team, now: datetime) -> int:
    return await escalate_due_claims(limit=10, sealer=team.sealer, now=now)


async def told(key: str) -> set[int]:
    return {
        row["account_id"] for row in await rows("SELECT account_id FROM outbox_message WHERE key LIKE $1", f"{key}%")
    }


@pytest.mark.parametrize(("offset", "risen"), [(-SECOND, 0), (timedelta(0), 1), (SECOND, 1)])
async def test_a_claim_rises_at_its_deadline(team: Team, clock: SteppedClock, offset: timedelta, risen: int) -> None:
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())

    assert await sweep(team, clock.now() + PURCHASE + offset) == risen

    assert (await claim_row(claim_id))["escalation"] == risen


async def test_it_rises_twice_and_then_stays_with_the_federation(team: Team, clock: SteppedClock) -> None:
    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    first_due = clock.now() + PURCHASE

    assert await sweep(team, first_due) == 1
    assert await sweep(team, first_due + GRACE - SECOND) == 0
    assert await sweep(team, first_due + GRACE) == 1
    assert await sweep(team, first_due + 10 * GRACE) == 0

    row = await claim_row(claim_id)
    assert (row["escalation"], row["late_since"]) == (2, first_due)
    assert await status_of(claim_id) is ClaimStatus.ADVANCED
    assert await told("claim-late:%:1:") == {team.reviewer.account_id}
    assert await told("claim-late:%:2:") == {team.editor.account_id}


async def test_a_sweep_run_twice_does_a_thing_once(team: Team, clock: SteppedClock) -> None:
    await make_claim(team, ClaimStatus.BOUGHT, now=clock.now())
    late = clock.now() + timedelta(days=15)
    assert [await sweep(team, late), await sweep(team, late)] == [1, 0]


async def test_a_sweep_takes_no_more_than_it_is_told(team: Team, clock: SteppedClock) -> None:
    for _ in range(3):
        await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    assert await escalate_due_claims(limit=2, sealer=team.sealer, now=clock.now() + PURCHASE) == 2


async def test_being_late_moves_no_money(team: Team, clock: SteppedClock) -> None:
    await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    before = await rows("SELECT count(*) AS n FROM ledger_entry")
    await sweep(team, clock.now() + PURCHASE)
    assert await rows("SELECT count(*) AS n FROM ledger_entry") == before


async def test_the_next_step_takes_the_lateness_away(team: Team, clock: SteppedClock) -> None:
    from claim_makers import buy

    claim_id = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    now = clock.advance(PURCHASE)
    await sweep(team, now)

    await buy(team, claim_id, 100, now=now)

    row = await claim_row(claim_id)
    assert (row["escalation"], row["late_since"], row["due_at"]) == (0, None, now + timedelta(days=15))


@pytest.mark.parametrize(
    ("before", "reminded"), [(timedelta(days=1, seconds=1), 0), (timedelta(days=1), 1), (SECOND, 1)]
)
async def test_who_must_buy_is_reminded_the_day_before(
    team: Team, clock: SteppedClock, before: timedelta, reminded: int
) -> None:
    await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    now = clock.now() + PURCHASE - before

    first = await remind_due_soon(limit=10, sealer=team.sealer, now=now)
    again = await remind_due_soon(limit=10, sealer=team.sealer, now=now)

    assert (first, again) == (reminded, 0)
    wanted = {team.coordinator.account_id, team.people.second_visitor.account_id} if reminded else set()
    assert await told("claim-soon:") == wanted


async def test_finance_is_reminded_of_money_to_advance(team: Team, clock: SteppedClock) -> None:
    await make_claim(team, ClaimStatus.PAID, now=clock.now())
    await remind_due_soon(limit=10, sealer=team.sealer, now=clock.now() + PURCHASE - SECOND)
    assert await told("claim-soon:") == {team.finance.account_id, team.second_finance.account_id}


def test_every_staffed_status_has_someone_to_act_at_every_level() -> None:
    for status in ClaimStatus:
        assert (f"'{status.value}'" in STAFFED_SQL) is (status in STAFFED)
    assert {responsible(status, level) for status in STAFFED for level in range(3)}
