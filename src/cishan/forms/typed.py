"""Kinds of input that many forms share: sums typed in yuan and read into fen, digits typed in any width."""

from typing import Annotated

from pydantic import BeforeValidator

from cishan.money import fen_from_yuan_text, without_group_commas

PLAIN_DIGITS = str.maketrans("０１２３４５６７８９．，", "0123456789.,")
SUM_WANTED = "请填写金额，例如 288 或 288.50。"


def fen_as_typed(text: object) -> int:
    """A sum as people type it - 288, 288.5, １２８, 1,288 元 - in fen; raises ValueError with the sentence for anything else."""
    plain = str(text).translate(PLAIN_DIGITS).strip().removesuffix("元").strip()
    try:
        return fen_from_yuan_text(without_group_commas(plain))
    except ValueError:
        raise ValueError(SUM_WANTED) from None


def _digits(text: object) -> str:
    return str(text).translate(PLAIN_DIGITS).replace(" ", "")


def _optional_fen(text: object) -> int | None:
    return fen_as_typed(text) if text is not None and str(text).strip() else None


YuanAsFen = Annotated[int, BeforeValidator(fen_as_typed)]
OptionalYuanAsFen = Annotated[int | None, BeforeValidator(_optional_fen)]
"""None for a field that was left empty."""
PlainDigits = Annotated[str, BeforeValidator(_digits)]
