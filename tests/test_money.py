import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.money import fen_from_yuan_text, yuan_text


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (1, "0.01"), (99, "0.99"), (100, "1.00"), (8880, "88.80"), (-150, "-1.50")]
)
def test_fen_are_written_as_yuan_with_two_decimals(fen: int, text: str) -> None:
    assert yuan_text(fen) == text


@pytest.mark.parametrize(("text", "fen"), [("0", 0), ("88.8", 8880), ("88.80", 8880), ("0.01", 1), ("1", 100)])
def test_yuan_texts_with_up_to_two_decimals_are_read(text: str, fen: int) -> None:
    assert fen_from_yuan_text(text) == fen


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "-1", "01", "1.", ".5", "1.234", "1e3", "1,000", "1_0", "１", "NaN", "0x1", "1\n", "٣"],
)
def test_anything_else_is_not_an_amount(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        fen_from_yuan_text(text)


@given(st.integers(min_value=0, max_value=10**17 - 1))
def test_writing_and_reading_give_back_the_same_fen(fen: int) -> None:
    assert fen_from_yuan_text(yuan_text(fen)) == fen
