"""The pure rules of the yearly list: merging, order, digest, codes, sides of the sheet."""

from datetime import date

import pytest

from cishan.summaries.keys import ALPHABET, CODE_CHARACTERS, grouped, new_key, typed_code
from cishan.summaries.rules import (
    Line,
    benefit_line,
    by_kind,
    by_person,
    digest_of,
    in_order,
    line_of,
    locks,
    months_text,
    total_fen,
    typed_tail,
    wish_line,
)
from cishan.summaries.sheets import SheetRow, split_sides
from cishan.summaries.states import LineKind
from cishan.summaries.wording import amount_text, each_month, spoken_when

DIBAO = benefit_line(1, "dibao", "最低生活保障", [(month, 60_700) for month in range(1, 13)])
LAMP = wish_line(9, 2, "台灯", spent_fen=8_850, hours=0, on=date(2025, 5, 20))
REPAIR = wish_line(10, None, "修水管", spent_fen=0, hours=3, on=date(2025, 6, 1))


def test_twelve_months_of_one_programme_are_one_row() -> None:
    assert (months_text(DIBAO.months), DIBAO.amount_fen) == ("1-12 月，12 个月", 728_400)


@pytest.mark.parametrize(
    ("months", "text"),
    [((3,), "3 月"), ((1, 2, 3, 5), "1-3 月、5 月，4 个月"), ((1, 3), "1 月、3 月，2 个月"), ((), "")],
)
def test_months_are_said_by_their_gaps(months: tuple[int, ...], text: str) -> None:
    assert months_text(months) == text


def test_two_records_of_a_month_count_as_one_month_and_both_sums() -> None:
    line = benefit_line(1, "dibao", "最低生活保障", [(1, 60_000), (1, 700), (2, 60_000)])
    assert (line.months, line.amount_fen, line.lowest_fen, line.highest_fen) == ((1, 2), 120_700, 60_000, 60_700)
    assert each_month(line) == "每月 600 元到 607 元"


def test_a_service_counts_hours_and_no_money() -> None:
    assert (amount_text(REPAIR), total_fen([DIBAO, LAMP, REPAIR])) == ("3 小时", 737_250)


def test_a_line_is_read_aloud_with_its_day() -> None:
    assert spoken_when(LAMP) == "2025 年 5 月 20 日送到"
    assert spoken_when(DIBAO) == "1 月到 12 月，12 个月"


def test_the_order_of_sources_never_changes_the_digest() -> None:
    lines = [DIBAO, LAMP, REPAIR]
    assert digest_of(7, 2025, lines) == digest_of(7, 2025, lines[::-1])


@pytest.mark.parametrize(("household_id", "year"), [(8, 2025), (7, 2024)])
def test_the_digest_belongs_to_one_household_and_year(household_id: int, year: int) -> None:
    assert digest_of(household_id, year, [DIBAO]) != digest_of(7, 2025, [DIBAO])


def test_a_fen_more_is_another_digest() -> None:
    more = benefit_line(1, "dibao", "最低生活保障", [*((month, 60_700) for month in range(1, 12)), (12, 60_701)])
    assert digest_of(7, 2025, [more]) != digest_of(7, 2025, [DIBAO])


def test_what_is_stored_reads_back_the_same() -> None:
    for line in (DIBAO, LAMP, REPAIR):
        assert line_of(line.facts()) == line


def test_people_come_in_the_order_of_the_household_and_the_whole_house_last() -> None:
    groups = by_person([REPAIR, LAMP, DIBAO], members=[2, 1])
    assert [person for person, _ in groups] == [2, 1, None]


def test_someone_who_left_still_stands_on_the_list() -> None:
    groups = by_person([LAMP, DIBAO], members=[1])
    assert [person for person, _ in groups] == [1, 2]


def test_kinds_are_summed_largest_first_and_hours_are_no_kind_of_money() -> None:
    assert by_kind([LAMP, REPAIR, DIBAO]) == [("最低生活保障", 728_400), ("微心愿", 8_850)]


def test_lines_of_a_person_are_benefits_first_then_wishes_by_day() -> None:
    early = wish_line(11, 1, "棉衣", spent_fen=1, hours=0, on=date(2025, 1, 2))
    late = wish_line(12, 1, "书", spent_fen=1, hours=0, on=date(2025, 3, 2))
    assert in_order([late, early, DIBAO]) == (DIBAO, early, late)


def row(who: str = "张秀英", when: str = "1月") -> SheetRow:
    return SheetRow(who, "最低生活保障", when, "607 元")


@pytest.mark.parametrize(("count", "front", "back"), [(13, 13, 0), (14, 14, 0), (15, 14, 1)])
def test_more_than_fourteen_rows_go_to_the_back(count: int, front: int, back: int) -> None:
    sides = split_sides([row()] * count)
    assert (len(sides[0]), len(sides[1])) == (front, back)


def test_a_long_name_takes_the_room_of_its_lines() -> None:
    long = row(who="阿不都热依木·买买提江")
    front, back = split_sides([long] * 5)
    assert (len(front), len(back)) == (4, 1)


def test_a_code_has_130_bits_and_no_letter_that_looks_like_a_digit() -> None:
    key = new_key(1)
    assert len(key.code) == CODE_CHARACTERS
    assert set(key.code) <= set(ALPHABET)
    assert not set("ILOU") & set(ALPHABET)


def test_a_code_is_understood_however_it_is_typed() -> None:
    code = "0123456789ABCDEFGHJKMNPQR1"
    for typed in (
        grouped(code),
        grouped(code).lower(),
        code.replace("0", "O").replace("1", "l"),
        code.replace("0", "o").replace("1", "I"),
        grouped(code).replace(" ", "-"),
        "".join(chr(ord(one) + 0xFEE0) for one in code),
    ):
        assert typed_code(typed) == code


@pytest.mark.parametrize("typed", ["", "0123", "0" * 25, "0" * 27, "U" * 26, "张" * 26, "0" * 1000])
def test_what_cannot_be_a_code_is_not_one(typed: str) -> None:
    assert typed_code(typed) is None


@pytest.mark.parametrize(
    ("typed", "tail"),
    [("01001x", "01001X"), (" 010 010 ", "010010"), ("０１００１０", "010010"), ("X10010", None), ("01001", None)],
)
def test_the_end_of_an_id_number_is_six_characters(typed: str, tail: str | None) -> None:
    assert typed_tail(typed) == tail


@pytest.mark.parametrize(("tries", "locked"), [(4, False), (5, True), (6, True)])
def test_the_fifth_wrong_answer_locks(tries: int, locked: bool) -> None:
    assert locks(tries) is locked


def test_charity_payouts_have_their_place_between_benefits_and_wishes() -> None:
    grant = Line(LineKind.CHARITY, 1, "助学金", "grant-1", 100_000, on=date(2025, 9, 1))
    coat = wish_line(9, 1, "棉衣", spent_fen=1, hours=0, on=date(2025, 1, 2))
    assert in_order([coat, grant, DIBAO]) == (DIBAO, grant, coat)
