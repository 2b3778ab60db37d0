"""What a check is, and running all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cishan.database import JsonRow, rows

MOST_EXAMPLES = 20


@dataclass(frozen=True)
class Check:
    """A promise. `examined` counts the rows it looks at; `broken` returns those that break it, as facts to look up.

    Both are one SELECT without a limit. A check of deadlines has $1, the instant at which it is asked. `may_be_empty` is for
    what only people do, such as closing a month: a year without it has broken no promise.
    """

    name: str
    promise: str
    examined: str
    broken: str
    may_be_empty: bool = False


@dataclass(frozen=True)
class CheckResult:
    """What a check found. `examples` are at most MOST_EXAMPLES of the `broken` rows."""

    name: str
    promise: str
    examined: int
    broken: int
    examples: tuple[JsonRow, ...]
    ok: bool


async def run_checks(checks: Sequence[Check], *, require_rows: bool, now: datetime) -> list[CheckResult]:
    """Asks every promise. With `require_rows` one that examined nothing is not ok either."""
    return [await run_check(check, require_rows=require_rows, now=now) for check in checks]


async def run_check(check: Check, *, require_rows: bool, now: datetime) -> CheckResult:
    # Both texts are constants of this room; only `now` comes from outside, as a parameter.
    listed = f"SELECT b.*, count(*) OVER () AS broken_rows FROM ({check.broken}) b LIMIT {MOST_EXAMPLES}"  # noqa: S608
    tally = f"SELECT count(*) AS examined FROM ({check.examined}) e"  # noqa: S608
    found = await rows(listed, *_values(check.broken, now))
    counted = await rows(tally, *_values(check.examined, now))
    examined: int = counted[0]["examined"]
    broken: int = found[0]["broken_rows"] if found else 0
    examples = tuple({name: value for name, value in row.items() if name != "broken_rows"} for row in found)
    ok = broken == 0 and (examined > 0 or check.may_be_empty or not require_rows)
    return CheckResult(check.name, check.promise, examined, broken, examples, ok)


def _values(sql: str, now: datetime) -> tuple[datetime, ...]:
    return (now,) if "$1" in sql else ()
