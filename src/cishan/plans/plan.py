"""The plan of a project as a value: the fields of 募捐办法 art. 10 (R-8), whole or still being written. Pure."""

from dataclasses import dataclass
from datetime import date, datetime

from cishan.charities.states import LegalMode
from cishan.plans.states import AtTarget, GivingWay, ProjectKind, Reach, SurplusRule

MOST_BUDGET_LINES = 12


@dataclass(frozen=True)
class BudgetItem:
    """One line of the plan for the use of the money."""

    name: str
    amount_fen: int


@dataclass(frozen=True)
class Plan:
    """What is filed with civil affairs. Every default stands for “not written yet”."""

    kind: ProjectKind = ProjectKind.ORDINARY
    reach: Reach = Reach.PUBLIC
    name: str = ""
    purpose: str = ""
    area_code: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    use_ends_on: date | None = None
    leader_id: int | None = None
    office: str = ""
    ways: tuple[GivingWay, ...] = ()
    bank_account: str = ""
    bank_account_name: str = ""
    target_fen: int = 0
    cost_fen: int = 0
    cost_words: str = ""
    beneficiaries: str = ""
    beneficiaries_count: int = 0
    choosing: str = ""
    surplus_rule: SurplusRule | None = None
    surplus_words: str = ""
    at_target: AtTarget | None = None
    partner_name: str = ""
    partner_uscc: str = ""
    partner_agreement_no: str = ""
    partner_evaluated_on: date | None = None
    platform_url: str = ""
    budget: tuple[BudgetItem, ...] = ()

    @property
    def cap_fen(self) -> int | None:
        """The most that the fund takes; None where gifts go on beyond the target."""
        return self.target_fen if self.at_target is AtTarget.STOP else None


@dataclass(frozen=True)
class Certificate:
    """Leave to raise money in public, from a day and perhaps until one, both included."""

    valid_from: date
    valid_to: date | None = None

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Facts:
    """What the plan is held against: the charity as it stands, and whether the leader works for it full time."""

    mode: LegalMode
    charity_name: str
    division_code: str
    certificate: Certificate | None
    designation_number: str
    leader_is_staff: bool
    today: date


@dataclass(frozen=True)
class Terms:
    """The figures that rules set; the defaults are those of 令第74号. `capacity_fen` and `cost_permille` are the charity's own.

    A campaign begins no sooner than `notice_days` after its filing and lasts at most `longest_years`; an emergency may
    begin at once, lasts at most `longest_emergency_years` and is filed within `emergency_filing_days`; a change is
    filed within `amendment_days`. No project asks for more than `capacity_fen` or costs more than `cost_permille` of it.
    """

    notice_days: int = 10
    longest_years: int = 3
    longest_emergency_years: int = 1
    emergency_filing_days: int = 10
    amendment_days: int = 10
    capacity_fen: int = 500_000_000
    cost_permille: int = 100


DEFAULT_TERMS = Terms()

REACH_OF_MODE: dict[LegalMode, Reach] = {
    LegalMode.OWN_SITE: Reach.PUBLIC,
    LegalMode.PRIVATE: Reach.MEMBERS,
    LegalMode.COMMUNITY: Reach.COMMUNITY,
}
"""Whom each legal mode lets a project ask (R-1 to R-3)."""
