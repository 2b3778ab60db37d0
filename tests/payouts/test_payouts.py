"""Help from what is set aside to the line on a family's list: each hand once, each fen in its fund."""

import io
import random
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from cishan.accounts.states import Role
from cishan.clock import SteppedClock, beijing_day, beijing_midnight
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, IllegalMove, InvalidInput, NotFound
from cishan.ledger.actions import Source, book_payable
from cishan.ledger.free import spendable_of
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.payouts.allocating import Share, allocate, release_share
from cishan.payouts.applying import Application, apply_for, approve_payout, refuse_payout
from cishan.payouts.payees import PayeeFacts, enter_payee, verify_payee
from cishan.payouts.paying import Handover, record_paid, record_returned, stop_payout, write_file
from cishan.payouts.rules import Terms
from cishan.payouts.states import PayeeKind, PayoutKind, PayoutStatus
from cishan.payouts.terms import set_terms
from cishan.sealing import Sealer
from cishan.settings import Settings
from cishan.summaries.sources import lines_of
from cishan.summaries.states import LineKind
from cishan.verify.checks import run_checks
from cishan.verify.money import MONEY_CHECKS
from cishan.verify.payouts import PAYOUT_CHECKS
from makers import OTHER_TOWN, TOWN, VILLAGE, make_household, make_staff
from payouts.payout_makers import (
    CARD,
    Bureau,
    approve_with,
    give,
    make_application,
    make_approved,
    make_bureau,
    make_director,
    make_payee,
    make_project_fund,
    make_share,
    send,
)

SEED = 20250303


GIVEN_FEN = 1_000_000


@pytest.fixture
async def bureau(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Bureau:
    return await make_bureau(sealer, clock)


async def status_of(payout_id: int) -> str:
    return str((await rows("SELECT status FROM payout WHERE id = $1", payout_id))[0]["status"])


async def other_fund(bureau: Bureau) -> int:
    """A second filed fund of the charity."""
    made = await rows(
        "INSERT INTO fund (charity_id, kind, name, filing_number, purpose, opened_on) "
        "SELECT charity_id, 'project', '助学', filing_number || '-B', purpose, opened_on FROM fund WHERE id = $1 RETURNING id",
        bureau.fund_id,
    )
    return int(made[0]["id"])


async def keeps_every_promise(bureau: Bureau) -> None:
    results = await run_checks((*MONEY_CHECKS, *PAYOUT_CHECKS), require_rows=False, now=bureau.clock.now())
    assert [result for result in results if not result.ok] == []


async def home_of(payout_id: int) -> int:
    return int((await rows("SELECT household_id FROM payout WHERE id = $1", payout_id))[0]["household_id"])


async def test_help_goes_from_the_fund_to_a_line_of_the_familys_list(bureau: Bureau) -> None:
    now = bureau.clock.now()
    payout_id = await make_approved(bureau)
    assert await balance_of(bureau.fund_id, AccountType.PAYABLE) == -100_000
    await send(bureau, payout_id)
    assert await lines_of(await home_of(payout_id), 2025) == ()
    await record_paid(payout_id, paid_at=now, actor=bureau.cashier, now=now)
    (line,) = await lines_of(await home_of(payout_id), 2025)
    assert (line.kind, line.what, line.amount_fen) == (LineKind.CHARITY, "大病救助金", 100_000)
    assert await balance_of(bureau.fund_id, AccountType.PAYABLE) == 0
    assert await balance_of(bureau.fund_id, AccountType.BANK) == 900_000
    assert await spendable_of(bureau.fund_id) == 500_000
    await keeps_every_promise(bureau)


async def test_the_line_stands_in_the_beijing_year_in_which_it_was_paid(bureau: Bureau) -> None:
    bureau.clock.move_to(datetime(2025, 12, 31, 15, tzinfo=UTC))
    payout_id = await make_approved(bureau)
    await send(bureau, payout_id)
    new_year = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)
    bureau.clock.move_to(new_year)
    await record_paid(payout_id, paid_at=new_year, actor=bureau.cashier, now=bureau.clock.now())
    assert await lines_of(await home_of(payout_id), 2025) == ()
    assert len(await lines_of(await home_of(payout_id), 2026)) == 1


async def test_money_that_comes_back_leaves_the_list_and_the_allocation_has_it_again(bureau: Bureau) -> None:
    now = bureau.clock.now()
    payout_id = await make_approved(bureau)
    await send(bureau, payout_id)
    await record_paid(payout_id, paid_at=now, actor=bureau.cashier, now=now)
    free_fen = await spendable_of(bureau.fund_id)
    await record_returned(payout_id, "账号已注销", actor=bureau.cashier, now=now)
    assert await lines_of(await home_of(payout_id), 2025) == ()
    assert await balance_of(bureau.fund_id, AccountType.BANK) == 1_000_000
    assert await balance_of(bureau.fund_id, AccountType.SPENDING) == 0
    assert await spendable_of(bureau.fund_id) == free_fen
    with pytest.raises(IllegalMove):
        await record_returned(payout_id, "再退一次", actor=bureau.cashier, now=now)
    await keeps_every_promise(bureau)


async def test_no_hand_is_in_a_payout_twice(bureau: Bureau) -> None:
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau), actor=bureau.editor)
    with pytest.raises(Forbidden):
        await approve_with(bureau, payout_id, bureau.editor)
    await approve_with(bureau, payout_id, bureau.finance)
    with pytest.raises(Forbidden):
        await approve_with(bureau, payout_id, bureau.finance)
    assert await status_of(payout_id) == PayoutStatus.ENDORSED


@pytest.mark.parametrize(
    "change",
    [
        "first_by_id = applied_by_id",
        "second_by_id = first_by_id",
        "second_by_id = applied_by_id",
        "second_by_id = NULL",
        "kin_hit = true, second_is_outside = false",
        "needs_third = true",
        "fund_id = {other}",
    ],
)
async def test_the_database_itself_refuses_what_the_actions_would(bureau: Bureau, change: str) -> None:
    payout_id = await make_approved(bureau)
    set_to = change.format(other=await other_fund(bureau))
    with pytest.raises(IntegrityError):
        async with in_transaction():
            await rows(f"UPDATE payout SET {set_to} WHERE id = $1", payout_id)


async def test_a_payout_is_booked_in_no_other_fund(bureau: Bureau) -> None:
    payout_id, elsewhere = await make_approved(bureau), await other_fund(bureau)
    with pytest.raises(IntegrityError):
        async with in_transaction():
            await book_payable(elsewhere, 100, Source("payout", payout_id + 1), now=bureau.clock.now())


async def test_a_large_sum_asks_for_a_third_of_finance(bureau: Bureau) -> None:
    now = bureau.clock.now()
    await set_terms(
        bureau.charity_id, Terms(50_000, 1_000_000), valid_from=now.date(), actor=await make_director(bureau), now=now
    )
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau), 50_001)
    await approve_with(bureau, payout_id, bureau.editor, bureau.finance)
    assert await status_of(payout_id) == PayoutStatus.AWAITING_THIRD
    with pytest.raises(Forbidden):
        await approve_with(bureau, payout_id, bureau.city_editor)
    await approve_with(bureau, payout_id, bureau.second_finance)
    assert await status_of(payout_id) == PayoutStatus.APPROVED
    await keeps_every_promise(bureau)


async def test_the_director_is_the_third_and_approves_nothing_else(bureau: Bureau) -> None:
    now = bureau.clock.now()
    director = await make_director(bureau)
    await set_terms(bureau.charity_id, Terms(50_000, 1_000_000), valid_from=now.date(), actor=director, now=now)
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau), 50_001)
    with pytest.raises(Forbidden, match="前两次由编辑和财务做"):
        await approve_with(bureau, payout_id, director)
    await approve_with(bureau, payout_id, bureau.finance)
    with pytest.raises(Forbidden, match="前两次由编辑和财务做"):
        await approve_with(bureau, payout_id, director)
    await approve_with(bureau, payout_id, bureau.second_finance, director)
    assert await status_of(payout_id) == PayoutStatus.APPROVED
    await keeps_every_promise(bureau)


async def test_what_nobody_applied_for_is_taken_back_and_promised_anew(bureau: Bureau) -> None:
    now, share = bureau.clock.now(), await make_share(bureau, GIVEN_FEN)
    payout_id = await make_application(bureau, share, await make_payee(bureau), 100_000)
    await approve_with(bureau, payout_id, bureau.editor, bureau.finance)
    assert await spendable_of(bureau.fund_id) == 0
    with pytest.raises(Forbidden):
        await release_share(share, actor=bureau.editor, now=now)
    assert await release_share(share, actor=bureau.finance, now=now) == GIVEN_FEN - 100_000
    assert await spendable_of(bureau.fund_id) == GIVEN_FEN - 100_000
    with pytest.raises(Conflict, match="没有可以收回的"):
        await release_share(share, actor=bureau.finance, now=now)
    with pytest.raises(Conflict, match="这笔分配"):
        await make_application(bureau, share, await make_payee(bureau), 1)
    await send(bureau, payout_id)
    await record_returned(payout_id, "账号已注销", actor=bureau.cashier, now=now)
    assert await release_share(share, actor=bureau.finance, now=now) == 100_000
    await make_share(bureau, GIVEN_FEN)
    await keeps_every_promise(bureau)


async def test_approved_help_that_a_tie_came_up_for_is_stopped_and_its_share_is_free_again(bureau: Bureau) -> None:
    now, share = bureau.clock.now(), await make_share(bureau, 100_000)
    home = await make_household(bureau.coordinator, sealer=bureau.sealer, now=now)
    payout_id = await make_application(bureau, share, await make_payee(bureau, home))
    await approve_with(bureau, payout_id, bureau.finance, bureau.editor)
    await make_staff(Role.COORDINATOR, VILLAGE, sealer=bureau.sealer, now=now, name="张新来")
    with pytest.raises(Conflict, match="付款前又核对到"):
        await send(bureau, payout_id)
    with pytest.raises(InvalidInput):
        await stop_payout(payout_id, " ", actor=bureau.cashier, sealer=bureau.sealer, now=now)
    with pytest.raises(Forbidden):
        await stop_payout(payout_id, "有亲属关系", actor=bureau.town, sealer=bureau.sealer, now=now)
    await stop_payout(payout_id, "有亲属关系", actor=bureau.cashier, sealer=bureau.sealer, now=now)
    assert await status_of(payout_id) == PayoutStatus.REFUSED
    assert await balance_of(bureau.fund_id, AccountType.PAYABLE) == 0
    anew = await make_application(bureau, share, await make_payee(bureau, home))
    await approve_with(bureau, anew, bureau.finance, bureau.city_editor)
    with pytest.raises(IllegalMove):
        await stop_payout(payout_id, "再停一次", actor=bureau.cashier, sealer=bureau.sealer, now=now)
    await keeps_every_promise(bureau)


async def test_what_is_on_its_way_is_not_stopped(bureau: Bureau) -> None:
    payout_id = await make_approved(bureau)
    await send(bureau, payout_id)
    with pytest.raises(IllegalMove):
        await stop_payout(payout_id, "不付了", actor=bureau.cashier, sealer=bureau.sealer, now=bureau.clock.now())


async def test_a_household_that_is_closed_is_neither_helped_nor_paid(bureau: Bureau) -> None:
    now, share = bureau.clock.now(), await make_share(bureau)
    approved = await make_approved(bureau, allocation_id=share)
    payee = await make_payee(bureau)
    await rows("UPDATE household SET closed_at = $1", now)
    with pytest.raises(Conflict, match="销户"):
        await make_application(bureau, share, payee)
    with pytest.raises(Conflict, match="销户"):
        await send(bureau, approved)


async def test_money_arrives_on_no_day_before_its_file_was_made(bureau: Bureau) -> None:
    now, payout_id = bureau.clock.now(), await make_approved(bureau)
    await send(bureau, payout_id)
    with pytest.raises(InvalidInput, match="不会更早"):
        await record_paid(payout_id, paid_at=now - timedelta(days=1), actor=bureau.cashier, now=now)
    await record_paid(payout_id, paid_at=beijing_midnight(beijing_day(now)), actor=bureau.cashier, now=now)


async def test_an_allocation_never_exceeds_what_the_fund_has(bureau: Bureau) -> None:
    now = bureau.clock.now()
    await make_share(bureau, 600_000)
    with pytest.raises(Conflict, match="不够"):
        await make_share(bureau, 400_001)
    await make_share(bureau, 400_000)
    assert await spendable_of(bureau.fund_id) == 0
    with pytest.raises(InvalidInput):
        await allocate(bureau.fund_id, Share(TOWN, "大病救助", 0), actor=bureau.finance, now=now)
    with pytest.raises(Forbidden):
        await allocate(bureau.fund_id, Share(TOWN, "大病救助", 1), actor=bureau.editor, now=now)


async def test_applications_stay_within_their_allocation_and_a_refusal_makes_room(bureau: Bureau) -> None:
    share, payee = await make_share(bureau, 100_000), await make_payee(bureau)
    first = await make_application(bureau, share, payee, 70_000)
    with pytest.raises(Conflict):
        await make_application(bureau, share, payee, 30_001)
    await refuse_payout(first, "材料不全", actor=bureau.editor, sealer=bureau.sealer, now=bureau.clock.now())
    await make_application(bureau, share, payee, 100_000)
    await keeps_every_promise(bureau)


async def test_money_of_a_town_is_not_paid_in_another(bureau: Bureau) -> None:
    share = await make_share(bureau, place=OTHER_TOWN)
    with pytest.raises(NotFound):
        await make_application(bureau, share, await make_payee(bureau))
    with pytest.raises(Conflict, match="别的地方"):
        await make_application(bureau, share, await make_payee(bureau), actor=bureau.editor)


async def test_an_account_is_verified_by_another_before_it_is_paid_to(bureau: Bureau) -> None:
    now = bureau.clock.now()
    home = await make_household(bureau.coordinator, sealer=bureau.sealer, now=now)
    facts = PayeeFacts(PayeeKind.BANK, "张秀英", "6222 0216 0200 0012 345", "德州银行", home)
    payee_id = await enter_payee(facts, actor=bureau.coordinator, sealer=bureau.sealer, now=now)
    with pytest.raises(Forbidden):
        await verify_payee(payee_id, CARD, actor=bureau.coordinator, sealer=bureau.sealer, now=now)
    with pytest.raises(Conflict, match="核对"):
        await make_application(bureau, await make_share(bureau), payee_id)


async def test_a_familys_money_goes_to_no_supplier_and_a_suppliers_to_no_family(bureau: Bureau) -> None:
    asked = Application(
        PayoutKind.PURCHASE,
        await make_share(bureau),
        await make_payee(bureau),
        100,
        "轮椅",
        "两户要用",
        price_note="比过三家",
    )
    with pytest.raises(Conflict, match="一家人"):
        await apply_for(asked, actor=bureau.town, sealer=bureau.sealer, now=bureau.clock.now())


async def test_the_bank_pays_no_more_than_the_fund_has_there(bureau: Bureau) -> None:
    now = bureau.clock.now()
    first, second = await make_approved(bureau, 400_000), await make_approved(bureau, 400_000)
    await send(bureau, first)
    await record_paid(first, paid_at=now, actor=bureau.cashier, now=now)
    await send(bureau, second)
    with pytest.raises(IllegalMove):
        await send(bureau, second)


async def test_who_approved_does_not_pay_and_the_file_goes_to_its_maker_alone(bureau: Bureau) -> None:
    now, payout_id = bureau.clock.now(), await make_approved(bureau)
    with pytest.raises(Forbidden):
        await send(bureau, payout_id, cashier=bureau.finance)
    file_id = await send(bureau, payout_id)
    to_bank = Handover("德州银行德城支行", "代付救助款")
    stranger = await make_staff(Role.CASHIER, bureau.cashier.division_code, sealer=bureau.sealer, now=now)
    with pytest.raises(NotFound):
        await write_file(file_id, to_bank, actor=stranger, sealer=bureau.sealer, now=now)
    data = await write_file(file_id, to_bank, actor=bureau.cashier, sealer=bureau.sealer, now=now)
    texts = zipfile.ZipFile(io.BytesIO(data)).read("xl/sharedStrings.xml").decode()
    assert CARD in texts
    assert "张秀英" in texts
    logged = await rows("SELECT receiver, purpose, rows_count FROM payout_file_download WHERE file_id = $1", file_id)
    assert logged == [{"receiver": "德州银行德城支行", "purpose": "代付救助款", "rows_count": 1}]


async def test_a_name_that_looks_like_a_formula_stays_text(bureau: Bureau) -> None:
    now = bureau.clock.now()
    home = await make_household(bureau.coordinator, sealer=bureau.sealer, now=now)
    payee = await make_payee(bureau, home, holder="=HYPERLINK(1)")
    payout_id = await make_application(bureau, await make_share(bureau), payee)
    await approve_with(bureau, payout_id, bureau.editor, bureau.finance)
    file_id = await send(bureau, payout_id)
    data = await write_file(file_id, Handover("银行", "代付"), actor=bureau.cashier, sealer=bureau.sealer, now=now)
    book = zipfile.ZipFile(io.BytesIO(data))
    assert "'=HYPERLINK(1)" in book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()


async def walk_at_random(bureau: Bureau, count: int) -> tuple[int, int]:
    """Random sums set aside over ten projects' funds, some by another project's line; how many were taken and refused."""
    chance, taken, refused = random.Random(SEED), 0, 0
    made = [await make_project_fund(bureau, number, 200_000) for number in range(10)]
    for _ in range(count):
        (theirs, line), other = chance.choice(made), chance.choice(made)[1]
        line = other if chance.random() < 0.1 else line
        share = Share(TOWN, "救助", chance.randint(1, 5_000_000 // count), line)
        try:
            await allocate(theirs.fund_id, share, actor=bureau.finance, now=bureau.clock.now())
            taken += 1
        except Conflict:
            refused += 1
    return taken, refused


LINES_ACROSS = """
SELECT count(*) AS n FROM allocation a JOIN budget_line b ON b.id = a.budget_line_id JOIN project p ON p.id = b.project_id
 WHERE p.fund_id <> a.fund_id
"""
ACROSS = """
SELECT coalesce(sum(greatest(0, a.fen - coalesce(b.fen, 0))), 0)::bigint AS fen
  FROM (SELECT fund_id, sum(amount_fen) AS fen FROM allocation GROUP BY fund_id) a
  LEFT JOIN (SELECT c.fund_id, -sum(p.amount_fen) AS fen FROM ledger_posting p JOIN ledger_account c ON c.id = p.account_id
              WHERE c.type = 'fund' GROUP BY c.fund_id) b ON b.fund_id = a.fund_id
"""


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_no_fen_of_random_allocations_is_another_funds(bureau: Bureau, count: int) -> None:
    taken, refused = await walk_at_random(bureau, count)
    assert taken > 0
    assert refused > 0
    assert (await rows(ACROSS))[0]["fen"] == 0
    assert (await rows(LINES_ACROSS))[0]["n"] == 0
    assert len(await rows("SELECT DISTINCT fund_id FROM allocation")) == 10
    await keeps_every_promise(bureau)


async def test_the_database_refuses_a_line_of_another_project(bureau: Bureau) -> None:
    _, line = await make_project_fund(bureau, 1, 1_000)
    share = await make_share(bureau)
    with pytest.raises(IntegrityError):
        async with in_transaction():
            await rows(
                "INSERT INTO allocation (fund_id, budget_line_id, division_code, category, amount_fen, made_by_id, made_at) "
                "SELECT fund_id, $2, division_code, category, 1, made_by_id, made_at FROM allocation WHERE id = $1",
                share,
                line,
            )


async def test_an_allocation_past_the_wall_would_be_seen(bureau: Bureau) -> None:
    """Positive control: a row that no action wrote."""
    await rows(
        "INSERT INTO allocation (fund_id, division_code, category, amount_fen, made_by_id, made_at) "
        "VALUES ($1, $2, '救助', 1000001, $3, $4)",
        bureau.fund_id,
        TOWN,
        bureau.finance.account_id,
        bureau.clock.now(),
    )
    assert (await rows(ACROSS))[0]["fen"] == 1
    results = await run_checks(PAYOUT_CHECKS, require_rows=False, now=bureau.clock.now())
    assert [result.name for result in results if not result.ok] == ["fund_covers_its_allocations"]


async def test_another_gift_makes_room(bureau: Bureau) -> None:
    await make_share(bureau, 1_000_000)
    bureau.clock.advance(timedelta(minutes=1))
    await give(bureau, 5_000)
    await make_share(bureau, 5_000)
    assert await spendable_of(bureau.fund_id) == 0


async def test_who_is_elsewhere_does_not_approve(bureau: Bureau) -> None:
    other = await make_staff(Role.EDITOR, "371403000000", sealer=bureau.sealer, now=bureau.clock.now(), name="韩编辑")
    payout_id = await make_application(bureau, await make_share(bureau), await make_payee(bureau))
    with pytest.raises(NotFound):
        await approve_payout(payout_id, actor=other, sealer=bureau.sealer, now=bureau.clock.now())
