"""The registry's actions: who may open, change and close a household, and that one person lives in one."""

from datetime import date, timedelta
from typing import Any

import pytest

from cishan.accounts.states import Role
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.households import actions as households
from cishan.households.actions import HouseholdFacts, MemberFacts
from cishan.households.queries import adult_id_tails, consents_now, members_now, phone_of_household
from cishan.households.states import ConsentMethod, ConsentPurpose, Group, MembershipEnd
from cishan.sealing import Sealer
from cishan.settings import Settings
from makers import OTHER_VILLAGE, TOWN, VILLAGE, make_household, make_staff, new_id_number


async def test_a_household_is_opened_with_its_members_and_groups(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    household_id = await make_household(
        coordinator, sealer=sealer, now=clock.now(), names=("𠮷小兰", "阿卜杜拉·买买提")
    )
    people = await members_now(household_id, sealer=sealer)
    assert [person.name for person in people] == ["𠮷小兰", "阿卜杜拉·买买提"]
    found = await rows("SELECT case_number FROM household WHERE id = $1", household_id)
    assert found[0]["case_number"] == f"371402-{household_id:08d}"
    assert await consents_now(household_id) == {ConsentPurpose.STORE, ConsentPurpose.SHOW_TO_CLAIMER}
    assert await phone_of_household(household_id, sealer=sealer, now=clock.now()) == people[0].phone


async def test_nothing_of_the_family_stands_readable_in_the_database(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now())
    people = await members_now(household_id, sealer=sealer)
    for table in ("household", "person", "membership", "consent", "event"):
        text = str(await rows(f"SELECT {table}::text AS row FROM {table}"))
        for person in people:
            assert person.name not in text
            assert person.id_number not in text
            assert str(person.phone) not in text


async def test_a_coordinator_opens_households_in_the_own_village_only(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    facts = HouseholdFacts(OTHER_VILLAGE, "3 号", (MemberFacts("王大山", new_id_number()),))
    with pytest.raises(Forbidden):
        await households.open_household(facts, actor=coordinator, sealer=sealer, now=clock.now())
    reviewer = await make_staff(Role.TOWN_REVIEWER, TOWN, sealer=sealer, now=clock.now())
    facts = HouseholdFacts(VILLAGE, "3 号", (MemberFacts("王大山", new_id_number()),))
    with pytest.raises(Forbidden):
        await households.open_household(facts, actor=reviewer, sealer=sealer, now=clock.now())


async def test_every_wrong_field_is_named_at_once(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> None:
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    number = new_id_number()
    facts = HouseholdFacts(
        VILLAGE, " ", (MemberFacts("", number, phone="123"), MemberFacts("王五", number, relation=""))
    )
    with pytest.raises(InvalidInput) as refused:
        await households.open_household(facts, actor=coordinator, sealer=sealer, now=clock.now())
    assert set(refused.value.fields) == {"address", "name", "phone", "2.relation"}


async def test_a_person_lives_in_one_household_at_a_time(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now())
    person = (await members_now(household_id, sealer=sealer))[1]
    again = HouseholdFacts(VILLAGE, "9 号", (MemberFacts(person.name, person.id_number),))
    with pytest.raises(InvalidInput, match="已经登记在一户里"):
        await households.open_household(again, actor=coordinator, sealer=sealer, now=clock.now())
    person_id = await _person_id(household_id, number=2)
    today = date(2025, 3, 3)
    await households.end_membership(
        household_id, person_id, MembershipEnd.SPLIT, today, actor=coordinator, sealer=sealer, now=clock.now()
    )
    new = await households.open_household(again, actor=coordinator, sealer=sealer, now=clock.now())
    assert await _person_id(new, number=1) == person_id


async def test_one_id_number_never_bears_two_names(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> None:
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now(), names=("张秀英",))
    number = (await members_now(household_id, sealer=sealer))[0].id_number
    await households.end_membership(
        household_id,
        await _person_id(household_id, number=1),
        MembershipEnd.MOVED,
        date(2025, 3, 3),
        actor=coordinator,
        sealer=sealer,
        now=clock.now(),
    )
    facts = HouseholdFacts(VILLAGE, "9 号", (MemberFacts("李秀英", number),))
    with pytest.raises(InvalidInput, match="另一个名字"):
        await households.open_household(facts, actor=coordinator, sealer=sealer, now=clock.now())


async def test_a_household_is_closed_when_the_last_member_leaves(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now(), names=("张秀英",))
    person_id = await _person_id(household_id, number=1)
    await households.end_membership(
        household_id, person_id, MembershipEnd.DIED, date(2025, 3, 3), actor=coordinator, sealer=sealer, now=clock.now()
    )
    assert not await rows("SELECT 1 FROM group_membership WHERE person_id = $1 AND to_on IS NULL", person_id)
    with pytest.raises(Conflict, match="已经销户"):
        await households.add_member(
            household_id, MemberFacts("王五", new_id_number()), actor=coordinator, sealer=sealer, now=clock.now()
        )


async def test_a_move_keeps_the_old_address_and_stays_in_scope(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now())
    await households.move_household(
        household_id, VILLAGE, "5 组 7 号", actor=coordinator, sealer=sealer, now=clock.now()
    )
    kept = await rows("SELECT address_sealed FROM former_address WHERE household_id = $1", household_id)
    assert sealer.open(kept[0]["address_sealed"], "household.address") == "前屯村 12 号"
    with pytest.raises(InvalidInput, match="请乡镇审核员办理"):
        await households.move_household(
            household_id, OTHER_VILLAGE, "1 号", actor=coordinator, sealer=sealer, now=clock.now()
        )


async def test_a_group_begins_and_ends_and_is_kept(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> None:
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now())
    person_id = await _person_id(household_id, number=2)
    day = date(2025, 1, 1)
    who: Any = {"actor": coordinator, "sealer": sealer, "now": clock.now()}
    await households.join_group(household_id, person_id, Group.AT_RISK, day, **who)
    with pytest.raises(Conflict):
        await households.join_group(household_id, person_id, Group.AT_RISK, day, **who)
    await households.leave_group(household_id, person_id, Group.AT_RISK, date(2025, 3, 1), **who)
    found = await rows("SELECT from_on, to_on FROM group_membership WHERE person_id = $1", person_id)
    assert (found[0]["from_on"], found[0]["to_on"]) == (day, date(2025, 3, 1))


async def test_a_child_hidden_from_a_colleague_is_not_changed_by_them_without_a_grant(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    """A second coordinator of the village sees the family, but not its child; nor does a write reach the child."""
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    colleague = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    supervisor = await make_staff(Role.SUPERVISOR, TOWN, sealer=sealer, now=clock.now())
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now(), birth_years=(1960, 2015))
    grandmother, child = [await _person_id(household_id, number=number) for number in (1, 2)]
    day = date(2025, 3, 3)
    who: Any = {"actor": colleague, "sealer": sealer, "now": clock.now()}
    await households.join_group(household_id, grandmother, Group.AT_RISK, day, **who)

    with pytest.raises(NotFound, match="授权"):
        await households.join_group(household_id, child, Group.AT_RISK, day, **who)
    with pytest.raises(NotFound, match="授权"):
        await households.end_membership(household_id, child, MembershipEnd.SPLIT, day, **who)
    await households.grant_minor(child, colleague.account_id, "替休假的同事登记", actor=supervisor, now=clock.now())
    await households.join_group(household_id, child, Group.AT_RISK, day, **who)
    clock.advance(timedelta(hours=25))
    with pytest.raises(NotFound, match="授权"):
        await households.leave_group(household_id, child, Group.AT_RISK, day, **{**who, "now": clock.now()})


async def test_another_villages_coordinator_finds_no_household(
    transaction: Settings, sealer: Sealer, clock: SteppedClock
) -> None:
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    stranger = await make_staff(Role.COORDINATOR, OTHER_VILLAGE, sealer=sealer, now=clock.now())
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now())
    with pytest.raises(NotFound):
        await households.add_member(
            household_id, MemberFacts("王五", new_id_number()), actor=stranger, sealer=sealer, now=clock.now()
        )
    with pytest.raises(NotFound):
        await households.give_consent(
            household_id,
            (ConsentPurpose.NOTICE_BOARD,),
            ConsentMethod.PAPER,
            "张秀英",
            actor=stranger,
            sealer=sealer,
            now=clock.now(),
        )


async def test_only_adults_id_numbers_open_the_list(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> None:
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    household_id = await make_household(
        coordinator,
        sealer=sealer,
        now=clock.now(),
        names=("张秀英", "张小满", "张小雨"),
        birth_years=(1960, 2007, 2008),
    )
    people = await members_now(household_id, sealer=sealer)
    tails = await adult_id_tails(household_id, sealer=sealer, now=clock.now())
    assert tails == (people[0].id_number[-6:], people[1].id_number[-6:])
    in_a_year = clock.now() + timedelta(days=365)
    assert len(await adult_id_tails(household_id, sealer=sealer, now=in_a_year)) == 3


async def _person_id(household_id: int, *, number: int) -> int:
    found = await rows("SELECT person_id FROM membership WHERE household_id = $1 ORDER BY id", household_id)
    person_id: int = found[number - 1]["person_id"]
    return person_id
