"""What the pages of the check and of the family's thanks show."""

from dataclasses import dataclass
from datetime import datetime

from cishan.claims.fulfilment_rules import RELATIONS, refusal_of_asker
from cishan.claims.staff_pages import NOTHING, Fact, Typed, door_facts, due_words
from cishan.claims.staff_queries import Door, Task
from cishan.claims.states import CheckAnswer, CheckChannel, ClaimWay
from cishan.labels import label
from cishan.templating import moment, remaining, yuan


@dataclass(frozen=True)
class CheckRow:
    """One delivery to ask about."""

    href: str
    item: str
    case_number: str
    delivered_at: datetime
    ask_words: str
    is_due: bool
    due_words: str
    is_late: bool


@dataclass(frozen=True)
class ChecksPage:
    now: datetime
    rows: tuple[CheckRow, ...]


@dataclass(frozen=True)
class CheckPage:
    """Ask the family: what came and when, and the form for what they said."""

    id: int
    item: str
    case_number: str
    household_href: str
    door: Door | None
    price_fen: int
    worth: str
    delivered_at: datetime
    proof: str
    refusal: str
    channels: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, str], ...]
    relations: tuple[tuple[str, str], ...]
    values: Typed
    errors: Typed

    @property
    def facts(self) -> tuple[Fact, ...]:
        worth = "服务" if self.worth.endswith("小时") else "价值"
        delivered = ("什么时候送到", moment(self.delivered_at)), ("凭什么", self.proof), (worth, self.worth)
        return (*door_facts(self.case_number, self.door), *delivered)


@dataclass(frozen=True)
class ThanksPage:
    """Write down the family's thanks for one claim."""

    id: int
    item: str
    back: str
    is_passed_on: bool
    text: str
    errors: Typed


@dataclass(frozen=True)
class ThanksCard:
    """Thanks that wait for an editor."""

    id: int
    title: str
    text: str
    can_pass_on: bool
    errors: Typed


@dataclass(frozen=True)
class PictureCard:
    """A hand-over picture that waits for an editor; `claim_id` is whose it is."""

    claim_id: int
    picture_id: int
    href: str
    title: str


@dataclass(frozen=True)
class ThanksQueuePage:
    cards: tuple[ThanksCard, ...]
    pictures: tuple[PictureCard, ...]


def picture_card(task: Task) -> PictureCard:
    assert task.delivery is not None
    assert task.delivery.picture_id is not None
    picture_id = task.delivery.picture_id
    return PictureCard(claim_id=task.id, picture_id=picture_id, href=f"/pictures/{picture_id}", title=task.title)


def check_row(task: Task, now: datetime) -> CheckRow:
    assert task.delivery is not None
    due = task.delivery.check_due_at <= now
    return CheckRow(
        href=f"/desk/checks/{task.id}",
        item=task.item,
        case_number=task.case_number,
        delivered_at=task.delivery.at,
        ask_words="可以问了" if due else f"{remaining(task.delivery.check_due_at, now)}再问",
        is_due=due,
        due_words=due_words(task, now),
        is_late=task.late_from(now) is not None,
    )


def check_page(
    task: Task,
    *,
    door: Door | None,
    viewer_id: int,
    household_href: str,
    values: Typed = NOTHING,
    errors: Typed = NOTHING,
) -> CheckPage:
    assert task.delivery is not None
    return CheckPage(
        id=task.id,
        item=task.item,
        case_number=task.case_number,
        household_href=household_href,
        door=door,
        price_fen=task.price_fen,
        worth=_worth(task),
        delivered_at=task.delivery.at,
        proof=label(task.delivery.proof),
        refusal=refusal_of_asker(viewer_id, task.delivery.by_id),
        channels=tuple((item.value, label(item)) for item in CheckChannel),
        answers=((CheckAnswer.YES.value, "收到了，没问题"), (CheckAnswer.NO.value, "没收到，或有问题")),
        relations=tuple((word, word) for word in RELATIONS),
        values=values,
        errors=errors,
    )


def _worth(task: Task) -> str:
    assert task.delivery is not None
    if task.way is ClaimWay.GIVE_TIME:
        return f"{task.delivery.hours} 小时"
    return yuan(task.delivery.value_fen)
