"""The one page of a monthly plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cishan.labels import label
from cishan.monthly.queries import OtherPlan, OwnPlan
from cishan.monthly.states import PlanStatus

TONES = {PlanStatus.ACTIVE: "good", PlanStatus.PAUSED: "plain", PlanStatus.ENDED: "plain"}


@dataclass(frozen=True)
class MonthlyPage:
    """A plan with this month's turn, or the form that begins one."""

    plan: OwnPlan | None
    fund_id: int
    """0 for the 微心愿 fund, which an address need not name."""
    fund_name: str
    once_href: str
    others: tuple[OtherPlan, ...]
    takes_money: bool
    chips: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    error: str
    can_pay: bool

    @property
    def state(self) -> str:
        return label(self.plan.status) if self.plan else ""

    @property
    def tone(self) -> str:
        return TONES[self.plan.status] if self.plan else "plain"

    @property
    def is_paused(self) -> bool:
        return self.plan is not None and self.plan.status is PlanStatus.PAUSED

    @property
    def waiting(self) -> int | None:
        """The donation of this month that may be paid with one tap."""
        waiting = [turn.donation_id for turn in self.plan.turns if turn.waits] if self.plan else []
        return waiting[0] if waiting else None

    @property
    def months(self) -> tuple[tuple[date, int, str], ...]:
        """What became of each month: paid, still open, or let go without a word of blame."""
        if self.plan is None:
            return ()
        return tuple(
            (turn.month, turn.donation_id, "已捐" if turn.paid else "等您付款" if turn.waits else "这个月没有捐")
            for turn in self.plan.turns
        )
