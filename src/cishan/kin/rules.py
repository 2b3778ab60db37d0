"""What people type of their near kin, read line by line. Pure; a sentence about what is wrong never repeats what was typed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from cishan.accounts.rules import read_phone
from cishan.errors import InvalidInput
from cishan.households.rules import read_id_number
from cishan.kin.states import Tie
from cishan.wishes.identifying import COMPOUND_SURNAMES

MOST_TIES = 40
"""What one form may declare."""


@dataclass(frozen=True)
class Near:
    """Something that is shared with near kin, as somebody typed it. `village` goes with an address or a surname."""

    tie: Tie
    text: str
    village: str = ""


def surname_of(name: str) -> str:
    """The family name: one character, or two where the first two are a known one."""
    return name[:2] if name[:2] in COMPOUND_SURNAMES else name[:1]


def read_near(
    id_numbers: str, phones: str, village: str, address: str, surname: str, *, today: date
) -> tuple[Near, ...]:
    """All that a form declares; raises InvalidInput with a sentence for each field, also when nothing was typed."""
    faults: dict[str, str] = {}
    near = [
        *_lines("id_numbers", id_numbers, Tie.ID_NUMBER, lambda text: read_id_number(text, today), faults),
        *_lines("phones", phones, Tie.PHONE, read_phone, faults),
    ]
    of_village = [(Tie.ADDRESS, address.strip()), (Tie.SURNAME_VILLAGE, surname.strip())]
    if any(text for _, text in of_village) and not village:
        faults["address"] = "请先选好是哪个村、社区，再填住址和姓氏。"
    near += [Near(tie, text, village) for tie, text in of_village if text]
    if not near and not faults:
        faults["id_numbers"] = "请至少填一项。"
    if len(near) > MOST_TIES:
        faults["id_numbers"] = f"一次最多填 {MOST_TIES} 项，请分几次填。"
    if faults:
        raise InvalidInput(faults)
    return tuple(near)


def _lines(field: str, text: str, tie: Tie, read: Callable[[str], str], faults: dict[str, str]) -> list[Near]:
    near = []
    for place, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            near.append(Near(tie, read(line.strip())))
        except ValueError as error:
            faults.setdefault(field, f"第 {place} 行：{error}")
    return near
