"""A bank's statement is checked row by row, written once, and each movement is recognised by the bookkeeper."""

import io
import os
from pathlib import Path

import pytest

from bank.bank_makers import table
from cishan.accounts.states import Role
from cishan.bank.coding import code_line
from cishan.bank.queries import funds_with_money
from cishan.bank.reading import ReadStatement
from cishan.bank.statements import apply_statement, preview_statement
from cishan.bank.states import BankLineStatus
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput
from cishan.ledger.actions import Source, book_gift
from cishan.ledger.queries import balance_of
from cishan.ledger.states import AccountType
from cishan.sealing import Sealer
from cishan.settings import Settings
from projects.project_makers import make_open_project, make_project_people
from reconciliation.scenes import Shop, make_shop

WITHDRAWN = "2025-03-04 10:20:00,BK0001,200.00,,支付宝（中国）网络技术有限公司,提现"
FEE = "2025/3/4 10:21,BK0002,,1.50,,短信费"
OTHER = '2025-03-05,BK0003,"1,000.00",,张三,往来款'


@pytest.fixture
async def shop(transaction: Settings, sealer: Sealer, clock: SteppedClock) -> Shop:
    return await make_shop(transaction, sealer, clock)


async def preview(shop: Shop, directory: Path, *lines: str) -> tuple[int, ReadStatement]:
    cashier = await shop.staff(Role.CASHIER)
    return await preview_statement(
        table(*lines),
        "3月.csv",
        charity_id=shop.site.charity_id,
        directory=directory,
        actor=cashier,
        now=shop.clock.now(),
    )


async def brought(shop: Shop, directory: Path, *lines: str) -> int:
    """How many new movements a statement brings."""
    statement_id, _ = await preview(shop, directory, *lines)
    return await apply_statement(
        statement_id,
        charity_id=shop.site.charity_id,
        directory=directory,
        actor=await shop.staff(Role.CASHIER),
        sealer=shop.services.sealer,
        now=shop.clock.now(),
    )


async def code(shop: Shop, serial: str, status: BankLineStatus, note: str = "", fund_id: int | None = None) -> None:
    line_id = (await rows("SELECT id FROM bank_line WHERE serial = $1", serial))[0]["id"]
    bookkeeper = await shop.staff(Role.BOOKKEEPER)
    charity_id, now = shop.site.charity_id, shop.clock.now()
    await code_line(line_id, status, note, charity_id=charity_id, actor=bookkeeper, now=now, fund_id=fund_id)


async def balances(shop: Shop) -> tuple[int, int, int]:
    kinds = (AccountType.ALIPAY, AccountType.BANK, AccountType.FEES)
    first, second, third = [await balance_of(shop.site.fund_id, kind) for kind in kinds]
    return first, second, third


async def test_a_statement_is_taken_once_whatever_file_it_comes_in(shop: Shop, tmp_path: Path) -> None:
    assert await brought(shop, tmp_path, WITHDRAWN, FEE) == 2
    assert await brought(shop, tmp_path, WITHDRAWN, FEE) == 0
    assert await brought(shop, tmp_path, FEE, OTHER) == 1
    found = await rows("SELECT serial, amount_fen, suggestion, status FROM bank_line ORDER BY serial")
    assert [tuple(row.values()) for row in found] == [
        ("BK0001", 20_000, "withdrawal", "unrecognised"),
        ("BK0002", -150, "fee", "unrecognised"),
        ("BK0003", 100_000, "unrecognised", "unrecognised"),
    ]


async def test_nothing_is_written_before_somebody_says_so(shop: Shop, tmp_path: Path) -> None:
    statement_id, _ = await preview(shop, tmp_path, WITHDRAWN)
    assert statement_id
    assert await rows("SELECT id FROM bank_line") == []


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("3月4日,BK0009,1.00,,,x", "交易时间"),
        ("2025-02-30,BK0009,1.00,,,x", "交易时间"),
        ("2025-03-04,号,1.00,,,x", "交易流水号"),
        ("2025-03-04,BK0009,1.005,,,x", "收入"),
        ("2025-03-04,BK0009,,1e3,,x", "支出"),
        ("2025-03-04,BK0009,1.00,2.00,,x", "收入"),
        ("2025-03-04,BK0009,,,,x", "收入"),
        ("2025-03-04,BK0001,5.00,,,x", "交易流水号"),
        (f"2025-03-04,BK0009,5.00,,,{'长' * 121}", "摘要"),
    ],
)
async def test_a_wrong_row_is_named_and_nothing_is_taken(shop: Shop, tmp_path: Path, line: str, column: str) -> None:
    statement_id, read = await preview(shop, tmp_path, WITHDRAWN, line)
    assert (statement_id, [(error.row, error.column) for error in read.errors]) == (0, [(3, column)])
    assert await rows("SELECT id FROM bank_statement") == []
    assert os.listdir(tmp_path) == []


async def test_a_file_that_is_no_table_is_refused(shop: Shop, tmp_path: Path) -> None:
    cashier = await shop.staff(Role.CASHIER)
    for content in (b"", b"PK\x03\x04zip", "日期,金额\r\n".encode()):
        with pytest.raises(InvalidInput):
            await preview_statement(
                io.BytesIO(content), "x", charity_id=1, directory=tmp_path, actor=cashier, now=shop.clock.now()
            )


async def test_a_withdrawal_moves_money_from_alipay_to_the_bank(shop: Shop, tmp_path: Path) -> None:
    await shop.paid()
    await brought(shop, tmp_path, WITHDRAWN, FEE)
    await code(shop, "BK0001", BankLineStatus.WITHDRAWAL)
    await code(shop, "BK0002", BankLineStatus.FEE)
    assert await balances(shop) == (10_000, 20_000 - 150, 150)


async def test_a_project_s_money_is_taken_to_the_bank_by_itself(shop: Shop, tmp_path: Path) -> None:
    await shop.paid()
    now, sealer, charity_id = shop.clock.now(), shop.services.sealer, shop.site.charity_id
    people = await make_project_people(sealer=sealer, now=now)
    project = await make_open_project(sealer=sealer, now=now, people=people)
    fund_id: int = project.fund_id  # type: ignore[attr-defined]
    assert fund_id not in [found for found, _ in await funds_with_money(charity_id)]
    await book_gift(fund_id, 20_000, Source("order_line", 7), paid_at=now, now=now)
    assert [found for found, _ in await funds_with_money(charity_id)] == [shop.site.fund_id, fund_id]
    await brought(shop, tmp_path, WITHDRAWN)
    with pytest.raises(InvalidInput):
        await code(shop, "BK0001", BankLineStatus.WITHDRAWAL, fund_id=999_999)
    await code(shop, "BK0001", BankLineStatus.WITHDRAWAL, fund_id=fund_id)
    assert await balance_of(fund_id, AccountType.BANK) == 20_000
    assert (await balances(shop))[1] == 0


async def test_noise_is_booked_nowhere_and_needs_its_reason(shop: Shop, tmp_path: Path) -> None:
    await brought(shop, tmp_path, OTHER)
    with pytest.raises(InvalidInput):
        await code(shop, "BK0003", BankLineStatus.NOISE)
    await code(shop, "BK0003", BankLineStatus.NOISE, "另一个项目的钱")
    assert await rows("SELECT id FROM ledger_entry WHERE source_kind = 'bank_line'") == []


async def test_more_than_alipay_holds_was_not_withdrawn_from_it(shop: Shop, tmp_path: Path) -> None:
    await brought(shop, tmp_path, WITHDRAWN)
    with pytest.raises(Conflict):
        await code(shop, "BK0001", BankLineStatus.WITHDRAWAL)


async def test_a_movement_is_recognised_once(shop: Shop, tmp_path: Path) -> None:
    await shop.paid()
    await brought(shop, tmp_path, WITHDRAWN)
    await code(shop, "BK0001", BankLineStatus.WITHDRAWAL)
    with pytest.raises(Conflict):
        await code(shop, "BK0001", BankLineStatus.NOISE, "另一个项目的钱")


@pytest.mark.parametrize(("serial", "status"), [("BK0002", BankLineStatus.WITHDRAWAL), ("BK0001", BankLineStatus.FEE)])
async def test_the_direction_must_fit(shop: Shop, tmp_path: Path, serial: str, status: BankLineStatus) -> None:
    await shop.paid()
    await brought(shop, tmp_path, WITHDRAWN, FEE)
    with pytest.raises(InvalidInput):
        await code(shop, serial, status)


async def test_cashier_and_bookkeeper_are_two_people(shop: Shop, tmp_path: Path) -> None:
    bookkeeper, cashier = await shop.staff(Role.BOOKKEEPER), await shop.staff(Role.CASHIER)
    now, charity_id = shop.clock.now(), shop.site.charity_id
    with pytest.raises(Forbidden):
        await preview_statement(table(OTHER), "x", charity_id=charity_id, directory=tmp_path, actor=bookkeeper, now=now)
    await brought(shop, tmp_path, OTHER)
    line_id = (await rows("SELECT id FROM bank_line"))[0]["id"]
    with pytest.raises(Forbidden):
        await code_line(line_id, BankLineStatus.NOISE, "另一个项目的钱", charity_id=charity_id, actor=cashier, now=now)
