"""Money is a whole number of fen everywhere; yuan exists only as text, here and at the gateway.

Integer arithmetic only: no float and no Decimal ever touches an amount.
"""

import re

FEN_PER_YUAN = 100

GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?", re.ASCII)
_YUAN = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,2}))?", re.ASCII)


def yuan_text(fen: int) -> str:
    """The amount as text, 8880 -> "88.80"; a negative amount keeps its sign in front."""
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{sign}{yuan}.{rest:02d}"


def without_group_commas(text: str) -> str:
    """A number without the commas before its groups of three; raises ValueError for any other comma, which may mean a point."""
    if "," in text and GROUPED.fullmatch(text) is None:
        raise ValueError(f"not a number in groups of three: {text[:20]!r}")
    return text.replace(",", "")


def fen_from_yuan_text(text: str) -> int:
    """Reads an amount, "88.80" -> 8880: plain digits, at most two decimals; anything else is a ValueError.

    No sign, space, exponent, thousands separator or full-width digit: what a gateway or a form sends is
    either exactly an amount or not one at all.
    """
    match = _YUAN.fullmatch(text)
    if match is None:
        raise ValueError(f"not an amount in yuan: {text[:20]!r}")
    yuan, decimals = match.group(1), match.group(2) or ""
    return int(yuan) * FEN_PER_YUAN + int(decimals.ljust(2, "0"))
