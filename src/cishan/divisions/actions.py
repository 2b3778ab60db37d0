"""The only writer of divisions: loads those that ship with the package."""

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from tortoise.transactions import in_transaction

from cishan.database import rows
from cishan.divisions.rules import ancestors, contains
from cishan.shipped import shipped

PUBLISHED_ON = date(2023, 6, 30)

INSERT = """
INSERT INTO division (code, name, level, parent_code, valid_from)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::date[])
ON CONFLICT (code, valid_from) DO NOTHING RETURNING id
"""


async def load_divisions(scope: str) -> int:
    """Loads a city's divisions and all above it from the package's data; returns how many were new.

    A division's parent is the nearest ancestor that exists, for some cities have no counties.
    """
    wanted = _divisions_of(scope)
    async with in_transaction():
        new = await rows(
            INSERT,
            [code for code, _, _, _ in wanted],
            [name for _, name, _, _ in wanted],
            [level for _, _, level, _ in wanted],
            [parent for _, _, _, parent in wanted],
            [PUBLISHED_ON] * len(wanted),
        )
    return len(new)


@lru_cache(maxsize=4)
def _divisions_of(scope: str) -> tuple[tuple[str, str, int, str | None], ...]:
    """Code, name, level and parent of each. Reading the whole country takes a third of a second, so it is done once."""
    wanted = [
        (code, name, level)
        for code, level, name in _shipped_divisions()
        if contains(scope, code) or contains(code, scope)
    ]
    codes = {code for code, _, _ in wanted}
    return tuple(
        (code, name, level, next((above for above in ancestors(code) if above in codes), None))
        for code, name, level in wanted
    )


def _shipped_divisions() -> Iterator[tuple[str, int, str]]:
    with gzip.open(shipped("data/divisions.csv.gz")) as file:
        for row in csv.DictReader(io.TextIOWrapper(file, encoding="utf-8")):
            yield row["code"], int(row["level"]), row["name"]
