"""Frozen lists: they equal their sources to the fen, and a new edition comes only where a source has changed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from tortoise.exceptions import OperationalError

import makers
from cishan.claims.states import ClaimWay
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import NotFound
from cishan.households import actions as households
from cishan.households.states import MembershipEnd
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.summaries.actions import Frozen, freeze_list, freeze_lists
from cishan.summaries.queries import edition_for
from cishan.summaries.rules import digest_of
from cishan.wishes.states import WishKind
from conftest import START, Committed
from summaries import givers
from summaries.families import Family, make_family

YEAR = tuple(range(1, 13))
BENEFITS = "SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM benefit_record"
WORTH = """
SELECT coalesce(sum(f.value_fen), 0)::bigint AS fen FROM claim c JOIN fulfilment f ON f.claim_id = c.id
 WHERE c.status = 'confirmed'
"""


@pytest.fixture
async def family(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Family:
    return await make_family(transaction, sealer, clock)


async def source_fen() -> int:
    return int((await rows(BENEFITS))[0]["fen"]) + int((await rows(WORTH))[0]["fen"])


async def test_a_list_equals_its_sources_to_the_fen(family: Family) -> None:
    await family.benefit(family.grandmother, "DIBAO", YEAR, 60_733)
    await family.benefit(family.granddaughter, "CANJI", (1, 2, 3, 7), 15_201)
    await family.thing("台灯", 8_851)
    await family.hours("修水管", 3)
    await freeze_list(family.household_id, 2025, now=family.clock.now())
    edition = await edition_for(family.household_id, 2025)
    assert edition is not None
    assert edition.total_fen == sum(line.amount_fen for line in edition.lines) == await source_fen()
    assert [(line.what, line.months, line.hours) for line in edition.lines] == [
        ("低保", YEAR, 0),
        ("残疾人两项补贴", (1, 2, 3, 7), 0),
        ("台灯", (), 0),
        ("修水管", (), 3),
    ]
    assert edition.sha256 == digest_of(family.household_id, 2025, edition.lines)


async def test_freezing_twice_gives_the_same_edition(family: Family) -> None:
    await family.benefit(family.grandmother, "DIBAO", YEAR, 60_700)
    first = await freeze_list(family.household_id, 2025, now=family.clock.now())
    family.clock.advance(timedelta(days=1))
    assert await freeze_list(family.household_id, 2025, now=family.clock.now()) == first


async def test_a_corrected_source_gives_a_second_edition_that_differs_only_there(family: Family) -> None:
    await family.benefit(family.grandmother, "DIBAO", YEAR, 60_700)
    await family.benefit(family.granddaughter, "CANJI", (1, 2), 15_200)
    await freeze_list(family.household_id, 2025, now=family.clock.now())
    first = await edition_for(family.household_id, 2025)
    await family.benefit(family.granddaughter, "CANJI", (3,), 15_200)
    await freeze_list(family.household_id, 2025, now=family.clock.now())
    second = await edition_for(family.household_id, 2025)
    assert first is not None
    assert second is not None
    assert (first.number, second.number) == (1, 2)
    changed = set(first.lines) ^ set(second.lines)
    assert {line.what for line in changed} == {"残疾人两项补贴"}
    assert second.total_fen - first.total_fen == 15_200


async def test_a_household_that_received_nothing_has_no_edition(family: Family) -> None:
    assert await freeze_list(family.household_id, 2025, now=family.clock.now()) is None


async def test_a_wish_counts_only_once_it_is_confirmed(family: Family) -> None:
    await givers.claimed(
        family.household_id,
        "台灯",
        WishKind.THING,
        ClaimWay.BRING,
        people=family.people,
        sealer=family.sealer,
        now=family.clock.now(),
    )
    assert await freeze_list(family.household_id, 2025, now=family.clock.now()) is None


@pytest.mark.parametrize(
    ("handed_over", "year"),
    [
        (datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC), 2025),
        (datetime(2025, 12, 31, 16, 0, 0, tzinfo=UTC), 2026),
        (datetime(2025, 12, 31, 16, 0, 1, tzinfo=UTC), 2026),
    ],
)
async def test_the_year_turns_at_midnight_in_beijing(family: Family, handed_over: datetime, year: int) -> None:
    family.clock.move_to(handed_over)
    await family.thing("台灯", 8_850)
    for one in (2025, 2026):
        await freeze_list(family.household_id, one, now=family.clock.now())
        assert (await edition_for(family.household_id, one) is not None) == (one == year)


async def test_what_was_paid_before_someone_moved_stays_on_the_old_list(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    """Each month stands on exactly one list: that of the household joined last by the end of the month."""
    family = await make_family(transaction, sealer, clock, at=START)
    clock.move_to(datetime(2025, 4, 10, 2, 0, tzinfo=UTC))
    coordinator, now = family.people.coordinator, clock.now()
    await households.end_membership(
        family.household_id,
        family.granddaughter,
        MembershipEnd.MOVED,
        date(2025, 4, 9),
        actor=coordinator,
        sealer=sealer,
        now=now,
    )
    number = await givers.id_number_of(family.granddaughter, sealer)
    moved = households.MemberFacts("张小满", number, relation="户主")
    facts = households.HouseholdFacts(makers.VILLAGE, "后屯 3 号", (moved,))
    new_home = await households.open_household(facts, actor=coordinator, sealer=sealer, now=now)
    clock.move_to(datetime(2025, 6, 1, 2, 0, tzinfo=UTC))
    await family.benefit(family.granddaughter, "CANJI", (1, 2, 3, 4, 5), 10_000)
    for home, months in ((family.household_id, (1, 2, 3)), (new_home, (4, 5))):
        await freeze_list(home, 2025, now=clock.now())
        edition = await edition_for(home, 2025)
        assert edition is not None
        assert edition.lines[0].months == months


async def test_what_came_before_the_registry_knew_the_family_is_on_its_list(family: Family) -> None:
    """The family was filed in December; January's benefit is theirs all the same."""
    await family.benefit(family.grandmother, "DIBAO", (1,), 60_700)
    await freeze_list(family.household_id, 2025, now=family.clock.now())
    edition = await edition_for(family.household_id, 2025)
    assert edition is not None
    assert edition.total_fen == 60_700


async def test_lists_of_a_town_are_frozen_together_and_once(family: Family) -> None:
    now = family.clock.now()
    await family.benefit(family.grandmother, "DIBAO", YEAR, 60_700)
    await makers.make_household(family.people.coordinator, sealer=family.sealer, now=now)
    assert await freeze_lists(makers.TOWN, 2025, now=now) == Frozen(new=1, same=0, empty=1)
    assert await freeze_lists(makers.TOWN, 2025, now=now) == Frozen(new=0, same=1, empty=1)
    assert await freeze_lists(makers.OTHER_TOWN, 2025, now=now) == Frozen()


async def test_a_freeze_stops_at_its_limit(family: Family) -> None:
    for _ in range(2):
        await makers.make_household(family.people.coordinator, sealer=family.sealer, now=family.clock.now())
    assert (await freeze_lists(makers.TOWN, 2025, now=family.clock.now(), limit=2)).households == 2


async def test_staff_freeze_their_own_place_only(family: Family) -> None:
    elsewhere = await makers.make_wish_people(
        sealer=family.sealer, now=family.clock.now(), village=makers.OTHER_VILLAGE
    )
    with pytest.raises(NotFound):
        await freeze_lists(makers.TOWN, 2025, now=family.clock.now(), actor=elsewhere.reviewer)
    with pytest.raises(NotFound):
        await freeze_list(family.household_id, 2025, now=family.clock.now(), actor=elsewhere.coordinator)


async def test_an_edition_names_nobody_and_can_never_be_changed(
    committed_database: Committed, sealer: Sealer, clock: SteppedClock
) -> None:
    family = await make_family(committed_database.settings, sealer, clock)
    await family.benefit(family.grandmother, "DIBAO", YEAR, 60_700)
    edition_id = await freeze_list(family.household_id, 2025, now=clock.now())
    stored = (await rows("SELECT lines::text FROM edition WHERE id = $1", edition_id))[0]["lines"]
    assert "张" not in stored
    for change in ("UPDATE edition SET total_fen = 1", "DELETE FROM edition"):
        with pytest.raises(OperationalError, match="permission denied"):
            await rows(change)
