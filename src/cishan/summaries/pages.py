"""What the pages of the yearly list show: one frozen object each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cishan.amount_words import amount_in_words
from cishan.charts import Chart, Point, bar_chart
from cishan.database import JsonRow
from cishan.page_parts import Column, Pagination
from cishan.summaries.editions import EditionView
from cishan.summaries.rules import Line, by_kind, by_person, in_order, total_fen
from cishan.summaries.sheets import Ask
from cishan.summaries.wording import WHOLE_HOUSEHOLD, amount_text, each_month, spoken_when
from cishan.templating import day, yuan


@dataclass(frozen=True)
class EnterPage:
    """The door for whoever holds the sheet: its code."""

    errors: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    is_open: bool = False


@dataclass(frozen=True)
class CheckPage:
    """The second question: something that does not stand on the sheet."""

    failed: bool
    code_sent: bool
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LinePart:
    """One line as it is read aloud; `number` is its place in the edition."""

    number: int
    what: str
    when: str
    each: str
    amount: str
    doubt_href: str


@dataclass(frozen=True)
class PersonPart:
    name: str
    lines: tuple[LinePart, ...]
    total: str


@dataclass(frozen=True)
class DoubtPart:
    """A question the family asked, and its answer when there is one."""

    about: str
    text: str
    raised_on: str
    due_on: str
    answer: str


@dataclass(frozen=True)
class ListPage:
    """A household's list of one year. `year` without an edition shows that nothing is on it yet."""

    year: int
    years: tuple[tuple[str, str, bool], ...]
    village: str
    people: tuple[PersonPart, ...]
    total: str
    total_words: str
    chart: Chart | None
    asks: tuple[Ask, ...]
    doubts: tuple[DoubtPart, ...]
    doubt_href: str
    edition: str
    frozen_on: str


@dataclass(frozen=True)
class DoubtPage:
    """The form in which a family says that something is wrong."""

    edition_id: int
    line: int
    about: str
    back: str
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HouseholdRow:
    """A household on the desk that issues lists."""

    id: int
    case_number: str
    head: str
    village: str
    edition: str
    total: str
    key: str
    key_tone: str
    missing: str


@dataclass(frozen=True)
class ListsPage:
    year: int
    years: tuple[tuple[str, str], ...]
    place: str
    places: tuple[tuple[str, str], ...]
    case_number: str
    columns: tuple[Column | str, ...]
    rows: tuple[HouseholdRow, ...]
    pagination: Pagination
    can_print_all: bool


@dataclass(frozen=True)
class DeskDoubt:
    """A doubt on the reviewer's desk."""

    id: int
    case_number: str
    year: int
    about: str
    text: str
    contact: str
    raised_on: str
    due: str
    is_late: bool
    answer: str


@dataclass(frozen=True)
class DoubtsPage:
    doubts: tuple[DeskDoubt, ...]
    closed: tuple[DeskDoubt, ...]
    wrong_id: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def list_page(
    edition: EditionView,
    *,
    years: Sequence[int],
    village: str,
    members: Sequence[int],
    names: Mapping[int, str],
    asks: Sequence[Ask],
    doubts: Sequence[DoubtPart],
) -> ListPage:
    return ListPage(
        year=edition.year,
        years=tuple((f"{year} 年", f"/list/open?year={year}", year == edition.year) for year in years),
        village=village,
        people=people_parts(edition, members, names),
        total=yuan(edition.total_fen),
        total_words=amount_in_words(edition.total_fen),
        chart=kinds_chart(edition.lines),
        asks=tuple(asks),
        doubts=tuple(doubts),
        doubt_href=f"/list/doubt?edition={edition.id}",
        edition=f"第 {edition.number} 版，校验码 {edition.sha256[:8]}",
        frozen_on=day(edition.frozen_at),
    )


def people_parts(edition: EditionView, members: Sequence[int], names: Mapping[int, str]) -> tuple[PersonPart, ...]:
    numbers = {line: number for number, line in enumerate(in_order(edition.lines), start=1)}
    return tuple(
        PersonPart(
            name=names.get(person_id, WHOLE_HOUSEHOLD) if person_id is not None else WHOLE_HOUSEHOLD,
            lines=tuple(_line_part(line, numbers[line], edition.id) for line in own),
            total=yuan(total_fen(own)),
        )
        for person_id, own in by_person(edition.lines, members)
    )


def _line_part(line: Line, number: int, edition_id: int) -> LinePart:
    return LinePart(
        number=number,
        what=line.what,
        when=spoken_when(line),
        each=each_month(line),
        amount=amount_text(line),
        doubt_href=f"/list/doubt?edition={edition_id}&line={number}",
    )


def kinds_chart(lines: Sequence[Line]) -> Chart | None:
    """Sums by kind; None when there is nothing to compare."""
    kinds = by_kind(lines)
    if len(kinds) < 2:
        return None
    largest, fen = kinds[0]
    return bar_chart(
        name="by-kind",
        title="钱从哪里来",
        description=f"{largest}最多，有 {yuan(fen)}。",
        unit="元",
        points=[Point(name, sum_fen, yuan(sum_fen)) for name, sum_fen in kinds],
        label_head="种类",
    )


def desk_doubt(row: JsonRow, *, text: str, contact: str, due: str, is_late: bool) -> DeskDoubt:
    return DeskDoubt(
        id=row["id"],
        case_number=row["case_number"],
        year=row["year"],
        about=row["about"],
        text=text,
        contact=contact,
        raised_on=day(row["raised_at"]),
        due=due,
        is_late=is_late,
        answer=row["answer"],
    )
