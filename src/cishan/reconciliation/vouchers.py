"""A month's entries as vouchers for the charity's accountant: CSV and XLSX under the accounts of 民间非营利组织会计制度."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import xlsxwriter

from cishan.clock import beijing_day, beijing_midnight
from cishan.database import JsonRow, rows
from cishan.divisions.queries import names_of
from cishan.errors import Conflict
from cishan.labels import label
from cishan.ledger.states import EntryKind
from cishan.money import yuan_text
from cishan.reconciliation.rules import first_of_next
from cishan.shipped import shipped
from cishan.spreadsheets import MONEY_FORMAT, WORKBOOK_OPTIONS, plain_cell

MOST_LINES = 50_000
HEADINGS = ("凭证号", "日期", "摘要", "科目编号", "科目名称", "项目", "往来", "借方（元）", "贷方（元）")
WIDTHS = (10, 12, 28, 10, 30, 16, 18, 14, 14)
UNCONFIRMED = "科目编号沿用财会〔2004〕7号。2026 年起执行财会〔2024〕25号，请会计核对编号后再入账。"

SOURCES = {
    "order_line": "捐款",
    "unassigned": "待处理款",
    "refund_line": "退款",
    "advance": "备用金",
    "purchase": "采购",
    "payout": "救助款",
    "bank_line": "银行流水",
    "bill_file": "账单",
    "bill_difference": "差异",
    "surplus_move": "剩余财产",
    "ledger_entry": "冲正",
}
"""What an entry was booked for, before its number, as an accountant reads it."""
LINES = """
SELECT n.number, e.kind, e.booked_at, e.source_kind, e.source_id, a.type, a.division_code, f.name AS fund, p.amount_fen
  FROM ledger_entry e
  JOIN ledger_entry_number n ON n.entry_id = e.id
  JOIN ledger_posting p ON p.entry_id = e.id
  JOIN ledger_account a ON a.id = p.account_id
  JOIN fund f ON f.id = a.fund_id
 WHERE e.charity_id = $1 AND e.booked_at >= $2 AND e.booked_at < $3
 ORDER BY n.number, p.amount_fen DESC, p.id LIMIT $4
"""


@dataclass(frozen=True)
class AccountCode:
    """Which account of the 制度 one of ours is, from a day on. `confirmed` False: the codes are the older 制度's."""

    code: str
    name: str
    confirmed: bool


@dataclass(frozen=True)
class VoucherLine:
    """One side of an entry; one of the two sums is 0."""

    number: int
    on: date
    summary: str
    code: str
    account: str
    fund: str
    place: str
    debit_fen: int
    credit_fen: int


@dataclass(frozen=True)
class Vouchers:
    month: date
    lines: tuple[VoucherLine, ...]
    note: str

    @property
    def debit_fen(self) -> int:
        return sum(line.debit_fen for line in self.lines)

    @property
    def credit_fen(self) -> int:
        return sum(line.credit_fen for line in self.lines)


def account_codes(on: date) -> dict[str, AccountCode]:
    """The accounts in force on a day, by our own account's name."""
    with shipped("data/account_codes.csv").open(encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file) if date.fromisoformat(row["valid_from"]) <= on]
    found.sort(key=lambda row: row["valid_from"])
    return {row["account"]: AccountCode(row["code"], row["name"], row["confirmed"] == "yes") for row in found}


async def vouchers_of(charity_id: int, month: date) -> Vouchers:
    """Every numbered entry booked in a month, by number; raises Conflict for a month too large for one file."""
    start, end = beijing_midnight(month), beijing_midnight(first_of_next(month))
    found = await rows(LINES, charity_id, start, end, MOST_LINES + 1)
    if len(found) > MOST_LINES:
        raise Conflict(f"这个月超过 {MOST_LINES:,} 行分录，一个文件放不下。请联系管理员。")
    codes = account_codes(month)
    places = await names_of(sorted({row["division_code"] for row in found if row["division_code"]}))
    lines = tuple(_line(row, codes[row["type"]], places) for row in found)
    return Vouchers(month, lines, "" if all(code.confirmed for code in codes.values()) else UNCONFIRMED)


def _line(row: JsonRow, code: AccountCode, places: dict[str, str]) -> VoucherLine:
    fen = row["amount_fen"]
    return VoucherLine(
        number=row["number"],
        on=beijing_day(row["booked_at"]),
        summary=f"{label(EntryKind(row['kind']))} {SOURCES.get(row['source_kind'], '')}{row['source_id']}",
        code=code.code,
        account=code.name,
        fund=row["fund"],
        place=places.get(row["division_code"], ""),
        debit_fen=max(fen, 0),
        credit_fen=max(-fen, 0),
    )


def as_csv(vouchers: Vouchers) -> bytes:
    """UTF-8 with its mark, so that a spreadsheet reads it; no cell can become a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    if vouchers.note:
        writer.writerow((plain_cell(vouchers.note),))
    writer.writerow(HEADINGS)
    for line in vouchers.lines:
        sums = (yuan_text(line.debit_fen), yuan_text(line.credit_fen))
        writer.writerow((line.number, line.on.isoformat(), *_texts(line), *sums))
    writer.writerow(("合计", "", "", "", "", "", "", yuan_text(vouchers.debit_fen), yuan_text(vouchers.credit_fen)))
    return text.getvalue().encode("utf-8-sig")


def as_workbook(vouchers: Vouchers) -> bytes:
    """The same as XLSX: texts as texts, sums as numbers."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, WORKBOOK_OPTIONS) as book:
        bold, money = book.add_format({"bold": True}), book.add_format(MONEY_FORMAT)
        sheet = book.add_worksheet(f"{vouchers.month:%Y-%m}")
        for column, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(1, column, heading, bold)
        sheet.write_string(0, 0, vouchers.note)
        for row, line in enumerate(vouchers.lines, start=2):
            sheet.write_number(row, 0, line.number)
            _write_texts(sheet, row, 1, (line.on.isoformat(), *_texts(line)))
            sheet.write_number(row, 7, Decimal(yuan_text(line.debit_fen)), money)
            sheet.write_number(row, 8, Decimal(yuan_text(line.credit_fen)), money)
        last = len(vouchers.lines) + 2
        sheet.write_string(last, 0, "合计", bold)
        sheet.write_number(last, 7, Decimal(yuan_text(vouchers.debit_fen)), money)
        sheet.write_number(last, 8, Decimal(yuan_text(vouchers.credit_fen)), money)
        sheet.freeze_panes(2, 0)
    return stream.getvalue()


def _write_texts(sheet: xlsxwriter.worksheet.Worksheet, row: int, first: int, texts: Sequence[str]) -> None:
    for column, text in enumerate(texts, start=first):
        sheet.write_string(row, column, text)


def _texts(line: VoucherLine) -> tuple[str, ...]:
    return tuple(plain_cell(text) for text in (line.summary, line.code, line.account, line.fund, line.place))
