"""Reports and tables of sums as files: a PDF for paper, a workbook and CSV for whoever counts for themselves."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal

import xlsxwriter

from cishan.charities.queries import Site
from cishan.disclosures.pages import ReportPage
from cishan.disclosures.statements import Flow, Statement
from cishan.money import yuan_text
from cishan.spreadsheets import MONEY_FORMAT, WORKBOOK_OPTIONS, plain_cell

HEADINGS = ("收到（元）", "退回（元）", "支出（元）", "手续费（元）", "结余变动（元）")
WIDTH = 18
Line = tuple[str, Flow]


def report_data(page: ReportPage, site: Site) -> dict[str, object]:
    """A published report as plain data for the printer."""
    statement = page.statement
    return {
        "title": page.title,
        "charity": site.name,
        "uscc": site.uscc,
        "certificate": site.certificate_no,
        "contact": site.contact_phone,
        "on": page.on,
        "reason": page.reason,
        "body": list(page.body),
        "opening": statement.opening,
        "closing": statement.closing,
        "gifts": statement.gifts,
        "columns": [column.label for column in statement.columns],
        "rows": [
            [line.name, line.received, line.returned, line.spent, line.fees, line.change]
            for line in (*statement.lines, statement.total)
        ],
    }


def statement_workbook(title: str, statement: Statement) -> bytes:
    """A statement as XLSX: texts as texts, sums as numbers."""
    lines = [(f"{one.month:%Y-%m}", one.flow) for one in statement.months]
    notes = (("期初结余", statement.opening_fen), ("期末结余", statement.closing_fen))
    return workbook_of(title, "月份", [*lines, ("合计", statement.total)], notes)


def workbook_of(title: str, head: str, lines: Sequence[Line], notes: Sequence[tuple[str, int]] = ()) -> bytes:
    """A table of sums as XLSX; no cell can become a formula."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, WORKBOOK_OPTIONS) as book:
        bold, money = book.add_format({"bold": True}), book.add_format(MONEY_FORMAT)
        sheet = book.add_worksheet("收支")
        sheet.set_column(0, len(HEADINGS), WIDTH)
        sheet.write_string(0, 0, plain_cell(title), bold)
        for column, heading in enumerate((head, *HEADINGS)):
            sheet.write_string(2, column, heading, bold)
        for row, (name, flow) in enumerate(lines, start=3):
            sheet.write_string(row, 0, plain_cell(name))
            for column, fen in enumerate(_sums(flow), start=1):
                sheet.write_number(row, column, Decimal(yuan_text(fen)), money)
        for row, (name, fen) in enumerate(notes, start=4 + len(lines)):
            sheet.write_string(row, 0, name, bold)
            sheet.write_number(row, 1, Decimal(yuan_text(fen)), money)
        sheet.freeze_panes(3, 1)
    return stream.getvalue()


def csv_of(head: str, lines: Sequence[Line]) -> bytes:
    """The same as CSV: UTF-8 with its mark, so that a spreadsheet reads it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow((head, *HEADINGS))
    for name, flow in lines:
        writer.writerow((plain_cell(name), *(yuan_text(fen) for fen in _sums(flow))))
    return text.getvalue().encode("utf-8-sig")


def _sums(flow: Flow) -> tuple[int, ...]:
    return (flow.received_fen, flow.returned_fen, flow.spent_fen, flow.fees_fen, flow.change_fen)
