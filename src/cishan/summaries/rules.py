"""What stands on a yearly list: lines from their sources, their order, totals, and the digest of an edition. Pure."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cishan.summaries.states import LineKind

FIRST_YEAR = 2000
LAST_YEAR = 2100
ROWS_ON_THE_FRONT = 14
"""More rows than this go to the back side; at 16 pt no more fit above the total and the code on one A4 page."""
TAIL_PATTERN = re.compile(r"[0-9]{5}[0-9X]", re.ASCII)
MOST_WRONG_TRIES = 5
KIND_ORDER = {LineKind.BENEFIT: 0, LineKind.CHARITY: 1, LineKind.WISH: 2}


@dataclass(frozen=True)
class Line:
    """One line of a list. `person_id` None is the household as a whole; `source` says which programme, claim or payout it is.

    A benefit has its months and what a month came to, lowest and highest; a wish has its day, and hours for a service.
    """

    kind: LineKind
    person_id: int | None
    what: str
    source: str
    amount_fen: int
    months: tuple[int, ...] = ()
    lowest_fen: int = 0
    highest_fen: int = 0
    hours: int = 0
    on: date | None = None

    def facts(self) -> dict[str, object]:
        """The line as an edition keeps it: whole numbers and texts only, never a name."""
        return {
            "kind": self.kind.value,
            "person": self.person_id,
            "what": self.what,
            "source": self.source,
            "amount_fen": self.amount_fen,
            "months": list(self.months),
            "lowest_fen": self.lowest_fen,
            "highest_fen": self.highest_fen,
            "hours": self.hours,
            "on": self.on.isoformat() if self.on else None,
        }


def line_of(facts: dict[str, object]) -> Line:
    """Reads back what `Line.facts` wrote."""
    person, on, months = facts["person"], facts["on"], facts["months"]
    return Line(
        kind=LineKind(str(facts["kind"])),
        person_id=int(str(person)) if person is not None else None,
        what=str(facts["what"]),
        source=str(facts["source"]),
        amount_fen=int(str(facts["amount_fen"])),
        months=tuple(int(month) for month in months) if isinstance(months, list) else (),
        lowest_fen=int(str(facts["lowest_fen"])),
        highest_fen=int(str(facts["highest_fen"])),
        hours=int(str(facts["hours"])),
        on=date.fromisoformat(str(on)) if on else None,
    )


def benefit_line(person_id: int, code: str, name: str, paid: Iterable[tuple[int, int]]) -> Line:
    """Merges what a person was paid under one programme, as (month, fen), into one line."""
    by_month: dict[int, int] = {}
    for month, amount_fen in paid:
        by_month[month] = by_month.get(month, 0) + amount_fen
    return Line(
        kind=LineKind.BENEFIT,
        person_id=person_id,
        what=name,
        source=code,
        amount_fen=sum(by_month.values()),
        months=tuple(sorted(by_month)),
        lowest_fen=min(by_month.values()),
        highest_fen=max(by_month.values()),
    )


def wish_line(claim_id: int, person_id: int | None, item: str, *, spent_fen: int, hours: int, on: date) -> Line:
    """A fulfilled wish: the item and what was spent on it, or fair value, or hours; dated at hand-over."""
    return Line(LineKind.WISH, person_id, item, source=f"claim-{claim_id}", amount_fen=spent_fen, hours=hours, on=on)


def charity_line(payout_id: int, person_id: int | None, what: str, *, amount_fen: int, on: date) -> Line:
    """Help paid out of a charity's fund, dated on the day when the bank paid it."""
    return Line(LineKind.CHARITY, person_id, what, source=f"payout-{payout_id}", amount_fen=amount_fen, on=on)


def in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The order of an edition: by person, the household's own last; benefits by programme, then wishes by day.

    It uses nothing but the lines, so the same sources always give the same digest.
    """
    return tuple(
        sorted(
            lines,
            key=lambda line: (
                line.person_id is None,
                line.person_id or 0,
                KIND_ORDER[line.kind],
                line.on or date.min,
                line.source,
            ),
        )
    )


def total_fen(lines: Iterable[Line]) -> int:
    return sum(line.amount_fen for line in lines)


def canonical_text(household_id: int, year: int, lines: Sequence[Line]) -> str:
    """The one way to write an edition's content down; its digest is the edition's (R-38)."""
    content = {"household": household_id, "year": year, "lines": [line.facts() for line in in_order(lines)]}
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(household_id: int, year: int, lines: Sequence[Line]) -> str:
    return hashlib.sha256(canonical_text(household_id, year, lines).encode()).hexdigest()


def month_spans(months: Sequence[int]) -> list[tuple[int, int]]:
    """Months without a gap as (first, last): (1, 2, 3, 5) -> [(1, 3), (5, 5)]."""
    spans: list[tuple[int, int]] = []
    for month in months:
        if spans and month == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], month)
        else:
            spans.append((month, month))
    return spans


def months_text(months: Sequence[int], *, spoken: bool = False) -> str:
    """ "1-12 月，12 个月", spoken "1 月到 12 月，12 个月"; a single month stands alone."""
    joiner = " 月到 " if spoken else "-"
    spans = [f"{first}{joiner}{last} 月" if first != last else f"{first} 月" for first, last in month_spans(months)]
    return "、".join(spans) + (f"，{len(months)} 个月" if len(months) > 1 else "")


def by_person(lines: Sequence[Line], members: Sequence[int]) -> list[tuple[int | None, tuple[Line, ...]]]:
    """Lines grouped for reading: the members in their order, then people who left, then the household as a whole."""
    place = {person_id: index for index, person_id in enumerate(members)}
    people = {line.person_id for line in lines}
    known = sorted((one for one in people if one is not None), key=lambda one: (place.get(one, len(place)), one))
    groups: list[int | None] = [*known, *([None] if None in people else [])]
    return [(one, tuple(line for line in in_order(lines) if line.person_id == one)) for one in groups]


def by_kind(lines: Sequence[Line]) -> list[tuple[str, int]]:
    """Sums by benefit programme, wishes as one, largest first; kinds that brought no money are left out."""
    sums: dict[str, int] = {}
    for line in lines:
        name = "微心愿" if line.kind is LineKind.WISH else line.what
        sums[name] = sums.get(name, 0) + line.amount_fen
    return sorted(((name, fen) for name, fen in sums.items() if fen > 0), key=lambda pair: (-pair[1], pair[0]))


def typed_tail(text: str) -> str | None:
    """Six characters of an ID number or an SMS code as typed, wide digits and a small x included; None when it's neither."""
    tidy = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    return tidy if TAIL_PATTERN.fullmatch(tidy) else None


def is_usable(*, locked: bool, revoked: bool) -> bool:
    return not locked and not revoked


def locks(wrong_tries: int) -> bool:
    """Whether this many wrong answers lock a key."""
    return wrong_tries >= MOST_WRONG_TRIES


def year_range(year: int) -> tuple[date, date]:
    """First and last day of a year."""
    return date(year, 1, 1), date(year + 1, 1, 1) - timedelta(days=1)
