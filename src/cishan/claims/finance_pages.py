"""What finance's pages of claims show: money to advance, and purchases over their price."""

from dataclasses import dataclass
from datetime import datetime

from cishan.claims.staff_pages import NOTHING, Typed, due_words
from cishan.claims.staff_queries import Task
from cishan.page_parts import Column, Pagination
from cishan.templating import moment

SUM = Column("金额", number=True)


@dataclass(frozen=True)
class AdvanceRow:
    id: int
    title: str
    town: str
    price_fen: int
    waited: str
    due_words: str
    is_late: bool


@dataclass(frozen=True)
class AdvancesPage:
    """Paid claims to choose from, or the chosen ones to check once more."""

    rows: tuple[AdvanceRow, ...]
    claims: int
    total_fen: int
    chosen_fen: int
    towns: tuple[tuple[str, int, int], ...]
    pagination: Pagination | None
    errors: Typed
    sum_column: Column = SUM


@dataclass(frozen=True)
class AdvanceOutcome:
    title: str
    town: str
    price_fen: int
    is_advanced: bool
    sentence: str


@dataclass(frozen=True)
class AdvancedPage:
    """A result for each claim of a run."""

    rows: tuple[AdvanceOutcome, ...]
    count: int
    total_fen: int
    sum_column: Column = SUM


@dataclass(frozen=True)
class ApprovalCard:
    """A purchase over its advance. Who gave the advance or bought sees it, and waits for another."""

    id: int
    title: str
    town: str
    shop: str
    advanced_fen: int
    spent_fen: int
    extra_fen: int
    bought_at: datetime
    voucher_href: str
    may_approve: bool
    errors: Typed


@dataclass(frozen=True)
class ApprovalsPage:
    cards: tuple[ApprovalCard, ...]


def advance_row(task: Task, town: str, now: datetime) -> AdvanceRow:
    return AdvanceRow(
        id=task.id,
        title=task.title,
        town=town,
        price_fen=task.price_fen,
        waited=moment(task.status_since),
        due_words=due_words(task, now),
        is_late=task.late_from(now) is not None,
    )


def approval_card(task: Task, town: str, *, viewer_id: int, errors: Typed = NOTHING) -> ApprovalCard:
    assert task.purchase is not None
    bought = task.purchase
    return ApprovalCard(
        id=bought.id,
        title=task.title,
        town=town,
        shop=bought.shop,
        advanced_fen=bought.advanced_fen,
        spent_fen=bought.spent_fen,
        extra_fen=bought.spent_fen - bought.advanced_fen,
        bought_at=bought.bought_at,
        voucher_href=f"/pictures/{bought.voucher_id}",
        may_approve=viewer_id not in {bought.advanced_by_id, bought.buyer_id},
        errors=errors,
    )
