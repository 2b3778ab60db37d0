"""The books as finance reads them: both sides agree, numbers have no gaps, an entry is found by what people know of it."""

from datetime import date, timedelta

import pytest

from cishan.claims.states import ClaimStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import NotFound
from cishan.ledger.actions import number_entries, reverse_entry
from cishan.ledger.queries import Search, balances_of, count_entries, entries, entry_of
from cishan.listing import pagination
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.tracing.stories import Story, sources_of
from claim_makers import Team, make_claim, make_team


@pytest.fixture
async def team(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Team:
    return await make_team(transaction, sealer=sealer, now=clock.now())


async def test_the_trial_balance_sums_to_nothing(team: Team, clock: SteppedClock) -> None:
    for status in (ClaimStatus.PAID, ClaimStatus.ADVANCED, ClaimStatus.CONFIRMED):
        await make_claim(team, status, now=clock.now(), spent_fen=12_345)
    balances = await balances_of(team.site.fund_id)
    assert len(balances) == 4
    assert sum(item.balance_fen for item in balances) == 0


async def test_entries_are_found_by_number_day_and_source(team: Team, clock: SteppedClock) -> None:
    first = await make_claim(team, ClaimStatus.ADVANCED, now=clock.now())
    await make_claim(team, now=clock.advance(timedelta(days=1)))
    await number_entries()
    charity = team.site.charity_id

    async def found(search: Search) -> list[str]:
        listed = await entries(charity, search, limit=10)
        assert len(listed) == await count_entries(charity, search)
        return [entry.kind.value for entry in listed]

    assert await found(Search()) == ["gift", "advance", "gift"]
    assert await found(Search(number=2)) == ["advance"]
    assert await found(Search(day=date(2025, 3, 4))) == ["gift"]
    assert await found(Search(sources=await sources_of(Story("claim", first)))) == ["advance", "gift"]
    assert await found(Search(sources=())) == []


async def test_a_day_is_a_day_in_china(team: Team, clock: SteppedClock) -> None:
    clock.advance(timedelta(hours=14, minutes=59, seconds=59))
    await make_claim(team, now=clock.now())
    await make_claim(team, now=clock.advance(timedelta(seconds=1)))
    charity = team.site.charity_id
    assert [await count_entries(charity, Search(day=date(2025, 3, day))) for day in (3, 4)] == [1, 1]


async def test_another_charitys_entry_is_not_there(team: Team, clock: SteppedClock) -> None:
    await make_claim(team, now=clock.now())
    entry_id = (await rows("SELECT id FROM ledger_entry"))[0]["id"]
    await entry_of(team.site.charity_id, entry_id)
    with pytest.raises(NotFound):
        await entry_of(team.site.charity_id + 1, entry_id)


async def test_a_reversal_stands_beside_what_it_reverses(team: Team, clock: SteppedClock) -> None:
    await make_claim(team, now=clock.now())
    entry_id = (await rows("SELECT id FROM ledger_entry"))[0]["id"]
    reversal, postings = await entry_of(team.site.charity_id, await reverse_entry(entry_id, now=clock.now()))
    assert reversal.reverses_id == entry_id
    assert sorted(posting.amount_fen for posting in postings) == [-30_000, 30_000]
    assert all(item.balance_fen == 0 for item in await balances_of(team.site.fund_id))


@pytest.mark.parametrize(
    ("number", "total", "last", "back", "on"),
    [(1, 0, 1, False, False), (1, 40, 1, False, False), (1, 41, 2, False, True), (2, 41, 2, True, False)],
)
def test_pages_of_a_list_lead_to_each_other(number: int, total: int, last: int, back: bool, on: bool) -> None:
    found = pagination("/list?", number, total, 40, "笔")
    assert (found.last, found.previous_href is not None, found.next_href is not None) == (last, back, on)
