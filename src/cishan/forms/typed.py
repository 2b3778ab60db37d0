"""Kinds of input that many forms share: sums typed in yuan and read into fen, digits typed in any width."""

from typing import Annotated

from pydantic import BeforeValidator

from cishan.money import fen_from_yuan_text

PLAIN_DIGITS = str.maketrans("０１２３４５６７８９．，", "0123456789.,")
SUM_WANTED = "请填写金额，例如 288 或 288.50。"


def fen_as_typed(text: object) -> int:
    """A sum as people type it - 288, 288.5, １２８, 1,288 元 - in fen; raises ValueError with the sentence for anything else."""
    plain = str(text).translate(PLAIN_DIGITS).replace(",", "").removesuffix("元").strip()
    try:
        return fen_from_yuan_text(plain)
    except ValueError:
        raise ValueError(SUM_WANTED) from None


def _digits(text: object) -> str:
    return str(text).translate(PLAIN_DIGITS).replace(" ", "")


YuanAsFen = Annotated[int, BeforeValidator(fen_as_typed)]
PlainDigits = Annotated[str, BeforeValidator(_digits)]
