"""A gift by transfer is known by its code, received once, by the sum that came, and goes back to where it came from."""

from dataclasses import replace
from datetime import timedelta

import pytest

import makers
from bank.bank_makers import (
    PARTY,
    PLEDGED_FEN,
    bank_line,
    bring,
    code_of,
    donation_owners,
    line,
    pledge_transfer,
    take,
    take_by_hand,
)
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.bank.coding import code_line
from cishan.bank.returns import record_held_gone, record_refund_gone
from cishan.bank.states import BankLineStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.donations.actions import lapse_due_donations
from cishan.donations.totals import total_of
from cishan.errors import Conflict, Forbidden, InvalidInput
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.payments.actions import settle
from cishan.payments.alipay.terms import Trade, TradeStatus
from cishan.payments.polling import ask_about, poll_due_orders
from cishan.payments.rules import TRANSFER_WITHIN, new_transfer_code, spaced_code, transfer_codes_in
from cishan.payments.states import LateChoice, SettleSource
from cishan.payments.transfers import close_due_transfers
from cishan.refunds.actions import start_refund
from cishan.refunds.late_money import resolve_open_money
from cishan.refunds.neighbours import neighbours_of
from cishan.refunds.queries import refunds_waiting
from cishan.refunds.sending import send_due_refunds
from cishan.refunds.states import RefundReason
from cishan.sealing import Sealer
from cishan.settings import Settings
from donations.donation_makers import pay, pledge
from reconciliation.scenes import Shop, make_shop

BOUND = "UPDATE fund SET takes_until = $2 WHERE id = $1"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def shop(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Shop:
    return await make_shop(transaction, sealer, clock)


@pytest.fixture
async def company(shop: Shop) -> Viewer:
    return await makers.make_organisation(sealer=shop.services.sealer, now=shop.clock.now())


async def status_of(code: str) -> tuple[str, int | None]:
    found = await rows("SELECT status, paid_fen FROM payment_order WHERE transfer_code = $1", code)
    return found[0]["status"], found[0]["paid_fen"]


async def balances(shop: Shop) -> dict[AccountType, int]:
    kinds = (AccountType.BANK, AccountType.ALIPAY, AccountType.FUND, AccountType.UNASSIGNED, AccountType.REFUND_DUE)
    found = {kind: await balance_of(shop.site.fund_id, kind) for kind in kinds}
    return {kind: fen for kind, fen in found.items() if fen}


# --- the code -----------------------------------------------------------------------------------------------------


def test_a_code_is_read_however_it_is_written() -> None:
    code = new_transfer_code()
    wide = "".join(chr(ord(one) + 0xFEE0) for one in code)
    for text in (
        code,
        spaced_code(code),
        code.lower(),
        f"捐款{code}，谢谢",
        f"附言:{code[:2]}-{code[2:6]}-{code[6:10]}-{code[10:]}",
        wide,
    ):
        assert transfer_codes_in(text) == (code,)


def test_one_wrong_digit_or_two_changed_places_are_no_code() -> None:
    code = "CS123456789092"
    assert transfer_codes_in(code) == (code,)
    for place in range(2, 14):
        for digit in "0123456789":
            if digit != code[place]:
                assert transfer_codes_in(code[:place] + digit + code[place + 1 :]) == ()
    for place in range(2, 13):
        if code[place] != code[place + 1]:
            swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
            assert transfer_codes_in(swapped) == ()


def test_a_longer_number_is_no_code() -> None:
    assert transfer_codes_in(f"{new_transfer_code()}7") == ()


# --- what comes ---------------------------------------------------------------------------------------------------


async def test_a_transfer_that_names_its_code_and_sum_is_received_by_itself_and_once(
    shop: Shop, company: Viewer
) -> None:
    _, code = await pledge_transfer(shop, company)
    arrived = line("BK01", PLEDGED_FEN, shop.clock.now(), summary=f"爱心捐款 {spaced_code(code)}")
    assert await bring(shop, arrived) == 1
    assert [await take(shop), await take(shop)] == [1, 0]
    assert await status_of(code) == ("paid", PLEDGED_FEN)
    assert await balances(shop) == {AccountType.BANK: PLEDGED_FEN, AccountType.FUND: -PLEDGED_FEN}
    found = await bank_line("BK01")
    assert (found["status"], found["coded_by_id"]) == ("gift", None)
    assert await bring(shop, arrived, line("BK02", 100, shop.clock.now())) == 1
    assert await take(shop) == 0
    assert (await total_of(shop.site.fund_id)).given_fen == PLEDGED_FEN


@pytest.mark.parametrize(
    ("came_fen", "summary"),
    [(PLEDGED_FEN - 1, "{}"), (PLEDGED_FEN + 1, "{}"), (PLEDGED_FEN, "捐款"), (PLEDGED_FEN, "{} CS123456789092")],
)
async def test_another_sum_no_code_or_two_wait_for_a_person(
    shop: Shop, company: Viewer, came_fen: int, summary: str
) -> None:
    _, code = await pledge_transfer(shop, company)
    await bring(shop, line("BK01", came_fen, shop.clock.now(), summary=summary.format(code)))
    assert await take(shop) == 0
    assert await status_of(code) == ("pending", None)
    assert (await bank_line("BK01"))["status"] == "unrecognised"


async def test_the_bookkeeper_knows_a_transfer_without_a_code(shop: Shop, company: Viewer) -> None:
    _, code = await pledge_transfer(shop, company)
    await bring(shop, line("BK01", PLEDGED_FEN, shop.clock.now()))
    await take_by_hand(shop, "BK01", code)
    assert await status_of(code) == ("paid", PLEDGED_FEN)


async def test_a_transfer_of_another_sum_is_a_gift_of_that_sum(shop: Shop, company: Viewer) -> None:
    _, code = await pledge_transfer(shop, company)
    await bring(shop, line("BK01", 4_999_000, shop.clock.now(), summary=code))
    await take_by_hand(shop, "BK01", code)
    assert await status_of(code) == ("closed", None)
    assert await balances(shop) == {AccountType.BANK: 4_999_000, AccountType.FUND: -4_999_000}
    found = await rows("SELECT donor_id, amount_fen, shows_name FROM donation WHERE status = 'received'")
    assert [tuple(row.values()) for row in found] == [(company.account_id, 4_999_000, True)]


async def test_a_second_transfer_of_a_code_is_a_second_gift(shop: Shop, company: Viewer) -> None:
    _, code = await pledge_transfer(shop, company)
    now = shop.clock.now()
    await bring(shop, line("BK01", PLEDGED_FEN, now, summary=code), line("BK02", PLEDGED_FEN, now, summary=code))
    assert await take(shop) == 2
    assert {(await bank_line(serial))["status"] for serial in ("BK01", "BK02")} == {"gift", "unrecognised"}
    second = "BK02" if (await bank_line("BK01"))["status"] == "gift" else "BK01"
    assert await take(shop) == 0
    await take_by_hand(shop, second, code)
    assert (await total_of(shop.site.fund_id)).gifts == 2
    assert (await balances(shop))[AccountType.BANK] == 2 * PLEDGED_FEN


async def test_a_transfer_that_comes_after_its_time_is_received_all_the_same(shop: Shop, company: Viewer) -> None:
    _, code = await pledge_transfer(shop, company)
    shop.clock.advance(TRANSFER_WITHIN - HOUR)
    assert await close_due_transfers(limit=10, now=shop.clock.now()) == 0
    shop.clock.advance(HOUR)
    assert await close_due_transfers(limit=10, now=shop.clock.now()) == 1
    assert await lapse_due_donations(limit=10, sealer=shop.services.sealer, now=shop.clock.now()) == 1
    await bring(shop, line("BK01", PLEDGED_FEN, shop.clock.now(), summary=code))
    assert await take(shop) == 1
    assert await status_of(code) == ("paid", PLEDGED_FEN)


async def test_a_code_that_is_none_is_refused_and_nothing_is_lost(shop: Shop) -> None:
    await bring(shop, line("BK01", PLEDGED_FEN, shop.clock.now()))
    for typed in ("", "CS123456789093", new_transfer_code()):
        with pytest.raises(InvalidInput, match="转账码"):
            await take_by_hand(shop, "BK01", typed)
    assert (await bank_line("BK01"))["status"] == "unrecognised"


# --- Alipay has nothing to do with it ------------------------------------------------------------------------------


async def test_alipay_is_never_asked_about_a_transfer_and_can_t_settle_it(shop: Shop, company: Viewer) -> None:
    made, code = await pledge_transfer(shop, company)
    owners, sealer, now = donation_owners(shop), shop.services.sealer, shop.clock.now()
    trade = Trade(made.out_trade_no, "2025030322001", TradeStatus.TRADE_SUCCESS, PLEDGED_FEN, 0, now, "")
    for source in set(SettleSource) - {SettleSource.BANK}:
        assert not (await settle(trade, source, owners=owners, sealer=sealer, now=now)).known
    later = shop.clock.advance(TRANSFER_WITHIN + DAY)
    assert await poll_due_orders(limit=10, services=shop.services, owners=owners, now=later) == 0
    await ask_about(made.out_trade_no, SettleSource.STAFF, services=shop.services, owners=owners, now=later)
    assert (await status_of(code), shop.alipay.asked) == (("pending", None), [])


async def test_the_bank_can_t_settle_an_order_of_alipay(shop: Shop) -> None:
    order = await shop.order()
    trade = Trade(order.out_trade_no, "BANK7", TradeStatus.TRADE_SUCCESS, order.total_fen, 0, shop.clock.now(), "")
    settled = await settle(
        trade, SettleSource.BANK, owners=shop.owners, sealer=shop.services.sealer, now=shop.clock.now()
    )
    assert not settled.known


# --- what goes back -----------------------------------------------------------------------------------------------


async def refund_all(shop: Shop, made_number: str) -> tuple[int, str]:
    finance = await shop.staff(Role.FINANCE)
    part = (
        await rows(
            "SELECT l.id FROM order_line l JOIN payment_order o ON o.id = l.order_id WHERE o.out_trade_no = $1",
            made_number,
        )
    )[0]["id"]
    refund_id = await start_refund(
        shop.site.charity_id,
        made_number,
        {f"line-{part}": PLEDGED_FEN},
        RefundReason.OTHER,
        "单位转错了",
        neighbours=neighbours_of(shop.services, donation_owners(shop)),
        actor=finance,
        now=shop.clock.now(),
    )
    return refund_id, (await rows("SELECT request_no FROM refund WHERE id = $1", refund_id))[0]["request_no"]


async def go_back(shop: Shop, serial: str, number: str, *, held: bool = False) -> None:
    record = record_held_gone if held else record_refund_gone
    await record(
        (await bank_line(serial))["id"],
        number,
        "",
        charity_id=shop.site.charity_id,
        actor=await shop.staff(Role.BOOKKEEPER),
        sealer=shop.services.sealer,
        now=shop.clock.now(),
    )


@pytest.fixture
async def no_second_person(shop: Shop) -> None:
    await rows(
        "INSERT INTO refund_terms (charity_id, valid_from, cooling_hours, second_person_over_fen, ask_again_times, "
        "ask_again_over_fen, set_by_id) VALUES ($1, '2025-01-01', 24, 100000000, 10, 100000, $2)",
        shop.site.charity_id,
        (await shop.staff(Role.FINANCE)).account_id,
    )


@pytest.mark.usefixtures("no_second_person")
async def test_a_transferred_gift_goes_back_by_bank_to_whom_it_came_from(shop: Shop, company: Viewer) -> None:
    made, code = await pledge_transfer(shop, company)
    await bring(shop, line("BK01", PLEDGED_FEN, shop.clock.now(), summary=code))
    await take(shop)
    refund_id, request_no = await refund_all(shop, made.out_trade_no)
    assert await send_due_refunds(limit=10, services=shop.services, now=shop.clock.now()) == 1
    assert shop.alipay.asked == []
    waiting = await refunds_waiting(shop.site.charity_id, sealer=shop.services.sealer, now=shop.clock.now())
    assert [(one.id, one.refusal) for one in waiting] == [(refund_id, "BANK")]
    now = shop.clock.now()
    await bring(
        shop,
        line("BK02", -PLEDGED_FEN, now, party="别的公司", summary="退款"),
        line("BK03", -PLEDGED_FEN + 1, now, summary="退款"),
        line("BK04", -PLEDGED_FEN, now, summary="退款"),
    )
    with pytest.raises(Conflict, match="户名"):
        await go_back(shop, "BK02", request_no)
    with pytest.raises(InvalidInput, match="金额"):
        await go_back(shop, "BK03", request_no)
    await go_back(shop, "BK04", request_no)
    assert await balances(shop) == {}
    assert (await rows("SELECT status FROM refund"))[0]["status"] == "succeeded"
    assert (await rows("SELECT refunded_fen FROM payment_order"))[0]["refunded_fen"] == PLEDGED_FEN
    with pytest.raises(InvalidInput, match="没有这个编号"):
        await go_back(shop, "BK02", request_no)


async def test_a_transfer_after_the_end_of_a_campaign_waits_to_go_back_by_bank(shop: Shop, company: Viewer) -> None:
    await rows(BOUND, shop.site.fund_id, shop.clock.now() + HOUR)
    _, code = await pledge_transfer(shop, company)
    late = shop.clock.advance(2 * HOUR)
    await bring(shop, line("BK01", PLEDGED_FEN, late, summary=code))
    assert await take(shop) == 1
    assert (await balances(shop))[AccountType.UNASSIGNED] == -PLEDGED_FEN
    neighbours = neighbours_of(shop.services, donation_owners(shop))
    await resolve_open_money(limit=10, neighbours=neighbours, sealer=shop.services.sealer, now=late)
    await send_due_refunds(limit=10, services=shop.services, now=late)
    number = (await rows("SELECT request_no FROM refund"))[0]["request_no"]
    await bring(shop, line("BK02", -PLEDGED_FEN, late))
    await go_back(shop, "BK02", number)
    assert await balances(shop) == {}


# --- from nobody known --------------------------------------------------------------------------------------------


async def hold(shop: Shop, serial: str) -> None:
    await code_line(
        (await bank_line(serial))["id"],
        BankLineStatus.HELD,
        "",
        charity_id=shop.site.charity_id,
        actor=await shop.staff(Role.BOOKKEEPER),
        now=shop.clock.now(),
    )


async def test_a_transfer_from_nobody_known_is_held_until_its_giver_is_found(shop: Shop, company: Viewer) -> None:
    await bring(shop, line("BK01", PLEDGED_FEN, shop.clock.now()))
    await hold(shop, "BK01")
    assert await balances(shop) == {AccountType.BANK: PLEDGED_FEN, AccountType.UNASSIGNED: -PLEDGED_FEN}
    _, code = await pledge_transfer(shop, company)
    await take_by_hand(shop, "BK01", code)
    assert await balances(shop) == {AccountType.BANK: PLEDGED_FEN, AccountType.FUND: -PLEDGED_FEN}
    with pytest.raises(Conflict):
        await hold(shop, "BK01")


async def test_what_is_held_goes_back_once_and_only_to_whoever_sent_it(shop: Shop) -> None:
    now = shop.clock.now()
    out = -PLEDGED_FEN
    await bring(
        shop,
        line("BK01", PLEDGED_FEN, now),
        line("BK02", out, now, party="别人"),
        line("BK03", out, now),
        line("BK04", out, now),
    )
    await hold(shop, "BK01")
    with pytest.raises(Conflict, match="户名"):
        await go_back(shop, "BK02", "BK01", held=True)
    await go_back(shop, "BK03", "BK01", held=True)
    assert await balances(shop) == {}
    with pytest.raises(InvalidInput, match="暂收"):
        await go_back(shop, "BK04", "BK01", held=True)


async def test_what_went_back_is_no_gift_any_more(shop: Shop, company: Viewer) -> None:
    now = shop.clock.now()
    await bring(shop, line("BK01", PLEDGED_FEN, now), line("BK02", -PLEDGED_FEN, now))
    await hold(shop, "BK01")
    await go_back(shop, "BK02", "BK01", held=True)
    _, code = await pledge_transfer(shop, company)
    with pytest.raises(Conflict):
        await take_by_hand(shop, "BK01", code)


async def test_only_the_bookkeeper_says_what_a_movement_is(shop: Shop, company: Viewer) -> None:
    _, code = await pledge_transfer(shop, company)
    await bring(shop, line("BK01", PLEDGED_FEN, shop.clock.now()))
    shop_of_cashier = replace(shop)
    cashier = await shop.staff(Role.CASHIER)

    async def staff(_: Role) -> Viewer:
        return cashier

    shop_of_cashier.staff = staff  # type: ignore[method-assign]
    with pytest.raises(Forbidden):
        await take_by_hand(shop_of_cashier, "BK01", code)


async def test_gifts_of_both_ways_stand_side_by_side(shop: Shop, company: Viewer) -> None:
    donor = await makers.make_donor(sealer=shop.services.sealer, now=shop.clock.now())
    await pay(
        await pledge(shop.site.fund_id, 700, donor=donor, now=shop.clock.now(), late_choice=LateChoice.FUND),
        sealer=shop.services.sealer,
        now=shop.clock.now(),
    )
    made, code = await pledge_transfer(shop, company)
    assert await code_of(made) == code
    await bring(shop, line("BK01", PLEDGED_FEN, shop.clock.now(), party=PARTY, summary=code))
    await take(shop)
    assert await balances(shop) == {
        AccountType.BANK: PLEDGED_FEN,
        AccountType.ALIPAY: 700,
        AccountType.FUND: -PLEDGED_FEN - 700,
    }
