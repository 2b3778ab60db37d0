"""The registry's pure rules, each limit with its neighbours."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from cishan.accounts.states import Role
from cishan.households.rules import (
    WHAT_ROLES_SEE,
    Sight,
    age_on,
    birth_date,
    case_number_for,
    is_filing_coordinator,
    is_minor,
    is_young_child,
    mask_id,
    mask_name,
    mask_phone,
    may_see_minor,
    may_unmask,
    read_case_number,
    read_contact,
    read_id_number,
    read_name,
    read_reason,
    sight_of,
)
from cishan.households.states import SealedField

TODAY = date(2025, 3, 3)
KNOWN_GOOD = "11010519491231002X"
"""The example of GB 11643-1999."""


def id_number(born: str, region: str = "371402", order: str = "001") -> str:
    first = f"{region}{born}{order}"
    return first + ric.calc_check_digit(f"{first}0")


def test_the_standards_own_example_is_read() -> None:
    assert read_id_number(KNOWN_GOOD, TODAY) == KNOWN_GOOD
    assert birth_date(KNOWN_GOOD) == date(1949, 12, 31)


@pytest.mark.parametrize(
    "typed",
    [KNOWN_GOOD.lower(), "１１０１０５１９４９１２３１００２Ｘ", "110105 19491231 002x", " 110105-19491231-002X "],
)
def test_small_letters_wide_digits_and_spaces_are_put_right(typed: str) -> None:
    assert read_id_number(typed, TODAY) == KNOWN_GOOD


@given(place=st.integers(0, 16), step=st.integers(1, 9))
def test_one_wrong_digit_never_enters(place: int, step: int) -> None:
    wrong = str((int(KNOWN_GOOD[place]) + step) % 10)
    with pytest.raises(ValueError):
        read_id_number(KNOWN_GOOD[:place] + wrong + KNOWN_GOOD[place + 1 :], TODAY)


@given(place=st.integers(0, 15))
def test_two_digits_the_wrong_way_round_never_enter(place: int) -> None:
    swapped = list(KNOWN_GOOD)
    swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
    if "".join(swapped) != KNOWN_GOOD:
        with pytest.raises(ValueError):
            read_id_number("".join(swapped), TODAY)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "您填了 0 位"),
        ("371402600101001", "15 位的老号码"),
        ("37140219600101001", "您填了 17 位"),
        (id_number("20090229"), "出生日期不对"),
        (id_number("20080229")[:-1] + "Z", "前 17 位是数字"),
        (id_number("20250304"), "出生日期不对"),
        (id_number("18941231"), "出生日期不对"),
        ("1" * 61, "太长了"),
        ("٣" * 18, "前 17 位是数字"),
    ],
)
def test_what_is_no_id_number_is_refused_with_its_reason(typed: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_id_number(typed, TODAY)


@pytest.mark.parametrize("born", ["20080229", "20250303", "18950101"])
def test_the_days_beside_the_refused_ones_are_read(born: str) -> None:
    assert read_id_number(id_number(born), TODAY).endswith(id_number(born)[-4:])


@pytest.mark.parametrize("region", ["810000", "820000", "830000", "372401"])
def test_residents_from_elsewhere_and_of_counties_long_gone_have_numbers_too(region: str) -> None:
    number = id_number("19600101", region)
    assert read_id_number(number, TODAY) == number


@pytest.mark.parametrize(
    ("born", "age"), [(date(2007, 3, 2), 18), (date(2007, 3, 3), 18), (date(2007, 3, 4), 17), (TODAY, 0)]
)
def test_age_counts_completed_years(born: date, age: int) -> None:
    assert age_on(born, TODAY) == age
    assert is_minor(born, TODAY) is (age < 18)


@pytest.mark.parametrize(("born", "young"), [(date(2011, 3, 3), False), (date(2011, 3, 4), True)])
def test_a_child_is_young_until_the_fourteenth_birthday(born: date, young: bool) -> None:
    assert is_young_child(born, TODAY) is young


def test_someone_born_on_29_february_comes_of_age_on_1_march() -> None:
    born = date(2004, 2, 29)
    assert is_minor(born, date(2022, 2, 28))
    assert not is_minor(born, date(2022, 2, 28) + timedelta(days=1))


@pytest.mark.parametrize("name", ["王", "欧阳明月", "阿卜杜拉·买买提", "𠮷𫝆𰻞", "买·" * 30])
def test_names_of_every_script_are_kept(name: str) -> None:
    assert read_name(f" {name} ") == name


@pytest.mark.parametrize("name", ["", "张3", "=张", "张\t三", "张\x00三", "<b>", "张" * 61])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        read_name(name)


def test_masks_show_too_little_to_open_a_list() -> None:
    assert mask_name("张秀英") == "张*"
    assert mask_name("𠮷小兰") == "𠮷*"
    assert mask_id(KNOWN_GOOD) == "1101************2X"
    assert KNOWN_GOOD[-6:] not in mask_id(KNOWN_GOOD)
    assert mask_phone("13912345678") == "139****5678"


@pytest.mark.parametrize(
    ("typed", "read"),
    [("１３９ 1234 5678", "13912345678"), ("0534-2345678", "05342345678"), ("+8613912345678", "13912345678")],
)
def test_mobiles_and_landlines_are_read(typed: str, read: str) -> None:
    assert read_contact(typed) == read


@pytest.mark.parametrize("typed", ["12345", "2345678", "0534-123", "139123456789"])
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        read_contact(typed)


def test_a_case_number_tells_the_county_and_nothing_below_it() -> None:
    assert case_number_for("371402001001", 17) == "371402-00000017"
    assert read_case_number("371402-00000017") == "371402-00000017"


@pytest.mark.parametrize("typed", ["ABC", "A" * 25, "户001", "A B C D", "-ABC"])
def test_what_is_no_case_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        read_case_number(typed)


def test_only_the_two_roles_of_the_place_see_anything_of_a_family() -> None:
    assert set(WHAT_ROLES_SEE) == {Role.COORDINATOR, Role.TOWN_REVIEWER}
    for role in set(Role) - set(WHAT_ROLES_SEE):
        assert {sight_of(role, field) for field in SealedField} == {Sight.HIDDEN}
    for role in WHAT_ROLES_SEE:
        assert sight_of(role, SealedField.ID_NUMBER) is Sight.MASKED
        assert sight_of(role, SealedField.PHONE) is Sight.MASKED


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("is_filer", [False, True])
@pytest.mark.parametrize("has_grant", [False, True])
def test_a_child_is_never_opened_by_a_stranger_without_a_grant(role: Role, is_filer: bool, has_grant: bool) -> None:
    opens = may_unmask(role, is_minor=True, is_filer=is_filer, has_grant=has_grant)
    if opens and not is_filer:
        assert has_grant
        assert role in WHAT_ROLES_SEE
    assert may_see_minor(is_filer=is_filer, has_grant=has_grant) is (is_filer or has_grant)


@pytest.mark.parametrize("role", list(Role))
def test_of_an_adult_only_the_reviewer_opens_a_field(role: Role) -> None:
    assert may_unmask(role, is_minor=False, is_filer=False, has_grant=True) is (role is Role.TOWN_REVIEWER)


@pytest.mark.parametrize(
    ("role", "place", "imported", "opened_by", "expected"),
    [
        (Role.COORDINATOR, "371402001001", False, 7, True),
        (Role.COORDINATOR, "371402001001", False, 8, False),
        (Role.COORDINATOR, "371402001001", True, 8, True),
        (Role.COORDINATOR, "371402001002", True, 7, False),
        (Role.TOWN_REVIEWER, "371402001001", False, 7, False),
        (Role.TOWN_REVIEWER, "371402001001", True, 7, False),
    ],
)
def test_who_counts_as_the_filing_coordinator(
    role: Role, place: str, imported: bool, opened_by: int, expected: bool
) -> None:
    found = is_filing_coordinator(
        role=role,
        account_id=7,
        place=place,
        household_place="371402001001",
        opened_by=opened_by,
        imported=imported,
    )
    assert found is expected


def test_a_reason_says_something() -> None:
    assert read_reason(" 核对材料 ") == "核对材料"
    for text in ("", "看看", "看" * 201):
        with pytest.raises(ValueError):
            read_reason(text)
