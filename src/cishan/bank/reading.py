"""Reads a bank's statement as CSV: a row for each movement, known by the bank's own number. Row-exact errors, no guesses."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cishan.bank.states import BankLineStatus
from cishan.clock import BEIJING
from cishan.csv_files import RowError, UnreadableFile, read_lines
from cishan.money import fen_from_yuan_text, without_group_commas
from cishan.payments.rules import transfer_codes_in

COLUMNS = ("交易时间", "交易流水号", "收入", "支出", "对方户名", "摘要")
EXAMPLE = "2025-03-04 10:20:00,202503040001,500.00,,支付宝（中国）网络技术有限公司,提现"
MOST_LINES = 5_000
MOST_ERRORS = 200
LONGEST_TEXT = 120

_TIME = re.compile(r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?", re.ASCII)
_SERIAL = re.compile(r"[A-Za-z0-9_\-]{4,64}", re.ASCII)
_NOTHING = frozenset({"", "-", "0", "0.00"})
_ALIPAY, _WITHDRAWN = re.compile("支付宝"), re.compile("提现|结算|转账|备付金")
_FEE = re.compile("手续费|工本费|短信费|账户管理费|回单费")


@dataclass(frozen=True)
class StatementLine:
    """A movement on the bank account; `amount_fen` is negative for what went out."""

    row: int
    serial: str
    at: datetime
    amount_fen: int
    party: str
    summary: str

    @property
    def transfer_code(self) -> str | None:
        """The code that the giver of a transfer wrote; None where there is none, or more than one."""
        codes = transfer_codes_in(self.summary) if self.amount_fen > 0 else ()
        return codes[0] if len(codes) == 1 else None

    @property
    def suggestion(self) -> BankLineStatus:
        """What it looks like; a person decides."""
        words = f"{self.party} {self.summary}"
        if self.transfer_code:
            return BankLineStatus.GIFT
        if self.amount_fen > 0 and _ALIPAY.search(words) and _WITHDRAWN.search(words):
            return BankLineStatus.WITHDRAWAL
        if self.amount_fen < 0 and _FEE.search(words):
            return BankLineStatus.FEE
        return BankLineStatus.UNRECOGNISED


@dataclass(frozen=True)
class ReadStatement:
    """Every movement of a file, or what is wrong with it; with one error none of it is taken."""

    lines: tuple[StatementLine, ...]
    errors: tuple[RowError, ...]


def read_statement(path: Path) -> ReadStatement:
    """Reads the whole file; raises UnreadableFile when it is no table with these columns."""
    lines: list[StatementLine] = []
    errors: list[RowError] = []
    seen: dict[str, int] = {}
    for raw in read_lines(path, COLUMNS):
        if raw.fault is not None:
            errors.append(raw.fault)
            continue
        if len(lines) >= MOST_LINES:
            raise UnreadableFile(f"文件超过 {MOST_LINES:,} 行。请按月份分成几个文件。")
        found = _line(raw.row, {name: cell.strip() for name, cell in raw.cells.items()})
        if isinstance(found, RowError):
            errors.append(found)
        elif found.serial in seen:
            errors.append(RowError(raw.row, "交易流水号", f"和第 {seen[found.serial]} 行的流水号一样。"))
        else:
            seen[found.serial] = raw.row
            lines.append(found)
    return ReadStatement(tuple(lines), tuple(errors[:MOST_ERRORS]))


def _line(row: int, cells: dict[str, str]) -> StatementLine | RowError:
    at = _time(cells["交易时间"])
    if at is None:
        return RowError(row, "交易时间", "请写成 2025-03-04 10:20:00。")
    serial = cells["交易流水号"].strip("'\t")
    if not _SERIAL.fullmatch(serial):
        return RowError(row, "交易流水号", "要有银行的流水号，4 到 64 位数字或字母。")
    came, went = _fen(cells["收入"]), _fen(cells["支出"])
    if came is None or went is None:
        return RowError(row, "收入" if came is None else "支出", "请填写金额，例如 500 或 1,250.50。")
    if (came > 0) == (went > 0):
        return RowError(row, "收入", "收入和支出要填一项，而且只填一项。")
    party, summary = cells["对方户名"], cells["摘要"]
    for column, text in (("对方户名", party), ("摘要", summary)):
        if len(text) > LONGEST_TEXT:
            return RowError(row, column, f"太长了，最多 {LONGEST_TEXT} 个字。")
    return StatementLine(row, serial, at, came - went, party, summary)


def _time(text: str) -> datetime | None:
    if not _TIME.fullmatch(text):
        return None
    plain = text.replace("/", "-")
    for pattern in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(plain, pattern).replace(tzinfo=BEIJING).astimezone(UTC)
        except ValueError:
            continue
    return None


def _fen(text: str) -> int | None:
    if text in _NOTHING:
        return 0
    try:
        return fen_from_yuan_text(without_group_commas(text))
    except ValueError:
        return None
