"""Sums as people type them: a comma groups thousands or is refused, for it may have been meant as a point."""

import pytest

from cishan.forms.typed import fen_as_typed


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("288", 28_800),
        ("288.5", 28_850),
        ("１２８", 12_800),
        ("1,288", 128_800),
        ("1，288.50 元", 128_850),
        ("12,345,678元", 1_234_567_800),
    ],
)
def test_it_reads(text: str, fen: int) -> None:
    assert fen_as_typed(text) == fen


@pytest.mark.parametrize(
    "text", ["12,50", "1，5", "100,00元", "1,2345", "1,,288", ",288", "1.5,000", "", "abc", "-1", "1e9"]
)
def test_it_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="请填写金额"):
        fen_as_typed(text)
