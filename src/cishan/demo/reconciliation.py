"""The demo's bills and bank: every day agrees but one, and the bank shows a withdrawal that nobody has recognised yet beside one that is booked.

The sandbox knows nothing of what was paid before it was up, so the bills of those days are written here and are not asked for
again.
"""

import io
from datetime import datetime

from cishan.bank.coding import code_line
from cishan.bank.desk import statements_directory
from cishan.bank.reading import COLUMNS
from cishan.bank.statements import apply_statement, preview_statement
from cishan.bank.states import BankLineStatus
from cishan.charities.queries import Site
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.demo.staff import Crew
from cishan.reconciliation.comparing import record_bill
from cishan.reconciliation.fetching import open_days
from cishan.reconciliation.reading import BillLine, bill_of
from cishan.reconciliation.refunds import refunds_of_day
from cishan.reconciliation.states import BillRowKind
from cishan.services import Services

PAID = """
SELECT trade_no, out_trade_no, paid_fen, paid_at, (paid_at AT TIME ZONE 'Asia/Shanghai')::date AS day
  FROM payment_order WHERE status = 'paid' ORDER BY paid_at
"""
DAYS = "SELECT id, day FROM bill_day ORDER BY day"
ASK_NO_MORE = "UPDATE bill_day SET next_try_at = NULL"
STRANGERS_FEN = 1_990
FIRST_WITHDRAWAL = "DEMO202500000"
STATEMENT = (
    ("{day} 09:10:00", FIRST_WITHDRAWAL, "200.00", "", "支付宝（中国）网络技术有限公司", "提现"),
    ("{day} 10:20:00", "DEMO202500001", "300.00", "", "支付宝（中国）网络技术有限公司", "提现"),
    ("{day} 10:21:00", "DEMO202500002", "", "1.50", "", "短信费"),
    ("{day} 14:05:00", "DEMO202500003", "5000.00", "", "德州示例商贸有限公司", "往来款"),
)


async def agree_with_bills(crew: Crew, site: Site, services: Services, *, now: datetime) -> None:
    """Records the bill of every day so far; the last one with payments has one of somebody else's in it."""
    await open_days(now=now)
    days = await rows(DAYS)
    paid: dict[object, list[JsonRow]] = {}
    for row in await rows(PAID):
        paid.setdefault(row["day"], []).append(row)
    last = max((day["day"] for day in days if day["day"] in paid), default=None)
    for day in days:
        lines = [_line(number, row) for number, row in enumerate(paid.get(day["day"], []), start=6)]
        if day["day"] == last:
            at = lines[0].finished_at
            lines.append(_stranger(len(lines) + 6, at))
        await record_bill(day["id"], bill_of(lines), refunds=refunds_of_day(), now=now)
    await rows(ASK_NO_MORE)
    await _bring_statement(crew, site, services, now=now)


def _line(number: int, row: JsonRow) -> BillLine:
    fen = row["paid_fen"]
    return BillLine(number, BillRowKind.PAYMENT, row["trade_no"], row["out_trade_no"], "", fen, fen, 0, row["paid_at"])


def _stranger(number: int, at: datetime) -> BillLine:
    return BillLine(
        number,
        BillRowKind.PAYMENT,
        "2025000022001400000000000019",
        "QR20250019",
        "",
        STRANGERS_FEN,
        STRANGERS_FEN,
        0,
        at,
    )


async def _bring_statement(crew: Crew, site: Site, services: Services, *, now: datetime) -> None:
    day = beijing_day(now).isoformat()
    table = [",".join(COLUMNS), *(",".join(cells).format(day=day) for cells in STATEMENT)]
    directory = statements_directory(services.settings)
    statement_id, _ = await preview_statement(
        io.BytesIO("\r\n".join(table).encode("utf-8")),
        "示例银行流水.csv",
        charity_id=site.charity_id,
        directory=directory,
        actor=crew.cashier,
        now=now,
    )
    await apply_statement(
        statement_id,
        charity_id=site.charity_id,
        directory=directory,
        actor=crew.cashier,
        sealer=services.sealer,
        now=now,
    )
    line = (await rows("SELECT id FROM bank_line WHERE serial = $1", FIRST_WITHDRAWAL))[0]["id"]
    await code_line(line, BankLineStatus.WITHDRAWAL, "", charity_id=site.charity_id, actor=crew.bookkeeper, now=now)
