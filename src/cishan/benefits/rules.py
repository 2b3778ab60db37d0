"""Pure: reads one row of a bureau's file into facts, or into one sentence for each cell that can't be taken."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cishan.csv_files import Line, RowError
from cishan.divisions.rules import is_code
from cishan.households.registry_rows import RegistryRow
from cishan.households.rules import (
    ADDRESS_LONGEST,
    RELATION_LONGEST,
    is_village,
    read_case_number,
    read_contact,
    read_id_number,
    read_name,
)
from cishan.households.states import Group
from cishan.money import fen_from_yuan_text

CASE, VILLAGE, ADDRESS, NAME, ID_NUMBER = "户编号", "村代码", "地址", "姓名", "身份证号"
PHONE, RELATION, GROUP, SINCE = "电话", "与户主关系", "类别", "起始日"
PROGRAMME, MONTH, AMOUNT, PAID_ON = "项目编码", "月份", "金额", "发放日期"
REGISTRY_COLUMNS = (CASE, VILLAGE, ADDRESS, NAME, ID_NUMBER, PHONE, RELATION, GROUP, SINCE)
BENEFIT_COLUMNS = (ID_NUMBER, PROGRAMME, MONTH, AMOUNT, PAID_ON)

MOST_FEN = 100_000_000
"""A million yuan for one person and month: more is a slip of the hand."""
EARLIEST_MONTH = date(2000, 1, 1)

DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
YEAR_AND_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?", re.ASCII)
GROUP_NAMES: Mapping[str, Group] = {
    "低保": Group.MINIMUM_LIVING,
    "特困": Group.EXTREME_HARDSHIP,
    "低保边缘": Group.MARGINAL,
    "支出型困难": Group.EXPENDITURE,
    "刚性支出困难": Group.EXPENDITURE,
    "防返贫监测": Group.AT_RISK,
    "防返贫监测对象": Group.AT_RISK,
}


@dataclass(frozen=True, slots=True)
class BenefitRow:
    """What one person was paid under one programme for one month."""

    row: int
    id_number: str
    programme: str
    month: date
    amount_fen: int
    paid_on: date


class RowReader:
    """Reads the rows of one file. It remembers months, sums and the like, for files say the same 100,000 times."""

    MOST_REMEMBERED = 20_000

    def __init__(self, today: date) -> None:
        self._today = today
        self._memory: dict[tuple[str, str], object] = {}

    def registry_row(self, line: Line) -> RegistryRow | list[RowError]:
        faults: list[RowError] = []
        case_number = _take(line, CASE, read_case_number, faults)
        village = self._recall(line, VILLAGE, _read_village, faults)
        address = _take(line, ADDRESS, _read_address, faults)
        name = _take(line, NAME, read_name, faults)
        id_number = _take(line, ID_NUMBER, self._read_id_number, faults)
        phone = _take(line, PHONE, _read_phone, faults)
        relation = self._recall(line, RELATION, _read_relation, faults)
        groups = self._recall(line, GROUP, _read_groups, faults)
        since = self._recall(line, SINCE, self._read_past_date, faults)
        if faults:
            return faults
        return RegistryRow(
            line.row, case_number, village, address, name, id_number, phone or None, relation, groups, since
        )

    def benefit_row(self, line: Line) -> BenefitRow | list[RowError]:
        faults: list[RowError] = []
        id_number = _take(line, ID_NUMBER, self._read_id_number, faults)
        programme = self._recall(line, PROGRAMME, _read_programme, faults)
        month = self._recall(line, MONTH, self._read_month, faults)
        amount_fen = self._recall(line, AMOUNT, _read_amount, faults)
        paid_on = self._recall(line, PAID_ON, self._read_past_date, faults)
        return faults or BenefitRow(line.row, id_number, programme, month, amount_fen, paid_on)

    def _recall(self, line: Line, column: str, read: Callable[[str], Any], faults: list[RowError]) -> Any:
        key = (column, line.cells.get(column, ""))
        if key in self._memory:
            return self._memory[key]
        value = _take(line, column, read, faults)
        if value is not None:
            if len(self._memory) >= self.MOST_REMEMBERED:
                self._memory.clear()
            self._memory[key] = value
        return value

    def _read_id_number(self, text: str) -> str:
        return read_id_number(text, self._today)

    def _read_past_date(self, text: str) -> date:
        day = read_date(text)
        if day > self._today:
            raise ValueError("日期不能晚于今天。")
        return day

    def _read_month(self, text: str) -> date:
        month = read_month(text)
        if not EARLIEST_MONTH <= month <= self._today:
            raise ValueError("月份要在 2000 年以后，不能晚于这个月。")
        return month


def _take(line: Line, column: str, read: Callable[[str], Any], faults: list[RowError]) -> Any:
    """What the cell says; None with a fault added when it can't be taken."""
    try:
        return read(line.cells.get(column, "").strip())
    except ValueError as error:
        faults.append(RowError(line.row, column, str(error)))
        return None


def read_date(text: str) -> date:
    """2025-01-31, 2025/1/31 or 2025年1月31日; raises ValueError with a sentence."""
    match = DATE.fullmatch(_narrow(text))
    if match is None:
        raise ValueError("日期请写成 2025-01-31 这样。")
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise ValueError("没有这一天，请核对日期。") from error


def read_month(text: str) -> date:
    """2025-01, 2025/1 or 2025年1月, as the month's first day; raises ValueError with a sentence."""
    match = YEAR_AND_MONTH.fullmatch(_narrow(text))
    if match is None or not 1 <= int(match[2]) <= 12 or not int(match[1]):
        raise ValueError("月份请写成 2025-01 这样。")
    return date(int(match[1]), int(match[2]), 1)


def _narrow(text: str) -> str:
    """Full-width digits and signs as plain ones."""
    return unicodedata.normalize("NFKC", text)


def _read_village(text: str) -> str:
    code = _narrow(text)
    if not is_code(code) or not is_village(code):
        raise ValueError("村代码要 12 位数字，写到村或社区。")
    return code


def _read_address(text: str) -> str:
    """Kept as it is, formulas too: it is text, and leaves this system only as text."""
    if not text:
        raise ValueError("请填写地址。")
    if len(text) > ADDRESS_LONGEST:
        raise ValueError(f"地址太长了，最多 {ADDRESS_LONGEST} 个字。")
    return text


def _read_phone(text: str) -> str:
    return read_contact(text) if text else ""


def _read_relation(text: str) -> str:
    if not text or len(text) > RELATION_LONGEST or not text.isprintable():
        raise ValueError(f"请填写与户主关系，最多 {RELATION_LONGEST} 个字，户主本人写“户主”。")
    return text


def _read_groups(text: str) -> tuple[Group, ...]:
    names = [name for name in re.split(r"[、,，/ ]+", text) if name]
    unknown = [name for name in names if name not in GROUP_NAMES]
    if unknown:
        raise ValueError(f"没有“{unknown[0][:10]}”这一类。可以写：{'、'.join(list(GROUP_NAMES)[:4])}、防返贫监测。")
    return tuple(dict.fromkeys(GROUP_NAMES[name] for name in names))


def _read_programme(text: str) -> str:
    code = _narrow(text).upper()
    if not code or len(code) > 20:
        raise ValueError("请填写项目编码。")
    return code


def _read_amount(text: str) -> int:
    try:
        fen = fen_from_yuan_text(_narrow(text))
    except ValueError as error:
        raise ValueError("金额请写数字，最多两位小数，例如 761.00。") from error
    if not 0 < fen <= MOST_FEN:
        raise ValueError("金额要大于 0，不超过 1,000,000 元。")
    return fen
