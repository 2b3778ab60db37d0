"""Pure decisions about what a charity may cost: two shares, their limits, and when to warn."""

from dataclasses import dataclass
from datetime import date

from cishan.errors import InvalidInput

PERMILLE = 1_000
WARN_AT = 800
"""Permille of a limit from which on it is said."""
LONGEST_NOTE = 200
EXEMPT_FEN = 20_000_000
"""A year that costs less than 200,000 yuan in all has no limit (慈善组织年度支出和管理费用规定 art. 11)."""


@dataclass(frozen=True)
class Limits:
    """In permille: the least of last year's income that is spent, the most of the year's spending that is cost."""

    least_spent: int = 700
    most_cost: int = 100


LAXEST = Limits(least_spent=700, most_cost=200)
"""What no charity that raises money in public may go beyond, whatever its kind and its size (慈善法 art. 61; 2016 rule arts 7-11)."""


@dataclass(frozen=True)
class YearSums:
    """A year's money in fen: what came in the year before, what was spent on purposes, and what the office cost."""

    income_before_fen: int
    spent_fen: int
    cost_fen: int

    @property
    def all_spent_fen(self) -> int:
        return self.spent_fen + self.cost_fen

    @property
    def cost_permille(self) -> int:
        """Cost in all that was spent, rounded up: a share is never said to be smaller than it is."""
        return _share(self.cost_fen, self.all_spent_fen)

    @property
    def spent_permille(self) -> int:
        """Spending in last year's income, rounded down."""
        if self.income_before_fen <= 0:
            return PERMILLE
        return self.spent_fen * PERMILLE // self.income_before_fen


def cost_standing(sums: YearSums, limits: Limits) -> str:
    """`good`, `warn` from eighty per cent of the limit on, `bad` beyond it; small charities are always good."""
    if sums.cost_fen < EXEMPT_FEN and sums.all_spent_fen < EXEMPT_FEN:
        return "good"
    if sums.cost_permille > limits.most_cost:
        return "bad"
    return "warn" if sums.cost_permille * PERMILLE >= limits.most_cost * WARN_AT else "good"


def spent_standing(sums: YearSums, limits: Limits, *, year_is_over: bool) -> str:
    """`good` once enough is spent; before the year's end too little is only a warning."""
    if sums.spent_permille >= limits.least_spent:
        return "good"
    return "bad" if year_is_over else "warn"


def check_cost(cost_fen: int, until: date, year: int, note: str, *, today: date) -> None:
    """Raises InvalidInput for a sum that can't be the cost of this year up to this day."""
    faults: dict[str, str] = {}
    if cost_fen < 0:
        faults["cost"] = "请填写金额，没有就填 0。"
    if until.year != year or until > today:
        faults["until"] = "请填写这一年里、今天或以前的日期。"
    if not 0 < len(note.strip()) <= LONGEST_NOTE:
        faults["note"] = f"请写明数字的出处，例如第几号凭证、哪份报表，最多 {LONGEST_NOTE} 个字。"
    if faults:
        raise InvalidInput(faults)


def check_limits(limits: Limits, valid_from: date, *, today: date) -> None:
    """Raises InvalidInput for a share that is none or laxer than any law's, or a day that is over (R-17)."""
    faults: dict[str, str] = {}
    if valid_from < today:
        faults["valid_from"] = "请选今天或以后的日期，以前的不能改。"
    if not LAXEST.least_spent <= limits.least_spent <= PERMILLE:
        faults["least_spent"] = f"请填 {LAXEST.least_spent // 10} 到 100 之间的百分数，可以比法规严，不能比法规宽。"
    if not 0 < limits.most_cost <= LAXEST.most_cost:
        faults["most_cost"] = f"请填 0.1 到 {LAXEST.most_cost // 10} 之间的百分数，可以比法规严，不能比法规宽。"
    if faults:
        raise InvalidInput(faults)


def _share(part: int, whole: int) -> int:
    return -(-part * PERMILLE // whole) if whole > 0 else 0
