"""Pure facts about 12-digit division codes (GB/T 2260 and the bureau of statistics' lower levels)."""

LEVEL_WIDTHS = (2, 4, 6, 9, 12)
"""Significant digits of province, city, county, town and village."""


def is_code(text: str) -> bool:
    return len(text) == 12 and text.isascii() and text.isdigit() and text[:2] != "00"


def significant(code: str) -> str:
    """The digits that name the division, without the zeros that fill it up: '371402000000' -> '371402'."""
    for width in LEVEL_WIDTHS:
        if set(code[width:]) <= {"0"}:
            return code[:width]
    return code


def ancestors(code: str) -> tuple[str, ...]:
    """Candidate codes above this one, nearest first. The nearest that exists is the parent."""
    own = len(significant(code))
    return tuple(code[:width].ljust(12, "0") for width in reversed(LEVEL_WIDTHS) if width < own)


def subtree(code: str) -> tuple[str, str]:
    """The lowest and highest code of a division and all below it, both included."""
    prefix = significant(code)
    return prefix.ljust(12, "0"), prefix.ljust(12, "9")


def is_town(code: str) -> bool:
    return len(significant(code)) == len("371402001")


def is_village(code: str) -> bool:
    """Whether it is a village or an urban community, the lowest level there is."""
    return is_code(code) and len(significant(code)) == len("371402001002")


def contains(scope: str, code: str) -> bool:
    """Whether `code` is the scope's division or below it."""
    return code.startswith(significant(scope))


def county_of(code: str) -> str:
    return code[:6].ljust(12, "0")


def town_of(code: str) -> str:
    return code[:9].ljust(12, "0")
