"""Ties between a family and those who help it are found by digests, and then somebody from outside approves (R-11)."""

import random

import pytest

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.divisions.rules import county_of
from cishan.errors import Forbidden, NotFound
from cishan.households import actions as households
from cishan.households.actions import HouseholdFacts, MemberFacts
from cishan.kin.rules import Near
from cishan.kin.states import Tie
from cishan.kin.ties import declare_ties, ties_of_family
from cishan.payouts.applying import refuse_payout
from cishan.payouts.rules import DEFAULT_TERMS
from cishan.payouts.states import PayoutStatus
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.verify.checks import run_checks
from cishan.verify.payouts import PAYOUT_CHECKS
from makers import COUNTY, OTHER_COUNTY_VILLAGE, VILLAGE, make_donor, make_staff, new_id_number, new_phone
from payouts.payout_makers import (
    Bureau,
    approve_with,
    give,
    make_application,
    make_bureau,
    make_payee,
    make_share,
    send,
)

SEED = 20250303
PAIRS = 12
MANY_PAIRS = 200


@pytest.fixture
async def bureau(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Bureau:
    return await make_bureau(sealer, clock)


async def make_home(bureau: Bureau, *, phone: str = "", number: str = "", name: str = "张秀英", door: str = "") -> int:
    head = MemberFacts(name, number or new_id_number(), phone or new_phone(), "户主", ())
    facts = HouseholdFacts(VILLAGE, door or f"前屯村 {random.Random(name).randint(13, 99)} 号", (head,))
    return await households.open_household(
        facts, actor=bureau.coordinator, sealer=bureau.sealer, now=bureau.clock.now()
    )


async def plant(bureau: Bureau, number: int) -> int:
    """A family of which one of the editors, or a large donor, is near kin; returns it."""
    now, tie, number_of = bureau.clock.now(), list(Tie)[number % 4], new_id_number()
    phone, door, name = new_phone(), f"前屯村 {number + 200} 号", "万福来" if number % 8 == 3 else "尹福来"
    near = {
        Tie.PHONE: Near(Tie.PHONE, phone),
        Tie.ID_NUMBER: Near(Tie.ID_NUMBER, number_of.lower()),
        Tie.ADDRESS: Near(Tie.ADDRESS, door.replace(" ", ""), VILLAGE),
        Tie.SURNAME_VILLAGE: Near(Tie.SURNAME_VILLAGE, name[0], VILLAGE),
    }[tie]
    if number % 2:
        kin: Viewer = await make_staff(Role.EDITOR, COUNTY, sealer=bureau.sealer, now=now, name="杨编辑")
    else:
        kin = await make_donor(sealer=bureau.sealer, now=now)
        await give(bureau, DEFAULT_TERMS.large_donor_fen, donor=kin)
    await declare_ties([near], actor=kin, sealer=bureau.sealer, now=now)
    return await make_home(bureau, phone=phone, number=number_of, name=name, door=door)


@pytest.mark.parametrize("count", [PAIRS, pytest.param(MANY_PAIRS, marks=pytest.mark.slow)])
async def test_planted_kin_are_flagged_and_none_is_paid_without_a_second_from_outside(
    bureau: Bureau, count: int
) -> None:
    flagged = 0
    for number in range(count):
        home = await plant(bureau, number)
        payee = await make_payee(bureau, home)
        payout_id = await make_application(bureau, await make_share(bureau, 1_000), payee, 1_000)
        flagged += len(await rows("SELECT id FROM payout WHERE id = $1 AND kin_hit", payout_id))
        await approve_with(bureau, payout_id, bureau.finance)
        with pytest.raises(Forbidden, match="外县"):
            await approve_with(bureau, payout_id, bureau.editor)
        await approve_with(bureau, payout_id, bureau.city_editor)
        await send(bureau, payout_id)
    assert flagged >= 0.95 * count
    assert (await rows("SELECT count(*) AS n FROM payout WHERE kin_hit AND NOT second_is_outside"))[0]["n"] == 0
    results = await run_checks(PAYOUT_CHECKS, require_rows=False, now=bureau.clock.now())
    assert [result for result in results if not result.ok] == []


@pytest.mark.parametrize("count", [20, pytest.param(MANY_PAIRS, marks=pytest.mark.slow)])
async def test_families_without_kin_are_left_alone(bureau: Bureau, count: int) -> None:
    """The rate of false alarms where nobody is kin and surnames differ: none."""
    await declare_ties(
        [Near(Tie.SURNAME_VILLAGE, "万", VILLAGE), Near(Tie.ADDRESS, "前屯村 1 号", VILLAGE)],
        actor=bureau.editor,
        sealer=bureau.sealer,
        now=bureau.clock.now(),
    )
    alarms = 0
    for number in range(count):
        home = await make_home(bureau, door=f"前屯村 {number + 500} 号")
        alarms += bool(
            await ties_of_family(
                home, bureau.fund_id, large_donor_fen=DEFAULT_TERMS.large_donor_fen, sealer=bureau.sealer
            )
        )
    assert alarms == 0


async def test_a_namesake_of_the_villages_coordinator_is_flagged(bureau: Bureau) -> None:
    home = await make_home(bureau, name="周大柱")
    found = await ties_of_family(
        home, bureau.fund_id, large_donor_fen=DEFAULT_TERMS.large_donor_fen, sealer=bureau.sealer
    )
    assert {(one.account_id, one.tie) for one in found} == {(bureau.coordinator.account_id, Tie.SURNAME_VILLAGE)}


async def test_a_phone_is_a_tie_without_being_declared(bureau: Bureau) -> None:
    phone = new_phone()
    kin = await make_staff(
        Role.FINANCE, bureau.finance.division_code, sealer=bureau.sealer, now=bureau.clock.now(), phone=phone
    )
    home = await make_home(bureau, phone=phone)
    found = await ties_of_family(
        home, bureau.fund_id, large_donor_fen=DEFAULT_TERMS.large_donor_fen, sealer=bureau.sealer
    )
    assert {(one.account_id, one.tie) for one in found} == {(kin.account_id, Tie.PHONE)}
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau, home))
    with pytest.raises(Forbidden, match="避嫌"):
        await approve_with(bureau, payout_id, kin)


async def test_a_small_donor_is_no_reason(bureau: Bureau) -> None:
    phone = new_phone()
    donor = await make_donor(sealer=bureau.sealer, now=bureau.clock.now(), phone=phone)
    await give(bureau, 100, donor=donor)
    home = await make_home(bureau, phone=phone)
    assert not await ties_of_family(
        home, bureau.fund_id, large_donor_fen=DEFAULT_TERMS.large_donor_fen, sealer=bureau.sealer
    )


async def test_a_tie_declared_after_the_application_still_counts(bureau: Bureau) -> None:
    number = new_id_number()
    home = await make_home(bureau, number=number)
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau, home))
    await approve_with(bureau, payout_id, bureau.finance)
    now = bureau.clock.now()
    await declare_ties([Near(Tie.ID_NUMBER, number)], actor=bureau.town, sealer=bureau.sealer, now=now)
    with pytest.raises(Forbidden, match="外县"):
        await approve_with(bureau, payout_id, bureau.editor)
    await approve_with(bureau, payout_id, bureau.city_editor)
    found = await rows("SELECT status, kin_hit, second_is_outside FROM payout WHERE id = $1", payout_id)
    assert found == [{"status": PayoutStatus.APPROVED.value, "kin_hit": True, "second_is_outside": True}]


async def test_a_tie_that_was_found_stays_when_its_post_ends(bureau: Bureau) -> None:
    number = new_id_number()
    now = bureau.clock.now()
    kin = await make_staff(Role.EDITOR, COUNTY, sealer=bureau.sealer, now=now, name="尤编辑")
    home = await make_home(bureau, number=number)
    await declare_ties([Near(Tie.ID_NUMBER, number)], actor=kin, sealer=bureau.sealer, now=now)
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau, home))
    await rows("UPDATE role_grant SET ended_at = $2 WHERE account_id = $1", kin.account_id, now)
    await approve_with(bureau, payout_id, bureau.finance)
    with pytest.raises(Forbidden, match="外县"):
        await approve_with(bureau, payout_id, bureau.editor)
    await approve_with(bureau, payout_id, bureau.city_editor)
    found = await rows("SELECT kin_hit, second_is_outside FROM payout WHERE id = $1", payout_id)
    assert found == [{"kin_hit": True, "second_is_outside": True}]


async def test_whoever_is_asked_from_outside_may_say_no(bureau: Bureau) -> None:
    number = new_id_number()
    now = bureau.clock.now()
    neighbour = await make_staff(
        Role.EDITOR, county_of(OTHER_COUNTY_VILLAGE), sealer=bureau.sealer, now=now, name="尤编辑"
    )
    home = await make_home(bureau, number=number)
    await declare_ties([Near(Tie.ID_NUMBER, number)], actor=bureau.town, sealer=bureau.sealer, now=now)
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau, home))
    with pytest.raises(NotFound):
        await refuse_payout(payout_id, "材料不全", actor=neighbour, sealer=bureau.sealer, now=now)
    await approve_with(bureau, payout_id, bureau.editor)
    await refuse_payout(payout_id, "材料不全", actor=neighbour, sealer=bureau.sealer, now=now)
    assert (await rows("SELECT status FROM payout"))[0]["status"] == "refused"


async def test_nothing_readable_is_kept_of_a_declaration(bureau: Bureau) -> None:
    number = new_id_number()
    now = bureau.clock.now()
    await declare_ties([Near(Tie.ID_NUMBER, number)], actor=bureau.town, sealer=bureau.sealer, now=now)
    kept = str(await rows("SELECT * FROM account_tie"))
    assert number not in kept
