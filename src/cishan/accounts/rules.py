"""Pure rules of accounts: what is a phone, what is a password, who works where."""

import re
from collections.abc import Collection

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.divisions.rules import significant

MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
DIGITS_OF_ALL = str.maketrans("０１２３４５６７８９", "0123456789", " -　")
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 128
NAME_LONGEST = 40

PLACES_OF_ROLE: dict[Role, Collection[int]] = {
    Role.COORDINATOR: (12,),
    Role.TOWN_REVIEWER: (9,),
    Role.EDITOR: (4, 6),
    Role.FINANCE: (4, 6),
    Role.SUPERVISOR: (4, 6, 9),
    Role.ADMIN: (4, 6),
}
"""How many digits of the division code are significant where a role may work: 4 city, 6 county, 9 town, 12 village."""

PLACE_SENTENCES: dict[Role, str] = {
    Role.COORDINATOR: "民政协理员要选一个村或社区。",
    Role.TOWN_REVIEWER: "乡镇审核员要选一个乡镇或街道。",
    Role.EDITOR: "慈善总会编辑要选市或县。",
    Role.FINANCE: "慈善总会财务要选市或县。",
    Role.SUPERVISOR: "监督员要选市、县或乡镇。",
    Role.ADMIN: "系统管理员要选市或县。",
}


def read_phone(text: str) -> str:
    """The eleven digits of a mainland mobile; raises ValueError with a sentence for anything else."""
    digits = text.translate(DIGITS_OF_ALL).removeprefix("+86")
    if MOBILE.fullmatch(digits):
        return digits
    if digits.isdigit() and len(digits) != 11:
        raise ValueError(f"手机号码要 11 位数字，您填了 {len(digits)} 位。")
    raise ValueError("请填写 11 位的手机号码，以 1 开头。")


def masked_phone(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}"


def may_work_in(role: Role, division_code: str) -> bool:
    """Whether a role belongs to a place of this level: a coordinator has a village, an editor a county or the city."""
    return len(significant(division_code)) in PLACES_OF_ROLE.get(role, ())


def administers(actor: Viewer, division_code: str) -> bool:
    """An administrator's power ends at the border of their division."""
    return actor.role is Role.ADMIN and actor.covers(division_code)
