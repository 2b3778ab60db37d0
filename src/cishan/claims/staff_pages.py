"""What the staff's pages of claims show: one frozen object each, decided by pure functions of a claim and the hour."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.states import Role
from cishan.claims.fulfilment_rules import CODE_DIGITS, days_late, responsible
from cishan.claims.rules import VERBS
from cishan.claims.staff_queries import Buyer, ClaimEvent, Door, Task
from cishan.claims.states import ClaimStatus, ClaimWay, EndReason
from cishan.labels import ROLE_LABELS, label
from cishan.page_parts import Step
from cishan.templating import moment, remaining, yuan

Typed = Mapping[str, str]
Fact = tuple[str, str]
NOTHING: Typed = {}

TONES: dict[ClaimStatus, str] = {
    ClaimStatus.PAID: "busy",
    ClaimStatus.ADVANCED: "warn",
    ClaimStatus.BOUGHT: "warn",
    ClaimStatus.DELIVERED: "busy",
    ClaimStatus.QUESTIONED: "bad",
    ClaimStatus.CONFIRMED: "good",
}

TODO: dict[ClaimStatus, str] = {
    ClaimStatus.ADVANCED: "去买",
    ClaimStatus.BOUGHT: "送去",
    ClaimStatus.PROMISED: "收下并送去",
    ClaimStatus.QUESTIONED: "再送一次",
    ClaimStatus.DELIVERED: "写感谢的话",
    ClaimStatus.CONFIRMED: "写感谢的话",
}


@dataclass(frozen=True)
class TaskRow:
    """One task in a list."""

    href: str
    title: str
    detail: str
    tag: str
    tone: str
    icon: str


@dataclass(frozen=True)
class TasksPage:
    """A coordinator's tasks of today, by what there is to do."""

    now: datetime
    late: tuple[TaskRow, ...]
    to_buy: tuple[TaskRow, ...]
    to_bring: tuple[TaskRow, ...]
    waiting: tuple[TaskRow, ...]
    to_thank: tuple[TaskRow, ...]

    @property
    def count(self) -> int:
        return len(self.late) + len(self.to_buy) + len(self.to_bring)


@dataclass(frozen=True)
class TaskPage:
    """One task: where to, what for, and the one form that it needs now."""

    id: int
    item: str
    case_number: str
    status: ClaimStatus
    tone: str
    price_fen: int
    advanced_fen: int
    due_words: str
    is_late: bool
    door: Door | None
    bought: "BoughtPart | None"
    can_buy: bool
    can_bring: bool
    is_waiting_for_leave: bool
    someone_else_buys: bool
    can_write_thanks: bool
    has_code: bool
    tries_left: int
    code_digits: int
    needs_value: bool
    needs_hours: bool
    question: str
    thanks: str
    proof: str
    values: Typed
    errors: Typed

    @property
    def status_label(self) -> str:
        return label(self.status)

    @property
    def facts(self) -> tuple[Fact, ...]:
        bought = (("买自", f"{self.bought.shop}，{yuan(self.bought.spent_fen)}"),) if self.bought else ()
        return (*door_facts(self.case_number, self.door), *bought)


@dataclass(frozen=True)
class BoughtPart:
    shop: str
    spent_fen: int
    extra_fen: int
    unspent_fen: int


@dataclass(frozen=True)
class StaffClaimPage:
    """The whole path of one claim for its town and the federation, with what they may do about it."""

    id: int
    title: str
    item: str
    case_number: str
    place: str
    status: ClaimStatus
    tone: str
    price_fen: int
    due_words: str
    is_late: bool
    whose: str
    steps: tuple[Step, ...]
    buyers: tuple[Buyer, ...]
    can_reassign: bool
    can_end: bool
    household_closed: bool
    reasons: tuple[tuple[str, str], ...]
    errors: Typed

    @property
    def status_label(self) -> str:
        return label(self.status)

    @property
    def facts(self) -> tuple[Fact, ...]:
        return (
            ("东西", self.item),
            ("地方", self.place),
            ("户", self.case_number),
            ("价格", yuan(self.price_fen)),
            ("轮到谁", self.whose),
        )

    @property
    def buyer_choices(self) -> tuple[tuple[int, str], ...]:
        return tuple((buyer.account_id, f"{buyer.name}（{buyer.place}）") for buyer in self.buyers)


def door_facts(case_number: str, door: Door | None) -> tuple[Fact, ...]:
    """Whom it is for: name and door where the registry shows them, else the case number and whom to go with."""
    if door is None:
        return (("户", case_number),)
    phone = (("电话", door.phone),) if door.phone else ()
    return (("户", f"{door.name}（{case_number}）"), ("住址", door.address), *phone)


def task_row(task: Task, now: datetime) -> TaskRow:
    late = task.late_from(now)
    waiting = task.purchase is not None and task.purchase.booked_at is None
    icon = "box" if task.status is ClaimStatus.ADVANCED else "gift"
    return TaskRow(
        href=f"/field/deliveries/{task.id}",
        title=f"{'等财务同意' if waiting else TODO.get(task.status, '看看')}：{task.item}",
        detail=f"{due_words(task, now)} · {task.case_number}",
        tag="超时" if late else label(task.status),
        tone="bad" if late else TONES.get(task.status, "plain"),
        icon="message" if task.status in {ClaimStatus.DELIVERED, ClaimStatus.CONFIRMED} else icon,
    )


def tasks_page(tasks: tuple[Task, ...], now: datetime) -> TasksPage:
    """Sorts tasks into late, to buy, to bring, waiting for finance and to thank for; each stands once."""
    waiting = [task for task in tasks if task.purchase is not None and task.purchase.booked_at is None]
    to_thank = [task for task in tasks if task.status in {ClaimStatus.DELIVERED, ClaimStatus.CONFIRMED}]
    open_ = [task for task in tasks if task not in waiting and task not in to_thank]
    late = [task for task in open_ if task.late_from(now)]
    in_time = [task for task in open_ if task not in late]
    return TasksPage(
        now=now,
        late=_rows(late, now),
        to_buy=_rows([task for task in in_time if task.status is ClaimStatus.ADVANCED], now),
        to_bring=_rows([task for task in in_time if task.status is not ClaimStatus.ADVANCED], now),
        waiting=_rows(waiting, now),
        to_thank=_rows(to_thank, now),
    )


def _rows(tasks: list[Task], now: datetime) -> tuple[TaskRow, ...]:
    return tuple(task_row(task, now) for task in tasks)


def due_words(task: Task, now: datetime) -> str:
    late = task.late_from(now)
    if late is not None:
        return f"超时 {days_late(late, now)} 天"
    return remaining(task.due_at, now) if task.due_at is not None else "没有期限"


def task_page(
    task: Task, *, door: Door | None, viewer_id: int, now: datetime, values: Typed = NOTHING, errors: Typed = NOTHING
) -> TaskPage:
    waiting = task.purchase is not None and task.purchase.booked_at is None
    other_buys = task.buyer_id is not None and task.buyer_id != viewer_id
    delivery = task.delivery
    return TaskPage(
        id=task.id,
        item=task.item,
        case_number=task.case_number,
        status=task.status,
        tone=TONES.get(task.status, "plain"),
        price_fen=task.price_fen,
        advanced_fen=task.price_fen,
        due_words=due_words(task, now),
        is_late=task.late_from(now) is not None,
        door=door,
        bought=_bought_part(task),
        can_buy=task.status is ClaimStatus.ADVANCED and not waiting and not other_buys,
        can_bring=task.status in {ClaimStatus.BOUGHT, ClaimStatus.PROMISED, ClaimStatus.QUESTIONED},
        is_waiting_for_leave=waiting,
        someone_else_buys=task.status is ClaimStatus.ADVANCED and other_buys,
        can_write_thanks=_may_thank(task),
        has_code=task.has_code and task.tries_left > 0,
        tries_left=task.tries_left,
        code_digits=CODE_DIGITS,
        needs_value=task.way is ClaimWay.BRING,
        needs_hours=task.way is ClaimWay.GIVE_TIME,
        question=delivery.note if delivery and task.status is ClaimStatus.QUESTIONED else "",
        thanks=task.thanks_text,
        proof="code" if task.has_code and task.tries_left > 0 else "slip",
        values=values,
        errors=errors,
    )


def _bought_part(task: Task) -> BoughtPart | None:
    if task.purchase is None:
        return None
    over = task.purchase.spent_fen - task.purchase.advanced_fen
    return BoughtPart(task.purchase.shop, task.purchase.spent_fen, max(over, 0), max(-over, 0))


def _may_thank(task: Task) -> bool:
    return task.status in {ClaimStatus.DELIVERED, ClaimStatus.CONFIRMED} and task.thanks_passed_on_at is None


EVENT_WORDS = {
    "claim": "认领了这件心愿",
    "pay": "捐款到账",
    "advance": "财务拨付备用金",
    "ask_leave": "买贵了，等财务同意",
    "approve_purchase": "财务同意了多花的钱",
    "refuse_purchase": "财务没有同意多花的钱",
    "buy": "买好了",
    "reassign_buyer": "换人去买",
    "deliver": "送到了",
    "confirm": "核实：收到了，心愿圆了",
    "question": "核实：这家人说有问题",
    "escalate": "超时，请上一级督促",
    "hurry": "这一户销户了，要马上处理",
    "write_thanks": "写下感谢的话",
    "pass_on_thanks": "感谢的话转给了爱心人士",
    "clear_picture": "照片可以给爱心人士看",
    "refuse_picture": "照片不给爱心人士看",
    "end": "认领终止",
}
BAD_EVENTS = frozenset({"question", "escalate", "hurry", "refuse_purchase", "end", "lapse", "cancel", "hand_back"})


def steps_of_claim(events: tuple[ClaimEvent, ...]) -> tuple[Step, ...]:
    """What happened to a claim, in words, with the role that did it."""
    return tuple(
        Step(
            what=EVENT_WORDS.get(event.verb) or VERBS.get(event.verb, event.verb),
            when=moment(event.at),
            who=ROLE_LABELS[event.role] if event.role else _without_role(event.verb),
            stage="bad" if event.verb in BAD_EVENTS else "done",
        )
        for event in events
    )


def _without_role(verb: str) -> str:
    return "爱心人士" if verb in {"claim", "cancel", "hand_back"} else "系统"


def staff_claim_page(
    task: Task,
    events: tuple[ClaimEvent, ...],
    *,
    place: str,
    buyers: tuple[Buyer, ...],
    may_manage: bool,
    can_end: bool,
    now: datetime,
    errors: Typed = NOTHING,
) -> StaffClaimPage:
    late = task.late_from(now) is not None
    waiting = task.purchase is not None and task.purchase.booked_at is None
    buying = task.status is ClaimStatus.ADVANCED and not waiting
    return StaffClaimPage(
        id=task.id,
        title=task.title,
        item=task.item,
        case_number=task.case_number,
        place=place,
        status=task.status,
        tone="bad" if late else TONES.get(task.status, "plain"),
        price_fen=task.price_fen,
        due_words=due_words(task, now) if task.due_at else "没有期限",
        is_late=late,
        whose=ROLE_LABELS[whose_turn(task)]
        if task.status in TONES and task.status is not ClaimStatus.CONFIRMED
        else "无",
        steps=steps_of_claim(events),
        buyers=tuple(buyer for buyer in buyers if buyer.account_id != task.buyer_id),
        can_reassign=may_manage and buying and (late or task.escalation > 0),
        can_end=may_manage and can_end and not waiting,
        household_closed=task.household_closed,
        reasons=tuple((reason.value, label(reason)) for reason in EndReason),
        errors=errors,
    )


def whose_turn(task: Task) -> Role:
    return responsible(task.status, task.escalation)
