"""Pure rules of the registry: what is an ID number, who counts as a child, and what each role may see of a family."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from stdnum.cn import ric

from cishan.accounts.rules import masked_phone, read_phone
from cishan.accounts.states import Role
from cishan.divisions.rules import significant
from cishan.households.states import SealedField

NAME_LONGEST = 60
ADDRESS_LONGEST = 100
RELATION_LONGEST = 12
REASON_LONGEST = 200
REASON_SHORTEST = 4
ADULT_AGE = 18
SENSITIVE_AGE = 14
"""All that is known of someone younger is sensitive (PIPL art. 28)."""
OLDEST_BIRTH_YEAR = 1895
VILLAGE_DIGITS = 12

SEVENTEEN_AND_CHECK = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
OLD_NUMBER = re.compile(r"[1-9]\d{14}", re.ASCII)
LANDLINE = re.compile(r"0\d{2,3}-?[2-9]\d{6,7}", re.ASCII)
CASE_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{3,23}", re.ASCII)
RAREST = re.compile("[\U0002ebf0-\U0002ee5d\U00031350-\U000323af]")
"""Unicode extensions I and H, the former made for names in ID cards; Python 3.11 does not know them as letters yet."""
NOT_IN_NAMES = re.compile(r"[\d\s<>=@/\\|\"'`~!#$%^&*_+{}\[\]:;,?]")


class Sight(StrEnum):
    """How much of a sealed field a role sees without asking."""

    PLAIN = "plain"
    MASKED = "masked"
    HIDDEN = "hidden"


WHAT_ROLES_SEE: Mapping[Role, Mapping[SealedField, Sight]] = {
    Role.COORDINATOR: {
        SealedField.NAME: Sight.PLAIN,
        SealedField.ADDRESS: Sight.PLAIN,
        SealedField.ID_NUMBER: Sight.MASKED,
        SealedField.PHONE: Sight.MASKED,
    },
    Role.TOWN_REVIEWER: {
        SealedField.NAME: Sight.MASKED,
        SealedField.ADDRESS: Sight.HIDDEN,
        SealedField.ID_NUMBER: Sight.MASKED,
        SealedField.PHONE: Sight.MASKED,
    },
}
"""A role that is not here sees a case number and a county, nothing of the people (R-22, R-32)."""


def sight_of(role: Role, field: SealedField) -> Sight:
    return WHAT_ROLES_SEE.get(role, {}).get(field, Sight.HIDDEN)


def sees_people(role: Role) -> bool:
    return role in WHAT_ROLES_SEE


def may_see_minor(*, is_filer: bool, has_grant: bool) -> bool:
    """Only the coordinator who filed the family sees its children without a grant (未成年人网络保护条例 art. 36)."""
    return is_filer or has_grant


def may_unmask(role: Role, *, is_minor: bool, is_filer: bool, has_grant: bool) -> bool:
    """Whether a reason opens a sealed field: for a reviewer always, but for a child only with a grant.

    A coordinator who did not file the family opens a child's field the same way.
    """
    if is_minor and not is_filer:
        return has_grant and sees_people(role)
    return role is Role.TOWN_REVIEWER


def is_filing_coordinator(
    *, role: Role, account_id: int, place: str, household_place: str, opened_by: int, imported: bool
) -> bool:
    """A family loaded from the bureau's file was filed by nobody; the coordinator of its own village looks after it."""
    if role is not Role.COORDINATOR:
        return False
    return place == household_place if imported else account_id == opened_by


def read_id_number(text: str, today: date) -> str:
    """The 18 characters of a resident's ID number (GB 11643-1999); raises ValueError with a sentence.

    Full-width digits, spaces and a small x are put right. The region is not looked up: old numbers carry codes of
    counties that are gone, and residents of Hong Kong, Macao and Taiwan have 81, 82 and 83.
    """
    if len(text) > 60:
        raise ValueError("身份证号要 18 位，您填的太长了。")
    number = unicodedata.normalize("NFKC", text).replace(" ", "").replace("-", "").upper()
    if OLD_NUMBER.fullmatch(number):
        raise ValueError("这是 15 位的老号码，早已停用。请看新的身份证，填 18 位。")
    if not SEVENTEEN_AND_CHECK.fullmatch(number):
        raise ValueError(f"身份证号要 18 位，前 17 位是数字。您填了 {len(number)} 位，请对照身份证再看一遍。")
    born = _birth_date(number)
    if born is None or born > today or born.year < OLDEST_BIRTH_YEAR:
        raise ValueError("身份证号里的出生日期不对，请对照身份证再看一遍。")
    if ric.calc_check_digit(number) != number[-1]:
        raise ValueError("身份证号有一位不对，请对照身份证再看一遍。")
    return number


def birth_date(id_number: str) -> date:
    """The day of birth in a number that `read_id_number` has accepted."""
    found = _birth_date(id_number)
    if found is None:
        raise ValueError("an ID number without a day of birth")
    return found


def _birth_date(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def age_on(born: date, day: date) -> int:
    """Completed years. Someone born on 29 February has their birthday on 1 March in other years (民法典 art. 203)."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def is_minor(born: date, day: date) -> bool:
    """Under 18 (未成年人保护法 art. 2)."""
    return age_on(born, day) < ADULT_AGE


def is_young_child(born: date, day: date) -> bool:
    """Under 14, when every field is sensitive (PIPL art. 28)."""
    return age_on(born, day) < SENSITIVE_AGE


def read_name(text: str) -> str:
    """A person's name as on the ID card: any script, any plane of Unicode, with · inside; raises ValueError."""
    name = text.strip().replace("•", "·").replace("‧", "·").replace("．", "·")
    if not name:
        raise ValueError("请填写姓名。")
    if len(name) > NAME_LONGEST:
        raise ValueError(f"姓名太长了，最多 {NAME_LONGEST} 个字。")
    if not RAREST.sub("", name).isprintable() or NOT_IN_NAMES.search(name):
        raise ValueError("姓名里有数字或符号，请照身份证填写。")
    return name


def read_contact(text: str) -> str:
    """A mobile or a landline with its area code; raises ValueError with a sentence."""
    number = unicodedata.normalize("NFKC", text[:40]).replace(" ", "")
    return number.replace("-", "") if LANDLINE.fullmatch(number) else read_phone(number)


def read_case_number(text: str) -> str:
    """A household's number, 4 to 24 capital letters, digits and hyphens; raises ValueError with a sentence."""
    number = unicodedata.normalize("NFKC", text[:60]).strip().upper()
    if not CASE_NUMBER.fullmatch(number):
        raise ValueError("户编号要 4 到 24 位，只用字母、数字和横线。")
    return number


def case_number_for(division_code: str, household_id: int) -> str:
    """The number of a family filed by hand: its county and a running number, nothing of the village."""
    return f"{division_code[:6]}-{household_id:08d}"


def is_village(division_code: str) -> bool:
    return len(significant(division_code)) == VILLAGE_DIGITS


def mask_name(name: str) -> str:
    """张秀英 -> 张*: the first character and one star, so that not even the length shows."""
    return f"{name[:1]}*"


def mask_id(id_number: str) -> str:
    """Shows less than the six digits that open the family's list: 3714************0X."""
    return f"{id_number[:4]}{'*' * 12}{id_number[-2:]}"


def mask_phone(phone: str) -> str:
    return masked_phone(phone)


def id_tail(id_number: str) -> str:
    """The last six characters, which any adult of the family knows (second factor of the list)."""
    return id_number[-6:]


def read_reason(text: str) -> str:
    """Why a sealed field is opened or a grant is given; raises ValueError with a sentence."""
    reason = text.strip()
    if len(reason) < REASON_SHORTEST:
        raise ValueError("请写清楚原因，例如“核对发放账户”。")
    if len(reason) > REASON_LONGEST:
        raise ValueError(f"太长了，最多 {REASON_LONGEST} 个字。")
    return reason
