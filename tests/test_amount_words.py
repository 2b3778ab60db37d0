"""Sums in words, against a slow reading of the rules written apart from them."""

import random

import pytest

from cishan.amount_words import amount_in_words

SEED = 20250303
RANDOM_SUMS = 10_000


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (50, "伍角整"),
        (1602, "壹拾陆元零贰分"),
        (100_00, "壹佰元整"),
        (140950, "壹仟肆佰零玖元伍角整"),
        (600714, "陆仟零柒元壹角肆分"),
        (728400, "柒仟贰佰捌拾肆元整"),
        (1640902, "壹万陆仟肆佰零玖元零贰分"),
        (10700053, "壹拾万柒仟元伍角叁分"),
        (10000_0001_00, "壹亿零壹元整"),
        (9999_0000_5000_00, "玖仟玖佰玖拾玖亿零伍仟元整"),
    ],
)
def test_a_sum_is_said_as_the_payment_rules_ask(fen: int, words: str) -> None:
    assert amount_in_words(fen) == words


def test_ten_thousand_sums_agree_with_the_slow_way() -> None:
    chosen = random.Random(SEED)
    sums = [int("".join(chosen.choices("000000123456789", k=chosen.randrange(1, 15)))) for _ in range(RANDOM_SUMS)]
    wrong = [(fen, amount_in_words(fen), slow_words(fen)) for fen in sums if amount_in_words(fen) != slow_words(fen)]
    assert wrong == []


def test_edges_agree_with_the_slow_way() -> None:
    """Around every power of ten, and every pattern of zero and non-zero digits up to ten places."""
    powers = [10**power + step for power in range(14) for step in (-1, 0, 1)]
    patterns = [int(f"{pattern:b}") * 7 for pattern in range(1, 2**10)]
    edges = [fen for fen in (*powers, *patterns, 10**14 - 1) if 0 <= fen < 10**14]
    assert len(edges) > 1_000
    assert [
        (fen, amount_in_words(fen), slow_words(fen)) for fen in edges if amount_in_words(fen) != slow_words(fen)
    ] == []


@pytest.mark.parametrize("fen", [-1, 10**14])
def test_a_sum_out_of_range_has_no_words(fen: int) -> None:
    with pytest.raises(ValueError):
        amount_in_words(fen)


def slow_words(fen: int) -> str:
    """By taking a sum apart at its largest unit, again and again, as a person says it."""
    yuan, jiao, last = fen // 100, fen // 10 % 10, fen % 10
    text = f"{_said(yuan)}元" if yuan else ""
    if jiao == last == 0:
        return (text or "零元") + "整"
    text += f"{NUMERALS[jiao]}角" if jiao else ("零" if text else "")
    return text + (f"{NUMERALS[last]}分" if last else "整")


NUMERALS = "零壹贰叁肆伍陆柒捌玖"
UNITS = ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾"))


def _said(number: int) -> str:
    for size, name in UNITS:
        if number >= size:
            rest = number % size
            gap = "零" if rest and rest * 10 < size else ""
            return _said(number // size) + name + gap + (_said(rest) if rest else "")
    return NUMERALS[number]
