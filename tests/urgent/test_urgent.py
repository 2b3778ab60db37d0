"""Urgent help: two others decide within a reserve and its limit, it is paid first, and two people complete the file."""

from datetime import timedelta

import pytest

from cishan.accounts.viewer import Viewer
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput
from cishan.kin.rules import Near
from cishan.kin.states import Tie
from cishan.kin.ties import declare_ties
from cishan.messages.models import OutboxMessage
from cishan.payouts.allocating import Share, allocate
from cishan.payouts.applying import approve_payout, refuse_payout
from cishan.payouts.paying import record_paid, record_returned
from cishan.payouts.states import PayoutStatus
from cishan.sealing import Sealer
from cishan.summaries.sources import lines_of
from cishan.supervision.queries import overdue_for
from cishan.urgent.actions import agree, confirm_finding, decline, write_finding
from cishan.urgent.deadlines import follow_urgent_cases
from cishan.urgent.queries import case_for, cases_for
from cishan.urgent.rules import stage_of
from cishan.urgent.states import CaseStage, UrgentCause
from cishan.working_days import end_of_working_days
from makers import TOWN, VILLAGE, make_household
from payouts.payout_makers import Bureau, make_application, make_bureau, make_payee, make_share, send
from urgent.urgent_makers import HELP_FEN, LIMIT_FEN, complete, decide, make_case, make_reserve, pay_out, second_of_town

DAY = timedelta(days=1)


@pytest.fixture
async def bureau(transaction: object, sealer: Sealer, clock: SteppedClock) -> Bureau:
    return await make_bureau(sealer, clock)


@pytest.fixture
async def reserve(bureau: Bureau) -> int:
    return await make_reserve(bureau)


@pytest.fixture
async def neighbour(bureau: Bureau) -> Viewer:
    return await second_of_town(bureau)


async def stage(bureau: Bureau, payout_id: int) -> CaseStage:
    return (await case_for(bureau.town, payout_id, sealer=bureau.sealer)).row.stage


# --- where a case stands ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "clock_runs", "stands", "confirmed", "found"),
    [
        (PayoutStatus.APPLIED, False, None, False, CaseStage.DECISION),
        (PayoutStatus.ENDORSED, False, None, False, CaseStage.DECISION),
        (PayoutStatus.APPROVED, False, None, False, CaseStage.PAYMENT),
        (PayoutStatus.IN_FILE, False, None, False, CaseStage.PAYMENT),
        (PayoutStatus.PAID, False, None, False, CaseStage.PAYMENT),
        (PayoutStatus.PAID, True, None, False, CaseStage.FINDING),
        (PayoutStatus.PAID, True, True, False, CaseStage.SECOND),
        (PayoutStatus.PAID, True, True, True, CaseStage.COMPLETED),
        (PayoutStatus.PAID, True, False, True, CaseStage.UNDUE),
        (PayoutStatus.RETURNED, True, False, True, CaseStage.UNDUE),
        (PayoutStatus.RETURNED, True, None, False, CaseStage.RETURNED),
        (PayoutStatus.REFUSED, False, None, False, CaseStage.REFUSED),
    ],
)
def test_a_case_stands_where_its_payout_and_its_visit_say(
    status: PayoutStatus, clock_runs: bool, stands: bool | None, confirmed: bool, found: CaseStage
) -> None:
    assert stage_of(status, clock_runs=clock_runs, stands=stands, confirmed=confirmed) is found


# --- the way of a case --------------------------------------------------------------------------------------------


async def test_a_case_is_decided_in_the_town_paid_first_and_completed_afterwards(
    bureau: Bureau, reserve: int, neighbour: Viewer
) -> None:
    payout_id = await make_case(bureau, reserve)
    assert await stage(bureau, payout_id) is CaseStage.DECISION
    await decide(bureau, payout_id, neighbour, bureau.editor)
    assert await stage(bureau, payout_id) is CaseStage.PAYMENT
    paid_at = await pay_out(bureau, payout_id)
    case = await case_for(bureau.town, payout_id, sealer=bureau.sealer)
    assert (case.row.stage, case.row.clock) == (CaseStage.FINDING, end_of_working_days(paid_at, 10))
    await complete(bureau, payout_id, neighbour, bureau.coordinator)
    assert await stage(bureau, payout_id) is CaseStage.COMPLETED
    household = (await rows("SELECT household_id FROM payout WHERE id = $1", payout_id))[0]["household_id"]
    assert [line.amount_fen for line in await lines_of(household, paid_at.year)] == [HELP_FEN]


async def test_help_that_was_not_due_says_so_and_its_return_is_recorded(
    bureau: Bureau, reserve: int, neighbour: Viewer
) -> None:
    payout_id = await make_case(bureau, reserve)
    await decide(bureau, payout_id, neighbour, bureau.editor)
    await pay_out(bureau, payout_id)
    await complete(bureau, payout_id, neighbour, bureau.coordinator, stands=False)
    assert await stage(bureau, payout_id) is CaseStage.UNDUE
    await record_returned(payout_id, "家属退回", actor=bureau.cashier, now=bureau.clock.now())
    assert await stage(bureau, payout_id) is CaseStage.UNDUE
    await make_case(bureau, reserve, amount_fen=LIMIT_FEN)


async def test_those_who_may_decide_are_called_at_once(bureau: Bureau, reserve: int, neighbour: Viewer) -> None:
    await make_case(bureau, reserve)
    told = set(await OutboxMessage.filter(key__startswith="urgent-open:").values_list("account_id", flat=True))
    assert told == {neighbour.account_id, bureau.editor.account_id, bureau.city_editor.account_id}


# --- who may do what ----------------------------------------------------------------------------------------------


async def test_nobody_decides_twice_or_on_what_they_opened(bureau: Bureau, reserve: int, neighbour: Viewer) -> None:
    payout_id = await make_case(bureau, reserve)
    with pytest.raises(Forbidden):
        await decide(bureau, payout_id, bureau.town)
    await decide(bureau, payout_id, neighbour)
    with pytest.raises(Forbidden):
        await decide(bureau, payout_id, neighbour)
    assert len(await rows("SELECT id FROM urgent_opinion")) == 1


async def test_who_has_a_tie_does_not_decide_and_the_second_is_from_outside(
    bureau: Bureau, reserve: int, neighbour: Viewer, sealer: Sealer, clock: SteppedClock
) -> None:
    near = Near(Tie.SURNAME_VILLAGE, "张", VILLAGE)
    await declare_ties([near], actor=neighbour, sealer=sealer, now=clock.now())
    payout_id = await make_case(bureau, reserve)
    with pytest.raises(Forbidden, match="避嫌"):
        await decide(bureau, payout_id, neighbour)
    await decide(bureau, payout_id, bureau.editor)
    third = await second_of_town(bureau)
    with pytest.raises(Forbidden, match="外县"):
        await decide(bureau, payout_id, third)
    await decide(bureau, payout_id, bureau.city_editor)
    assert await stage(bureau, payout_id) is CaseStage.PAYMENT


async def test_a_coordinator_and_a_cashier_decide_nothing(bureau: Bureau, reserve: int) -> None:
    payout_id = await make_case(bureau, reserve)
    for person in (bureau.coordinator, bureau.cashier):
        with pytest.raises(Forbidden):
            await decide(bureau, payout_id, person)


async def test_an_urgent_payout_is_not_decided_without_an_opinion(bureau: Bureau, reserve: int) -> None:
    payout_id, now = await make_case(bureau, reserve), bureau.clock.now()
    with pytest.raises(Conflict, match="急难先行"):
        await approve_payout(payout_id, actor=bureau.editor, sealer=bureau.sealer, now=now)
    with pytest.raises(Conflict, match="急难先行"):
        await refuse_payout(payout_id, "不急", actor=bureau.editor, sealer=bureau.sealer, now=now)
    with pytest.raises(InvalidInput):
        await agree(payout_id, " ", actor=bureau.editor, sealer=bureau.sealer, now=now)


async def test_ordinary_help_is_not_decided_in_the_urgent_lane(bureau: Bureau) -> None:
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau))
    with pytest.raises(Conflict):
        await approve_payout(payout_id, actor=bureau.editor, sealer=bureau.sealer, now=bureau.clock.now(), urgent=True)


async def test_who_opened_it_does_not_check_it_and_two_people_visit(
    bureau: Bureau, reserve: int, neighbour: Viewer
) -> None:
    payout_id = await make_case(bureau, reserve)
    await decide(bureau, payout_id, neighbour, bureau.editor)
    sealer, now = bureau.sealer, bureau.clock.now()
    with pytest.raises(Conflict):
        await write_finding(payout_id, "去看过。", stands=True, actor=neighbour, sealer=sealer, now=now)
    await pay_out(bureau, payout_id)
    with pytest.raises(Forbidden, match="申请的人"):
        await write_finding(payout_id, "去看过。", stands=True, actor=bureau.town, sealer=sealer, now=now)
    with pytest.raises(Conflict):
        await confirm_finding(payout_id, actor=bureau.coordinator, now=now)
    await write_finding(payout_id, "去看过。", stands=True, actor=neighbour, sealer=sealer, now=now)
    with pytest.raises(Forbidden, match="两个人"):
        await confirm_finding(payout_id, actor=neighbour, now=now)
    await confirm_finding(payout_id, actor=bureau.town, now=now)
    assert await stage(bureau, payout_id) is CaseStage.COMPLETED


# --- limits -------------------------------------------------------------------------------------------------------


async def test_a_case_stays_within_its_limit_and_its_reserve(bureau: Bureau) -> None:
    reserve = await make_reserve(bureau, 150_000)
    with pytest.raises(InvalidInput, match="每件最多"):
        await make_case(bureau, reserve, amount_fen=LIMIT_FEN + 1)
    await make_case(bureau, reserve, amount_fen=LIMIT_FEN)
    with pytest.raises(Conflict, match="不够"):
        await make_case(bureau, reserve, amount_fen=LIMIT_FEN)
    await make_case(bureau, reserve, amount_fen=50_000)


async def test_a_reserve_is_for_urgent_help_and_urgent_help_for_a_reserve(bureau: Bureau, reserve: int) -> None:
    payee = await make_payee(bureau)
    with pytest.raises(Conflict, match="急难备用金只能"):
        await make_application(bureau, reserve, payee)
    with pytest.raises(Conflict, match="只能用乡镇的急难备用金"):
        await make_case(bureau, await make_share(bureau), payee)


@pytest.mark.parametrize(
    ("place", "limit_fen", "field"),
    [("371402000000", 50_000, "place"), (TOWN, 0, "case_limit"), (TOWN, 100_001, "case_limit")],
)
async def test_a_reserve_is_a_towns_with_a_limit_that_fits(
    bureau: Bureau, place: str, limit_fen: int, field: str
) -> None:
    share = Share(place, "急难", 100_000, case_limit_fen=limit_fen)
    with pytest.raises(InvalidInput) as refused:
        await allocate(bureau.fund_id, share, actor=bureau.finance, now=bureau.clock.now())
    assert list(refused.value.fields) == [field]


async def test_what_three_must_approve_is_no_reserve(sealer: Sealer, clock: SteppedClock, transaction: object) -> None:
    bureau = await make_bureau(sealer, clock, given_fen=3_000_000)
    share = Share(TOWN, "急难", 2_000_000, case_limit_fen=1_000_001)
    with pytest.raises(InvalidInput, match="三个人"):
        await allocate(bureau.fund_id, share, actor=bureau.finance, now=clock.now())


async def test_a_family_is_helped_once_a_year_for_one_cause(bureau: Bureau, reserve: int) -> None:
    payee = await make_payee(bureau)
    first = await make_case(bureau, reserve, payee)
    with pytest.raises(Conflict, match="同样的原因"):
        await make_case(bureau, reserve, payee)
    await make_case(bureau, reserve, payee, cause=UrgentCause.ILLNESS)
    await decline(first, "不急。", actor=bureau.editor, sealer=bureau.sealer, now=bureau.clock.now())
    await make_case(bureau, reserve, payee)
    bureau.clock.advance(DAY * 366)
    await make_case(bureau, reserve, payee, cause=UrgentCause.ILLNESS)


@pytest.mark.parametrize("reason", ["张秀英家起火。", "电话 13812345678，家里起火。"])
async def test_the_reason_does_not_tell_who_the_family_is(bureau: Bureau, reserve: int, reason: str) -> None:
    home = await make_household(bureau.coordinator, sealer=bureau.sealer, now=bureau.clock.now())
    payee = await make_payee(bureau, home)
    with pytest.raises(InvalidInput) as refused:
        await make_case(bureau, reserve, payee, reason=reason)
    assert list(refused.value.fields) == ["reason"]
    assert await rows("SELECT id FROM payout") == []


# --- clocks -------------------------------------------------------------------------------------------------------


async def late_ones(bureau: Bureau) -> list[str]:
    return [one.what for one in await overdue_for(bureau.town, now=bureau.clock.now()) if "救助" in one.what]


async def test_a_decision_and_a_file_that_are_late_are_seen_and_said_once(
    bureau: Bureau, reserve: int, neighbour: Viewer
) -> None:
    payout_id = await make_case(bureau, reserve)
    sealer = bureau.sealer
    assert await late_ones(bureau) == []
    now = bureau.clock.advance(DAY)
    assert await late_ones(bureau) == ["急难救助等作决定"]
    assert [await follow_urgent_cases(limit=10, sealer=sealer, now=now) for _ in range(2)] == [1, 0]
    told = await OutboxMessage.filter(key__startswith="urgent:").count()
    assert told == 2
    await decide(bureau, payout_id, neighbour, bureau.editor)
    await pay_out(bureau, payout_id)
    assert await late_ones(bureau) == []
    now = bureau.clock.advance(DAY * 21)
    assert await late_ones(bureau) == ["先行救助要补手续"]
    assert await follow_urgent_cases(limit=10, sealer=sealer, now=now) == 1
    with pytest.raises(Conflict, match="补手续的期限"):
        await make_case(bureau, reserve)
    await complete(bureau, payout_id, neighbour, bureau.coordinator)
    assert await late_ones(bureau) == []
    await make_case(bureau, reserve)


async def test_what_waits_comes_first_and_the_payment_goes_first(
    bureau: Bureau, reserve: int, neighbour: Viewer
) -> None:
    done = await make_case(bureau, reserve)
    await decline(done, "不急。", actor=bureau.editor, sealer=bureau.sealer, now=bureau.clock.now())
    bureau.clock.advance(DAY)
    open_one = await make_case(bureau, reserve)
    assert [row.payout_id for row in await cases_for(bureau.town, page=1)] == [open_one, done]
    ordinary = await make_application(bureau, await make_share(bureau), await make_payee(bureau), 10_000)
    for person in (bureau.editor, bureau.finance):
        await approve_payout(ordinary, actor=person, sealer=bureau.sealer, now=bureau.clock.now())
    await decide(bureau, open_one, neighbour, bureau.editor)
    with pytest.raises(Conflict):
        await record_paid(open_one, paid_at=bureau.clock.now(), actor=bureau.cashier, now=bureau.clock.now())
    await send(bureau, open_one)
