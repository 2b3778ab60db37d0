"""Names of places and the divisions below one."""

from cishan.database import JsonRow, rows
from cishan.divisions.rules import ancestors

CURRENT = "valid_to IS NULL"
MOST_CHILDREN = 500


async def name_of(code: str) -> str:
    """The current name of a division; its code when nobody knows it."""
    found = await names_of([code])
    return found.get(code, code)


async def names_of(codes: list[str]) -> dict[str, str]:
    """Current names by code, in one query."""
    found = await rows("SELECT code, name FROM division WHERE code = ANY($1) AND valid_to IS NULL", codes)
    return {row["code"]: row["name"] for row in found}


async def full_name_of(code: str) -> str:
    """From the city down: "德城区新湖街道…", without the province."""
    chain = [code, *ancestors(code)]
    names = await names_of(chain)
    return "".join(names[above] for above in reversed(chain) if above in names and len(above.rstrip("0")) > 2)


async def children_of(code: str) -> list[JsonRow]:
    """The divisions directly below one: code, name and level, in the order of their codes."""
    return await rows(
        "SELECT code, name, level FROM division WHERE parent_code = $1 AND valid_to IS NULL ORDER BY code LIMIT $2",
        code,
        MOST_CHILDREN,
    )
