"""Choosing a place step by step, each step a page of its own: from a division down to what lies below it."""

from dataclasses import dataclass

from cishan.divisions.queries import children_of, full_name_of
from cishan.divisions.rules import ancestors, contains, is_code


@dataclass(frozen=True)
class PlaceChoice:
    """The place chosen so far, the way up, and what lies below, as code and name."""

    code: str
    name: str
    up: str | None
    below: tuple[tuple[str, str], ...]


async def place_choice(code: str, *, within: str) -> PlaceChoice:
    """What is offered at a place; outside `within`, or for something that is no code, it is `within` itself."""
    code = code if is_code(code) and contains(within, code) else within
    above = next((up for up in ancestors(code) if contains(within, up)), None)
    return PlaceChoice(code, await full_name_of(code), above, await places_below(code))


async def places_below(code: str) -> tuple[tuple[str, str], ...]:
    return tuple((row["code"], row["name"]) for row in await children_of(code))
