"""The sheet of paper: what stands on it, on which side, as plain data for the printer. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from cishan.amount_words import amount_in_words
from cishan.summaries.editions import EditionView, Office
from cishan.summaries.keys import IssuedKey
from cishan.summaries.rules import ROWS_ON_THE_FRONT, Line, by_person
from cishan.summaries.states import LineKind
from cishan.summaries.wording import WHOLE_HOUSEHOLD, amount_text, when_text
from cishan.templating import day, yuan
from cishan.typesetting.codes import qr_svg

HASH_SHOWN = 8
MOST_ASKS = 5
LONGEST_ABOUT = 9
# How many full-width characters a cell holds on one printed line, at 16 pt on A4; a longer text takes more lines.
WHO_WIDTH, WHAT_WIDTH, WHEN_WIDTH = 4, 10, 9


@dataclass(frozen=True)
class SheetRow:
    """One printed row, as text."""

    who: str
    what: str
    when: str
    amount: str


@dataclass(frozen=True)
class Ask:
    """Whom to ask about what."""

    about: str
    whom: str


@dataclass(frozen=True)
class Sheet:
    """One household's sheet: `back` holds the rows that do not fit on the front."""

    title: str
    household: str
    village: str
    front: tuple[SheetRow, ...]
    back: tuple[SheetRow, ...]
    total: str
    total_words: str
    code: str
    site: str
    link: str
    qr_svg: str
    asks: tuple[Ask, ...]
    edition: str
    printed_on: str

    def data(self) -> dict[str, object]:
        return asdict(self)


def asks_of(
    lines: Sequence[Line], offices: Sequence[Office], *, village: str, town: str, charity: str, charity_phone: str
) -> tuple[Ask, ...]:
    """Whom the family may ask: about the list, about each office's benefits, about wishes, about anything."""
    about: dict[tuple[str, str], list[str]] = {}
    for office in offices:
        about.setdefault((office.name, office.hotline), []).append(office.programme)
    asks = [Ask("这张清单", f"{village}民政协理员，{town}民政办")]
    asks += [Ask("、".join(names), f"{name} {hotline}") for (name, hotline), names in about.items()]
    if any(line.kind is LineKind.WISH for line in lines):
        asks.append(Ask("微心愿", f"{charity} {charity_phone}"))
    return (*asks, Ask("什么都可以问", "12345 热线"))


def asks_on_paper(asks: Sequence[Ask]) -> tuple[Ask, ...]:
    """As many as there is room for: the list itself, the first offices and the hot line for anything."""
    shown = [*asks[: MOST_ASKS - 1], asks[-1]] if len(asks) > MOST_ASKS else asks
    return tuple(Ask(_shortened(ask.about), ask.whom) for ask in shown)


def _shortened(about: str) -> str:
    """The first of several programmes stands for all of an office."""
    return about if len(about) <= LONGEST_ABOUT else f"{about.split('、')[0][: LONGEST_ABOUT - 1]}等"


def make_sheet(
    edition: EditionView,
    *,
    key: IssuedKey,
    site_url: str,
    head: str,
    village: str,
    members: Sequence[int],
    names: Mapping[int, str],
    asks: Sequence[Ask],
    now: datetime,
) -> Sheet:
    """Lays an edition out for paper; `members` in the order they are to be read."""
    link = f"{site_url}/list/{key.link_token}"
    front, back = split_sides(sheet_rows(edition.lines, members, names))
    return Sheet(
        title=f"{edition.year} 年幸福清单",
        household=head,
        village=village,
        front=front,
        back=back,
        total=yuan(edition.total_fen),
        total_words=amount_in_words(edition.total_fen),
        code=key.grouped_code,
        site=f"{site_url.split('://')[-1]}/list",
        link=link,
        qr_svg=qr_svg(link),
        asks=asks_on_paper(asks),
        edition=f"{edition.year} 年第 {edition.number} 版　校验 {edition.sha256[:HASH_SHOWN]}",
        printed_on=day(now),
    )


def sheet_rows(lines: Sequence[Line], members: Sequence[int], names: Mapping[int, str]) -> tuple[SheetRow, ...]:
    """Every line as a row, person by person, each row with its person's name so that it can be read alone."""
    return tuple(
        SheetRow(
            who=names.get(person_id, WHOLE_HOUSEHOLD) if person_id is not None else WHOLE_HOUSEHOLD,
            what=line.what,
            when=when_text(line),
            amount=amount_text(line),
        )
        for person_id, own in by_person(lines, members)
        for line in own
    )


def split_sides(rows: Sequence[SheetRow]) -> tuple[tuple[SheetRow, ...], tuple[SheetRow, ...]]:
    """Front and back: as many rows on the front as there is room for, counting a wrapped row for its lines."""
    used = 0
    for place, row in enumerate(rows):
        used += printed_lines(row)
        if used > ROWS_ON_THE_FRONT:
            return tuple(rows[:place]), tuple(rows[place:])
    return tuple(rows), ()


def printed_lines(row: SheetRow) -> int:
    return max(
        _lines(row.who, WHO_WIDTH),
        _lines(row.what, WHAT_WIDTH),
        _lines(row.when, WHEN_WIDTH),
    )


def _lines(text: str, width: int) -> int:
    """Lines that a text takes; ASCII counts half a full-width character."""
    halves = sum(1 if character.isascii() else 2 for character in text)
    return max(1, -(-halves // (2 * width)))
