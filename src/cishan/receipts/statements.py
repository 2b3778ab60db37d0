"""A donor's yearly statement: built once, shown as a page, set as a PDF, written as a workbook."""

import io
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from cishan.amount_words import amount_in_words
from cishan.charities.queries import Site
from cishan.labels import label
from cishan.money import yuan_text
from cishan.receipts.pages import Statement, StatementRow
from cishan.receipts.queries import InKind, MoneyGift
from cishan.spreadsheets import MONEY_FORMAT, WORKBOOK_OPTIONS, plain_cell
from cishan.templating import day, yuan

HEADINGS = ("日期", "捐款编号", "用途", "捐了（元）", "其中有效（元）", "票据")
WIDTHS = (18, 36, 36, 14, 16, 30)
IN_KIND_HEADINGS = ("日期", "心愿", "做了什么")


def make_statement(
    gifts: Sequence[MoneyGift], in_kind: Sequence[InKind], *, year: int, name: str, site: Site, now: datetime
) -> Statement:
    """Sums over a donor's gifts of a year. Pure."""
    left_fen = sum(gift.left_fen for gift in gifts)
    return Statement(
        year=year,
        name=name,
        charity=site.name,
        uscc=site.uscc,
        made_on=day(now),
        rows=tuple(_row(gift) for gift in gifts),
        in_kind=tuple((day(one.on), one.title, _given(one)) for one in in_kind),
        paid_fen=sum(gift.paid_fen for gift in gifts),
        refunded_fen=sum(gift.refunded_fen for gift in gifts),
        unsettled_fen=sum(gift.unsettled_fen for gift in gifts),
        left_fen=left_fen,
        left_words=amount_in_words(left_fen),
        receipted_fen=sum(gift.receipt.amount_fen for gift in gifts if gift.receipt),
    )


def _row(gift: MoneyGift) -> StatementRow:
    receipt = f"{gift.receipt.code} {gift.receipt.number}" if gift.receipt else label(gift.state)
    return StatementRow(
        on=day(gift.paid_at),
        number=gift.out_trade_no,
        what=gift.title,
        paid=yuan_text(gift.paid_fen),
        left=yuan_text(gift.left_fen),
        receipt=receipt,
    )


def _given(one: InKind) -> str:
    return f"出时间 {one.hours} 小时" if one.is_time else f"送来实物，约值 {yuan(one.value_fen)}"


def statement_data(statement: Statement) -> dict[str, object]:
    """The statement as plain data for the printer."""
    return {
        "title": f"{statement.year} 年捐赠对账单",
        "name": statement.name,
        "charity": statement.charity,
        "uscc": statement.uscc,
        "made_on": statement.made_on,
        "rows": [[row.on, row.number, row.what, row.paid, row.left, row.receipt] for row in statement.rows],
        "in_kind": [list(one) for one in statement.in_kind],
        "sums": [
            ["一共捐了", yuan(statement.paid_fen)],
            *([["退回", yuan(statement.refunded_fen)]] if statement.refunded_fen else []),
            *([["还在处理", yuan(statement.unsettled_fen)]] if statement.unsettled_fen else []),
            ["其中有效", yuan(statement.left_fen)],
            ["大写", statement.left_words],
            ["已开票据", yuan(statement.receipted_fen)],
        ],
    }


def workbook_of(statement: Statement) -> bytes:
    """The statement as XLSX. Every cell is text or a number: whatever was typed as a name can't become a formula."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, WORKBOOK_OPTIONS) as book:
        bold, money = book.add_format({"bold": True}), book.add_format(MONEY_FORMAT)
        sheet = book.add_worksheet("捐款")
        sheet.set_landscape()
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width)
        sheet.write_string(0, 0, f"{statement.year} 年捐赠对账单", bold)
        sheet.write_string(1, 0, plain_cell(f"{statement.name}　{statement.charity}"))
        for column, heading in enumerate(HEADINGS):
            sheet.write_string(3, column, heading, bold)
        for number, row in enumerate(statement.rows, start=4):
            for column, text in enumerate((row.on, row.number, row.what)):
                sheet.write_string(number, column, plain_cell(text))
            sheet.write_number(number, 3, _number(row.paid), money)
            sheet.write_number(number, 4, _number(row.left), money)
            sheet.write_string(number, 5, plain_cell(row.receipt))
        last = 4 + len(statement.rows)
        sheet.write_string(last, 0, "合计", bold)
        sheet.write_number(last, 3, _number(yuan_text(statement.paid_fen)), money)
        sheet.write_number(last, 4, _number(yuan_text(statement.left_fen)), money)
        sheet.write_string(last + 1, 0, "大写", bold)
        sheet.write_string(last + 1, 2, statement.left_words)
        sheet.freeze_panes(4, 0)
        if statement.in_kind:
            _write_in_kind(book.add_worksheet("实物和时间"), statement, bold)
    return stream.getvalue()


def _write_in_kind(sheet: Worksheet, statement: Statement, bold: Format) -> None:
    for column, heading in enumerate(IN_KIND_HEADINGS):
        sheet.write_string(0, column, heading, bold)
        sheet.set_column(column, column, 30)
    for number, one in enumerate(statement.in_kind, start=1):
        for column, text in enumerate(one):
            sheet.write_string(number, column, plain_cell(text))


def _number(text: str) -> Decimal:
    """A sum as a spreadsheet's number, so that people can add it up there; nothing of ours counts with it."""
    return Decimal(text)
