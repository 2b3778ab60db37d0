"""Reads Alipay's bill of a day: a zip of GBK files, their rows framed by lines that begin with `#`.

Pure: bytes in, rows out. The file comes from outside, so its size, its names, its encoding and every cell are in doubt;
whatever is wrong with it ends in one UnreadableBill, and then nothing of it is believed.
"""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from io import BytesIO

from cishan.clock import beijing_day
from cishan.money import fen_from_yuan_text
from cishan.payments.alipay.terms import instant_from_beijing_text
from cishan.reconciliation.states import BillRowKind

MOST_ENTRIES = 16
MOST_TEXT_BYTES = 64 * 1024 * 1024
"""What a bill may unpack to: some 250,000 rows. A zip that unpacks to more is no bill of a charity."""
MOST_ROWS = 250_000

DETAILS, SUMMARY = "业务明细", "汇总"
KINDS = {"交易": BillRowKind.PAYMENT, "退款": BillRowKind.REFUND}
SUBJECT_COLUMN = "商品名称"
COLUMNS = (
    "支付宝交易号",
    "商户订单号",
    "业务类型",
    "完成时间",
    "订单金额",
    "商家实收",
    "退款批次号/请求号",
    "服务费",
)
"""Those of the 25 columns that say what happened; the others name buyers, shops and discounts."""

_UNIT = re.compile(r"[（(]元[）)]$")
_AMOUNT = re.compile(r"-?[0-9.]+", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z0-9_\-]{0,64}", re.ASCII)
_SELLER = re.compile(r"^#账号[：:]\[([0-9]{16})\]", re.MULTILINE)
_FIRST_DAY = re.compile(r"^#起始日期[：:]\[([0-9]{4})年([0-9]{2})月([0-9]{2})日", re.MULTILINE)
_TOTAL = re.compile(r"^#(交易|退款)合计[：:]([0-9]+)笔，商家实收(?:退款)?共(-?[0-9.]+)元", re.MULTILINE)


class BillFault(StrEnum):
    """Why a file is not this day's bill."""

    NOT_A_ZIP = "not_a_zip"
    TOO_LARGE = "too_large"
    NO_DETAILS = "no_details"
    BAD_TEXT = "bad_text"
    NO_HEADER = "no_header"
    BAD_ROW = "bad_row"
    TWICE = "twice"
    WRONG_DAY = "wrong_day"
    WRONG_SELLER = "wrong_seller"
    WRONG_TOTALS = "wrong_totals"


class UnreadableBill(Exception):
    """The file is not a bill, or not the one that was asked for. `line` is where, 0 for the whole."""

    def __init__(self, fault: BillFault, line: int = 0) -> None:
        super().__init__(f"the bill is not believed: {fault.value}" + (f", line {line}" if line else ""))
        self.fault = fault
        self.line = line


@dataclass(frozen=True)
class BillLine:
    """A row of the bill. All sums are positive but the fee, which is negative where it was given back."""

    line: int
    kind: BillRowKind
    trade_no: str
    out_trade_no: str
    request_no: str
    amount_fen: int
    received_fen: int
    fee_fen: int
    finished_at: datetime


@dataclass(frozen=True)
class Bill:
    """A day's bill. The hash is that of the rows: Alipay writes the time of export into each file anew."""

    lines: tuple[BillLine, ...]
    sha256: str

    @property
    def fee_fen(self) -> int:
        return sum(line.fee_fen for line in self.lines)


def bill_of(lines: Sequence[BillLine]) -> Bill:
    """A bill of these rows, in whatever order they came."""
    ordered = sorted(lines, key=lambda line: (line.trade_no, line.kind, line.request_no))
    text = "\n".join(
        f"{line.kind}|{line.trade_no}|{line.out_trade_no}|{line.request_no}|{line.amount_fen}|{line.received_fen}"
        f"|{line.fee_fen}|{line.finished_at.isoformat()}"
        for line in ordered
    )
    return Bill(tuple(lines), hashlib.sha256(text.encode()).hexdigest())


def read_bill(data: bytes, *, seller_id: str, day: date, most_bytes: int = MOST_TEXT_BYTES) -> Bill:
    """The bill of this seller and day; raises UnreadableBill."""
    text = _details(data, most_bytes)
    _check_frame(text, seller_id, day)
    lines = _lines(text)
    if any(beijing_day(line.finished_at) != day for line in lines):
        raise UnreadableBill(BillFault.WRONG_DAY)
    _check_twice(lines)
    _check_totals(text, lines)
    return bill_of(lines)


def _details(data: bytes, most_bytes: int) -> str:
    """The text of the one file of the zip that lists the rows."""
    try:
        # The names are GBK without the mark that would say so.
        with zipfile.ZipFile(BytesIO(data), metadata_encoding="gbk") as archive:
            entries = archive.infolist()
            wanted = [entry for entry in entries if DETAILS in entry.filename and SUMMARY not in entry.filename]
            if len(entries) > MOST_ENTRIES or len(wanted) != 1:
                raise UnreadableBill(BillFault.NO_DETAILS)
            with archive.open(wanted[0]) as file:
                # What the zip says of its own size is not believed.
                raw = file.read(most_bytes + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise UnreadableBill(BillFault.NOT_A_ZIP) from error
    if len(raw) > most_bytes:
        raise UnreadableBill(BillFault.TOO_LARGE)
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError as error:
        raise UnreadableBill(BillFault.BAD_TEXT) from error


def _check_frame(text: str, seller_id: str, day: date) -> None:
    """The frame's wording may vary; where it names a seller and a day they must be the ones we asked for."""
    sellers = set(_SELLER.findall(text))
    if sellers - {seller_id}:
        raise UnreadableBill(BillFault.WRONG_SELLER)
    days = set(_FIRST_DAY.findall(text))
    if days - {(f"{day:%Y}", f"{day:%m}", f"{day:%d}")}:
        raise UnreadableBill(BillFault.WRONG_DAY)


def _lines(text: str) -> tuple[BillLine, ...]:
    header: list[str] = []
    found: list[BillLine] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        if not raw.strip():
            continue
        if raw.startswith("#"):
            if header:
                break
            continue
        cells = [cell.strip() for cell in raw.split(",")]
        if not header:
            header = _header(cells)
            continue
        found.append(_line(number, header, cells))
        if len(found) > MOST_ROWS:
            raise UnreadableBill(BillFault.TOO_LARGE, number)
    if not header:
        raise UnreadableBill(BillFault.NO_HEADER)
    return tuple(found)


def _header(cells: Sequence[str]) -> list[str]:
    """The columns by name, without their units; raises where one that we need is missing or stands twice."""
    names = [_UNIT.sub("", cell.lstrip("\ufeff")) for cell in cells]
    if any(names.count(column) != 1 for column in (*COLUMNS, SUBJECT_COLUMN)):
        raise UnreadableBill(BillFault.NO_HEADER)
    return names


def _line(number: int, header: Sequence[str], cells: list[str]) -> BillLine:
    surplus = len(cells) - len(header)
    if surplus > 0:
        # Somebody else's subject with a comma in it: the bill writes it without quotes. Ours have none.
        place = header.index(SUBJECT_COLUMN)
        cells = [*cells[:place], ",".join(cells[place : place + surplus + 1]), *cells[place + surplus + 1 :]]
    try:
        return _read_line(number, dict(zip(header, cells, strict=True)))
    except (KeyError, ValueError) as error:
        raise UnreadableBill(BillFault.BAD_ROW, number) from error


def _read_line(number: int, cell: Mapping[str, str]) -> BillLine:
    kind = KINDS[cell["业务类型"]]
    trade_no, request_no = _number_of(cell["支付宝交易号"]), _number_of(cell["退款批次号/请求号"])
    is_refund = kind is BillRowKind.REFUND
    if not trade_no:
        raise ValueError("a row without its number at Alipay")
    fee_fen = abs(_fen(cell["服务费"]))
    return BillLine(
        line=number,
        kind=kind,
        trade_no=trade_no,
        out_trade_no=_number_of(cell["商户订单号"]),
        request_no=request_no if is_refund else "",
        # Real bills show refunds with either sign, so the kind of the row decides.
        amount_fen=abs(_fen(cell["订单金额"])),
        received_fen=abs(_fen(cell["商家实收"])),
        fee_fen=-fee_fen if is_refund else fee_fen,
        finished_at=instant_from_beijing_text(cell["完成时间"]),
    )


def _number_of(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number of a trade")
    return text


def _fen(text: str) -> int:
    if not _AMOUNT.fullmatch(text):
        raise ValueError("not an amount")
    return -fen_from_yuan_text(text[1:]) if text.startswith("-") else fen_from_yuan_text(text)


def _check_twice(lines: Sequence[BillLine]) -> None:
    keys = {(line.kind, line.trade_no, line.request_no) for line in lines}
    if len(keys) != len(lines):
        raise UnreadableBill(BillFault.TWICE)


def _check_totals(text: str, lines: Sequence[BillLine]) -> None:
    """Where the footer counts and sums the rows, none of them may have been lost on the way."""
    for name, count, total in _TOTAL.findall(text):
        of_kind = [line.received_fen for line in lines if line.kind is KINDS[name]]
        try:
            agrees = len(of_kind) == int(count) and sum(of_kind) == abs(_fen(total))
        except ValueError as error:
            raise UnreadableBill(BillFault.WRONG_TOTALS) from error
        if not agrees:
            raise UnreadableBill(BillFault.WRONG_TOTALS)
