"""What the pages of coordinators, reviewers and editors show: one frozen object each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.states import Role
from cishan.database import JsonRow
from cishan.labels import label
from cishan.page_parts import Step
from cishan.templating import day, moment, remaining
from cishan.wishes.catalogue import Suggestion
from cishan.wishes.pages import FOR_WHOM, TONES, icon_of, price_text
from cishan.wishes.states import STEP_LABELS, WishStatus
from cishan.wishes.work import StaffWish, VisitToConfirm, VisitView

Choice = tuple[str, str]


@dataclass(frozen=True)
class Task:
    """One thing to do today."""

    title: str
    detail: str
    href: str
    icon: str
    tag: str
    tone: str


@dataclass(frozen=True)
class TaskGroup:
    """Tasks of one sort under a heading: the most pressing ones, and how many there are in all."""

    title: str
    tasks: tuple[Task, ...]
    total: int


@dataclass(frozen=True)
class FieldPage:
    """A coordinator's day."""

    groups: tuple[TaskGroup, ...]
    under_way: TaskGroup


@dataclass(frozen=True)
class FilingPage:
    """One step of filing. `step` is what, who or price; `number` of `last`."""

    step: str
    number: int
    last: int
    action: str
    back: str
    household: str
    values: Mapping[str, object]
    errors: Mapping[str, str]
    suggestions: tuple[Suggestion, ...] = ()
    usual_price: str = ""
    cap_yuan: int = 0
    is_thing: bool = True
    picture: str | None = None


@dataclass(frozen=True)
class FilingCheckPage:
    """Check your answers, and the family's consents, before the wish goes to the town."""

    wish: StaffWish
    answers: tuple[tuple[str, str, str], ...]
    missing_consents: tuple[tuple[str, str, str], ...]
    consent_choices: tuple[Choice, ...]
    methods: tuple[Choice, ...]
    picture: str | None
    values: Mapping[str, object]
    errors: Mapping[str, str]


@dataclass(frozen=True)
class FieldWishPage:
    """A wish as its coordinator follows it."""

    wish: StaffWish
    title: str
    state_label: str
    state_tone: str
    steps: tuple[Step, ...]
    can_change: bool
    can_withdraw: bool
    picture: str | None
    errors: Mapping[str, str]


@dataclass(frozen=True)
class QueueRow:
    """A row of a staff queue; `marks` say in words why to look twice."""

    href: str
    case_number: str
    item: str
    for_whom: str
    price: str
    county: str
    state_label: str
    state_tone: str
    left: str
    is_late: bool
    marks: tuple[str, ...]


@dataclass(frozen=True)
class QueuePage:
    """A queue of wishes: the most pressing ones, how many wait in all, and how many of those are late."""

    rows: tuple[QueueRow, ...]
    waiting: int
    late: int


@dataclass(frozen=True)
class ReviewPage:
    """One wish before the town's reviewer: its visit, then its public words."""

    wish: StaffWish
    for_whom: str
    price: str
    state_label: str
    state_tone: str
    left: str
    marks: tuple[str, ...]
    visit: VisitView | None
    second_visitor: str
    colleagues: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    picture: str | None
    steps: tuple[Step, ...]
    can_record_visit: bool
    can_word: bool
    can_send_back: bool
    today: str
    values: Mapping[str, object]
    errors: Mapping[str, str]


@dataclass(frozen=True)
class VisitsPage:
    """The visits that wait for this person's word."""

    visits: tuple[VisitToConfirm, ...]


@dataclass(frozen=True)
class PublishPage:
    """What was filed beside what will be public, before the editor decides."""

    wish: StaffWish
    for_whom: str
    price: str
    state_label: str
    state_tone: str
    left: str
    group: str
    picture: str | None
    steps: tuple[Step, ...]
    can_publish: bool
    can_take_off: bool
    errors: Mapping[str, str]


def queue_row(wish: StaffWish, href: str, now: datetime, marks: tuple[str, ...]) -> QueueRow:
    return QueueRow(
        href=href,
        case_number=wish.case_number,
        item=wish.item,
        for_whom=FOR_WHOM[wish.audience],
        price=price_text(wish.price_fen, wish.hours),
        county=wish.county,
        state_label=label(wish.status),
        state_tone=TONES[wish.status],
        left=remaining(wish.due_at, now) if wish.due_at else "不限时",
        is_late=is_late(wish, now),
        marks=marks,
    )


def is_late(wish: StaffWish, now: datetime) -> bool:
    return wish.due_at is not None and wish.due_at < now


def task_of(wish: StaffWish, href: str, now: datetime) -> Task:
    detail = (
        wish.returned_reason if wish.status is WishStatus.RETURNED else f"{wish.case_number}，{FOR_WHOM[wish.audience]}"
    )
    return Task(
        title=wish.item or "还没写想要什么",
        detail=detail,
        href=href,
        icon=icon_of(wish.item, wish.kind),
        tag=label(wish.status),
        tone=TONES[wish.status],
    )


def visit_task(visit: VisitToConfirm) -> Task:
    detail = f"{day(visit.visited_on)}和{visit.with_whom}一起去的"
    return Task(f"确认走访：{visit.item}", detail, "/desk/visits", "users", "待确认", "warn")


def picture_of(wish: StaffWish) -> str | None:
    return f"/pictures/{wish.picture_id}" if wish.picture_id else None


def staff_steps(events: list[JsonRow]) -> tuple[Step, ...]:
    """What happened, when, by which office, why; never a name."""
    return tuple(
        Step(
            what=STEP_LABELS[event["verb"]],
            when=moment(event["at"]),
            who=label(Role(event["role"])) if event["role"] else "系统或爱心人士",
            why=event["reason"],
            stage="bad" if event["verb"] in {"send_back", "take_off", "lapse", "withdraw"} else "done",
        )
        for event in events
    )
