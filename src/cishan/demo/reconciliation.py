"""The demo's bills and bank: every day agrees but one, and the bank shows a withdrawal that nobody has recognised yet beside one that is booked.

The sandbox knows nothing of what was paid before it was up, so the bills of those days are written here and are not asked for
again.
"""

import io
from collections.abc import Mapping
from datetime import datetime, timedelta

from cishan.bank.coding import code_line
from cishan.bank.desk import statements_directory
from cishan.bank.gifts import take_named_transfers
from cishan.bank.reading import COLUMNS
from cishan.bank.statements import apply_statement, preview_statement
from cishan.bank.states import BankLineStatus
from cishan.charities.queries import Site
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.demo.staff import Crew
from cishan.donations.actions import make_donation
from cishan.payments.owners import LineOwners
from cishan.payments.states import LateChoice, PayChannel
from cishan.reconciliation.comparing import record_bill
from cishan.reconciliation.fetching import open_days
from cishan.reconciliation.reading import BillLine, bill_of
from cishan.reconciliation.refunds import refunds_of_day
from cishan.reconciliation.states import BillRowKind
from cishan.services import Services

PAID = """
SELECT trade_no, out_trade_no, paid_fen, paid_at, (paid_at AT TIME ZONE 'Asia/Shanghai')::date AS day
  FROM payment_order WHERE status = 'paid' AND channel = 'alipay' ORDER BY paid_at
"""
DAYS = "SELECT id, day FROM bill_day ORDER BY day"
ASK_NO_MORE = "UPDATE bill_day SET next_try_at = NULL"
STRANGERS_FEN = 1_990
FIRST_WITHDRAWAL = "DEMO202500000"
STATEMENT = (
    ("{day} 09:10:00", FIRST_WITHDRAWAL, "200.00", "", "支付宝（中国）网络技术有限公司", "提现"),
    ("{day} 10:20:00", "DEMO202500001", "300.00", "", "支付宝（中国）网络技术有限公司", "提现"),
    ("{day} 10:21:00", "DEMO202500002", "", "1.50", "", "短信费"),
    ("{day} 14:05:00", "DEMO202500003", "20000.00", "", "{company}", "捐款 {code}"),
    ("{day} 15:30:00", "DEMO202500004", "5000.00", "", "{company}", "往来款"),
)
PLEDGES_FEN = (2_000_000, 500_000)
"""What a company has announced: the first transfer names its code, the second forgot it."""
COMPANY = """
SELECT a.id, g.name FROM account a JOIN organisation g ON g.id = a.organisation_id WHERE a.id = ANY($1) ORDER BY a.id LIMIT 1
"""
CODE = "SELECT transfer_code FROM payment_order WHERE out_trade_no = $1"


async def agree_with_bills(crew: Crew, site: Site, services: Services, owners: LineOwners, *, now: datetime) -> None:
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
    await _bring_statement(crew, site, services, await _announce(crew, site, now=now), now=now)
    await take_named_transfers(limit=10, services=services, owners=owners, now=now)


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


async def _announce(crew: Crew, site: Site, *, now: datetime) -> dict[str, str]:
    """A company says what it will transfer; its name and the first code."""
    found = (await rows(COMPANY, [donor.account_id for donor in crew.donors]))[0]
    company = next(donor for donor in crew.donors if donor.account_id == found["id"])
    made = [
        await make_donation(
            site.fund_id,
            amount_fen,
            shows_name=True,
            late_choice=LateChoice.FUND,
            actor=company,
            now=now - timedelta(days=1),
            channel=PayChannel.BANK,
        )
        for amount_fen in PLEDGES_FEN
    ]
    return {"company": found["name"], "code": (await rows(CODE, made[0].out_trade_no))[0]["transfer_code"]}


async def _bring_statement(
    crew: Crew, site: Site, services: Services, words: Mapping[str, str], *, now: datetime
) -> None:
    day = beijing_day(now).isoformat()
    table = [",".join(COLUMNS), *(",".join(cells).format(day=day, **words) for cells in STATEMENT)]
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
