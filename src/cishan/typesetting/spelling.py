"""Makes what is to be printed printable: what no font has is written out as its code point."""

from typing import Any

from cishan.typesetting.fonts import spell_missing


def spelled(value: Any, covered: frozenset[int], missing: list[str]) -> Any:
    """The value with every text in it made printable; what could not be printed is added to `missing`."""
    if isinstance(value, str):
        shown, found = spell_missing(value, covered)
        missing.extend(found)
        return shown
    if isinstance(value, list):
        return [spelled(item, covered, missing) for item in value]
    if isinstance(value, dict):
        return {name: spelled(item, covered, missing) for name, item in value.items()}
    return value
