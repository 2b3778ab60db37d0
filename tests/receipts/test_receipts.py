"""Receipts: one for a gift, numbered without gaps, never a number twice, reversed when money goes back (R-15)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from asyncpg import ForeignKeyViolationError, InsufficientPrivilegeError
from tortoise.exceptions import BaseORMException
from tortoise.transactions import in_transaction

import makers
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, IllegalMove, InvalidInput, NotFound
from cishan.messages.queries import messages_of
from cishan.receipts.actions import (
    BillNumbers,
    Payer,
    enter_red_bill,
    refuse_receipt,
    remind_of_late_receipts,
    request_receipt,
    reverse_receipt,
    reverse_wrong_receipt,
)
from cishan.receipts.queries import money_gift_of, reversals_to_enter, waiting_request, waiting_requests
from cishan.receipts.states import PayerKind, ReceiptState
from cishan.sealing import Sealer
from cishan.settings import Settings
from conftest import START, Committed
from receipts.gift_makers import (
    CODE_2025,
    Office,
    ask,
    issue,
    make_gift,
    make_office,
    make_receipt,
    new_bill,
    numbers,
    refund,
)

ID_NUMBER = "110101199003078515"
NEW_YEAR = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


@pytest.fixture
async def office(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Office:
    return await make_office(sealer=sealer, now=clock.now())


async def test_a_donor_asks_and_finance_issues(office: Office, clock: SteppedClock) -> None:
    now = clock.now()
    order_id = await make_gift(office, now=now)
    assert (await money_gift_of(order_id, viewer=office.donor)).state is ReceiptState.NOT_ASKED
    request_id = await ask(office, order_id, now=now, number=ID_NUMBER)
    request = await waiting_request(request_id, office.site.charity_id, sealer=office.sealer)
    assert (request.payer_name, request.payer_number, request.amount_fen) == ("王芳", ID_NUMBER, 30_000)
    assert request.project == office.site.fund_name
    bill = new_bill()
    await issue(office, request_id, now=now, bill=bill)
    gift = await money_gift_of(order_id, viewer=office.donor)
    assert gift.state is ReceiptState.ISSUED
    assert gift.receipt
    assert (gift.receipt.register, gift.receipt.number, gift.receipt.amount_fen) == ("2025-000001", bill.number, 30_000)
    assert await waiting_requests(office.site.charity_id, sealer=office.sealer) == ()
    messages, _ = await messages_of(office.donor, 1, sealer=office.sealer)
    assert "票据开好了" in messages[0].text


async def test_the_smallest_gift_has_a_receipt_too(office: Office, clock: SteppedClock) -> None:
    order_id = await make_gift(office, now=clock.now(), price_fen=1)
    await issue(office, await ask(office, order_id, now=clock.now()), now=clock.now(), amount_fen=1)
    gift = await money_gift_of(order_id, viewer=office.donor)
    assert gift.receipt
    assert gift.receipt.amount_fen == 1


async def test_a_request_is_due_in_seven_working_days(office: Office, clock: SteppedClock) -> None:
    order_id = await make_gift(office, now=clock.now())
    await ask(office, order_id, now=clock.now())
    due = (await money_gift_of(order_id, viewer=office.donor)).due_at
    assert due == datetime(2025, 3, 12, 16, 0, tzinfo=UTC)


async def test_finance_is_told_once_of_a_late_request(office: Office, clock: SteppedClock) -> None:
    await ask(office, await make_gift(office, now=clock.now()), now=clock.now())
    assert await remind_of_late_receipts(limit=10, sealer=office.sealer, now=clock.now()) == 0
    now = clock.advance(timedelta(days=12))
    assert await remind_of_late_receipts(limit=10, sealer=office.sealer, now=now) == 1
    assert await remind_of_late_receipts(limit=10, sealer=office.sealer, now=now) == 0
    messages, _ = await messages_of(office.finance, 1, sealer=office.sealer)
    assert "过了该开的日子" in messages[0].text


async def test_one_gift_has_one_receipt(office: Office, clock: SteppedClock) -> None:
    now = clock.now()
    order_id = await make_gift(office, now=now)
    request_id = await ask(office, order_id, now=now)
    with pytest.raises(Conflict, match="已经申请过"):
        await ask(office, order_id, now=now)
    await issue(office, request_id, now=now)
    with pytest.raises(Conflict, match="只开一张"):
        await ask(office, order_id, now=now)
    with pytest.raises(IllegalMove):
        await issue(office, request_id, now=now)
    assert await numbers() == [1]


async def test_a_strangers_gift_is_not_there(office: Office, sealer: Sealer, clock: SteppedClock) -> None:
    order_id = await make_gift(office, now=clock.now())
    stranger = await makers.make_donor(sealer=sealer, now=clock.now())
    with pytest.raises(NotFound):
        await request_receipt(order_id, Payer("王芳"), actor=stranger, sealer=sealer, now=clock.now())
    with pytest.raises(NotFound):
        await money_gift_of(order_id, viewer=stranger)


async def test_an_organisations_receipt_is_made_out_to_itself(
    office: Office, sealer: Sealer, clock: SteppedClock
) -> None:
    company = await makers.make_organisation(sealer=sealer, now=clock.now())
    order_id = await make_gift(office, now=clock.now(), donor=company)
    payer = Payer("某某人", "53371400MJE0000011")
    request_id = await request_receipt(order_id, payer, actor=company, sealer=sealer, now=clock.now())
    request = await waiting_request(request_id, office.site.charity_id, sealer=sealer)
    assert request.payer_kind is PayerKind.ORGANISATION
    assert (request.payer_name, request.payer_number) == ("德州示例商贸有限公司", "91371400MA3C00001D")


@pytest.mark.parametrize(
    ("name", "number", "field"), [("", "", "payer_name"), ("王芳", "110101199003078516", "payer_number")]
)
async def test_a_wrong_payer_is_refused_with_a_sentence(
    office: Office, clock: SteppedClock, name: str, number: str, field: str
) -> None:
    order_id = await make_gift(office, now=clock.now())
    with pytest.raises(InvalidInput) as refused:
        await request_receipt(order_id, Payer(name, number), actor=office.donor, sealer=office.sealer, now=clock.now())
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    ("bill", "field"),
    [
        (BillNumbers("3706012", "0000000001", "a1b2c3"), "code"),
        (BillNumbers("37060124", "0000000001", "a1b2c3"), "code"),
        (BillNumbers(CODE_2025, "000000001", "a1b2c3"), "number"),
        (BillNumbers(CODE_2025, "００００００００01", "a1b2c3"), "number"),
        (BillNumbers(CODE_2025, "0000000001", "a1b2c"), "check_code"),
    ],
)
async def test_a_wrong_number_never_enters(office: Office, clock: SteppedClock, bill: BillNumbers, field: str) -> None:
    request_id = await ask(office, await make_gift(office, now=clock.now()), now=clock.now())
    with pytest.raises(InvalidInput) as refused:
        await issue(office, request_id, now=clock.now(), bill=bill)
    assert list(refused.value.fields) == [field]
    assert await numbers() == []


async def test_a_number_is_never_used_again_and_leaves_no_gap(office: Office, clock: SteppedClock) -> None:
    now = clock.now()
    bill = new_bill()
    first = await ask(office, await make_gift(office, now=now), now=now)
    second = await ask(office, await make_gift(office, now=now), now=now)
    await issue(office, first, now=now, bill=bill)
    with pytest.raises(InvalidInput) as refused:
        await issue(office, second, now=now, bill=bill)
    assert "number" in refused.value.fields
    await issue(office, second, now=now)
    assert await numbers() == [1, 2]


async def test_a_red_number_is_never_used_again_either(office: Office, clock: SteppedClock) -> None:
    now, bill = clock.now(), new_bill()
    _, receipt_id = await make_receipt(office, now=now)
    await reverse_wrong_receipt(receipt_id, actor=office.finance, sealer=office.sealer, now=now)
    waiting = await reversals_to_enter(office.site.charity_id)
    await enter_red_bill(waiting[0]["id"], bill, actor=office.finance, now=now)
    with pytest.raises(Conflict):
        await enter_red_bill(waiting[0]["id"], new_bill(), actor=office.finance, now=now)
    again = (await waiting_requests(office.site.charity_id, sealer=office.sealer))[0]
    with pytest.raises(InvalidInput):
        await issue(office, again.id, now=now, bill=bill)


async def test_each_year_begins_at_one(office: Office, clock: SteppedClock) -> None:
    await make_receipt(office, now=clock.now())
    clock.move_to(NEW_YEAR)
    request_id = await ask(office, await make_gift(office, now=NEW_YEAR), now=NEW_YEAR)
    await issue(office, request_id, now=NEW_YEAR, bill=new_bill("37060126"))
    assert await rows("SELECT year, number FROM receipt ORDER BY year") == [
        {"year": 2025, "number": 1},
        {"year": 2026, "number": 1},
    ]


async def test_money_without_a_use_is_on_no_receipt(office: Office, clock: SteppedClock) -> None:
    now = clock.now()
    order_id = await make_gift(office, now=now, paid_fen=30_500)
    request_id = await ask(office, order_id, now=now)
    with pytest.raises(Conflict, match=r"300\.00"):
        await issue(office, request_id, now=now, amount_fen=30_500)
    await issue(office, request_id, now=now, amount_fen=30_000)


async def test_a_gift_of_which_nothing_is_left_has_no_receipt(office: Office, clock: SteppedClock) -> None:
    order_id = await make_gift(office, now=clock.now(), paid_fen=20_000)
    assert (await money_gift_of(order_id, viewer=office.donor)).state is ReceiptState.NOTHING_LEFT
    with pytest.raises(Conflict):
        await ask(office, order_id, now=clock.now())


async def test_a_refused_request_says_why_and_may_be_made_again(office: Office, clock: SteppedClock) -> None:
    now = clock.now()
    order_id = await make_gift(office, now=now)
    request_id = await ask(office, order_id, now=now)
    await refuse_receipt(request_id, "请写身份证上的名字。", actor=office.finance, sealer=office.sealer, now=now)
    gift = await money_gift_of(order_id, viewer=office.donor)
    assert (gift.state, gift.refusal) == (ReceiptState.REFUSED, "请写身份证上的名字。")
    await issue(office, await ask(office, order_id, now=now), now=now)
    assert await numbers() == [1]


async def test_part_of_a_gift_goes_back_and_the_rest_is_asked_for(office: Office, clock: SteppedClock) -> None:
    now = clock.now()
    order_id, receipt_id = await make_receipt(office, now=now)
    await refund(office, order_id, 10_000, now=now)
    assert not await reverse_receipt(order_id, actor=None, sealer=office.sealer, now=now)
    gift = await money_gift_of(order_id, viewer=office.donor)
    assert (gift.state, gift.left_fen, gift.receipt) == (ReceiptState.WAITING, 20_000, None)
    again = (await waiting_requests(office.site.charity_id, sealer=office.sealer))[0]
    assert (again.payer_name, again.amount_fen) == ("王芳", 20_000)
    with pytest.raises(Conflict):
        await issue(office, again.id, now=now, amount_fen=30_000)
    await issue(office, again.id, now=now, amount_fen=20_000)
    found = await rows("SELECT id, number, replaces_id FROM receipt ORDER BY id")
    assert [row["number"] for row in found] == [1, 2]
    assert found[1]["replaces_id"] == receipt_id
    assert len(await reversals_to_enter(office.site.charity_id)) == 1


async def test_a_receipt_is_reversed_in_the_moment_the_refund_is_promised(office: Office, clock: SteppedClock) -> None:
    order_id, _ = await make_receipt(office, now=clock.now())
    await refund(office, order_id, 30_000, now=clock.now())
    gift = await money_gift_of(order_id, viewer=office.donor)
    assert (gift.state, gift.receipt, gift.left_fen) == (ReceiptState.NOTHING_LEFT, None, 0)
    assert await waiting_requests(office.site.charity_id, sealer=office.sealer) == ()
    messages, _ = await messages_of(office.donor, 1, sealer=office.sealer)
    assert any("已经作废" in message.text for message in messages)


async def test_a_waiting_request_is_dropped_with_the_gift(office: Office, clock: SteppedClock) -> None:
    now = clock.now()
    order_id = await make_gift(office, now=now)
    request_id = await ask(office, order_id, now=now)
    await refund(office, order_id, 30_000, now=now)
    with pytest.raises(IllegalMove):
        await issue(office, request_id, now=now)
    assert (await rows("SELECT status FROM receipt_request"))[0]["status"] == "dropped"


async def test_a_gift_without_receipt_is_left_as_it_is(office: Office, clock: SteppedClock) -> None:
    order_id = await make_gift(office, now=clock.now())
    await reverse_receipt(order_id, actor=None, sealer=office.sealer, now=clock.now())
    assert await rows("SELECT id FROM receipt_reversal") == []
    assert (await money_gift_of(order_id, viewer=office.donor)).state is ReceiptState.NOT_ASKED


async def test_a_wrong_receipt_is_reversed_once(office: Office, clock: SteppedClock) -> None:
    _, receipt_id = await make_receipt(office, now=clock.now())
    await reverse_wrong_receipt(receipt_id, actor=office.finance, sealer=office.sealer, now=clock.now())
    with pytest.raises(Conflict):
        await reverse_wrong_receipt(receipt_id, actor=office.finance, sealer=office.sealer, now=clock.now())


COPY_RECEIPT = """
INSERT INTO receipt (request_id, order_id, charity_id, year, number, bill_id, project, amount_fen, issued_by_id, issued_at,
                     replaces_id)
SELECT $1, order_id, charity_id, year, number + 1, $2, project, amount_fen, issued_by_id, issued_at, id FROM receipt
"""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE receipt SET amount_fen = 1",
        "DELETE FROM receipt",
        "UPDATE fiscal_bill SET number = '0000000009'",
        "DELETE FROM fiscal_bill",
        "DELETE FROM receipt_reversal",
        "UPDATE receipt_reversal SET left_fen = 0",
    ],
)
async def test_the_database_lets_nobody_change_what_was_issued(
    office: Office, clock: SteppedClock, statement: str
) -> None:
    await make_receipt(office, now=clock.now())
    with pytest.raises((InsufficientPrivilegeError, BaseORMException), match="permission denied"):
        async with in_transaction():
            await rows(statement)


async def test_the_database_refuses_a_second_receipt_that_counts(office: Office, clock: SteppedClock) -> None:
    """The action's guard is passed by: the row is copied, naming a receipt that was never reversed."""
    now = clock.now()
    await make_receipt(office, now=now)
    other = await ask(office, await make_gift(office, now=now), now=now)
    spare = await rows(
        "INSERT INTO fiscal_bill (code, number, check_code, colour, entered_by_id, entered_at) "
        "VALUES ('37060125', '9999999999', 'ABCDEF', 'blue', $1, $2) RETURNING id",
        office.finance.account_id,
        now,
    )
    with pytest.raises((ForeignKeyViolationError, BaseORMException), match="fk_receipt_replaces_reversed"):
        async with in_transaction():
            await rows(COPY_RECEIPT, other, spare[0]["id"])


async def test_many_at_once_leave_no_gap_and_no_double(committed_database: Committed, sealer: Sealer) -> None:
    clock = SteppedClock(START)
    office = await make_office(sealer=sealer, now=clock.now())
    requests = [await ask(office, await make_gift(office, now=clock.now()), now=clock.now()) for _ in range(24)]
    bills = [new_bill() for _ in requests]
    # Every request is issued twice at once, and every second bill is used for two requests.
    tries = [
        issue(office, request, now=clock.now(), bill=bills[place // 2])
        for place, request in enumerate(requests)
        for _ in range(2)
    ]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    issued = [one for one in outcomes if isinstance(one, int)]
    assert {type(one) for one in outcomes if not isinstance(one, int)} <= {IllegalMove, InvalidInput}
    assert len(issued) == 12
    assert await numbers() == list(range(1, 13))


async def _numbered(office: Office, clock: SteppedClock, count: int) -> list[int]:
    for _ in range(count):
        await make_receipt(office, now=clock.now())
        clock.advance(timedelta(seconds=1))
    return await numbers()


async def test_two_hundred_numbers_are_whole(office: Office, clock: SteppedClock) -> None:
    assert await _numbered(office, clock, 200) == list(range(1, 201))


@pytest.mark.slow
async def test_ten_thousand_numbers_are_whole(office: Office, clock: SteppedClock) -> None:
    assert await _numbered(office, clock, 10_000) == list(range(1, 10_001))
