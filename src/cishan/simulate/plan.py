"""What is put into a simulated year: its size, and how often people do what. Never what should come out of it.

Sizes are those of Dezhou in 2021: 1,377 wishes collected, 102,537 people on lists, 27 projects that helped over ten
thousand people with 8.34 million yuan. Shares are guesses of ours, except
that they leave as many wishes unfulfilled as there did remain.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True)
class Scale:
    """How large a year is. `rush` is the most donors who want the same wish in the minute it opens.

    `fund_gifts` and `monthly_donors` give to the 微心愿 fund, which helps `helped_homes` families beside their wishes.
    Each of the `projects` is given to by `project_gifts` people and two of the `companies`, and helps `project_homes`.
    """

    name: str
    households: int
    persons: int
    wishes: int
    villages: int
    donors: int
    rush: int
    fund_gifts: int
    monthly_donors: int
    helped_homes: int
    projects: int
    project_gifts: int
    project_homes: int
    companies: int


SMALL = Scale(
    "small",
    households=60,
    persons=103,
    wishes=60,
    villages=6,
    donors=60,
    rush=4,
    fund_gifts=6,
    monthly_donors=2,
    helped_homes=10,
    projects=2,
    project_gifts=4,
    project_homes=5,
    companies=2,
)
CITY = Scale(
    "city",
    households=60_000,
    persons=102_537,
    wishes=1_377,
    villages=240,
    donors=1_500,
    rush=8,
    fund_gifts=60,
    monthly_donors=40,
    helped_homes=100,
    projects=27,
    project_gifts=60,
    project_homes=190,
    companies=20,
)
SCALES = {scale.name: scale for scale in (SMALL, CITY)}


@dataclass(frozen=True)
class Plan:
    """One run: where, which year, how large, and the seed that decides everything else."""

    city_code: str
    year: int
    scale: Scale
    seed: int

    @property
    def first_day(self) -> date:
        """Set-up and the registry come ten days before the year."""
        return date(self.year - 1, 12, 22)


class Course(StrEnum):
    """What the family and the staff make of a wish, whoever claims it."""

    STRAIGHT = "straight"
    GIVEN_UP_AS_DRAFT = "given_up_as_draft"
    SENT_BACK_AND_MENDED = "sent_back_and_mended"
    SENT_BACK_FOR_GOOD = "sent_back_for_good"
    NAMED_IN_WORDING = "named_in_wording"
    REWORDED = "reworded"
    CONSENT_LATE = "consent_late"
    TAKEN_OFF_AND_BACK = "taken_off_and_back"
    WITHDRAWN_FROM_WALL = "withdrawn_from_wall"
    UNWANTED = "unwanted"
    REFUSED_AFTER_PAYMENT = "refused_after_payment"
    MOVED_AFTER_ADVANCE = "moved_after_advance"
    DIED_AFTER_PURCHASE = "died_after_purchase"
    QUESTIONED = "questioned"


COURSE_SHARES: dict[Course, float] = {
    Course.GIVEN_UP_AS_DRAFT: 0.006,
    Course.SENT_BACK_AND_MENDED: 0.030,
    Course.SENT_BACK_FOR_GOOD: 0.014,
    Course.NAMED_IN_WORDING: 0.020,
    Course.REWORDED: 0.015,
    Course.CONSENT_LATE: 0.010,
    Course.TAKEN_OFF_AND_BACK: 0.008,
    Course.WITHDRAWN_FROM_WALL: 0.012,
    Course.UNWANTED: 0.034,
    Course.REFUSED_AFTER_PAYMENT: 0.008,
    Course.MOVED_AFTER_ADVANCE: 0.007,
    Course.DIED_AFTER_PURCHASE: 0.006,
    Course.QUESTIONED: 0.020,
}


class Paying(StrEnum):
    """What a donor who claims by payment does, and what goes wrong between the gateway and us."""

    COMES_BACK = "comes_back"
    CLOSES_BROWSER = "closes_browser"
    CANCELS = "cancels"
    NEVER_PAYS = "never_pays"
    LOOKS_AND_LEAVES = "looks_and_leaves"
    DECLINED_FIRST = "declined_first"
    PAYS_LATE = "pays_late"
    PAYS_TWICE = "pays_twice"
    NOTICE_LOST = "notice_lost"
    NOTICE_TWICE = "notice_twice"
    NOTICE_LATE = "notice_late"
    NOTICES_OUT_OF_ORDER = "notices_out_of_order"
    NOTICE_LIES = "notice_lies"
    NOTICE_FORGED = "notice_forged"
    GATEWAY_SILENT = "gateway_silent"


PAYING_SHARES: dict[Paying, float] = {
    Paying.CLOSES_BROWSER: 0.30,
    Paying.CANCELS: 0.03,
    Paying.NEVER_PAYS: 0.03,
    Paying.LOOKS_AND_LEAVES: 0.03,
    Paying.DECLINED_FIRST: 0.03,
    Paying.PAYS_LATE: 0.015,
    Paying.PAYS_TWICE: 0.01,
    Paying.NOTICE_LOST: 0.03,
    Paying.NOTICE_TWICE: 0.02,
    Paying.NOTICE_LATE: 0.02,
    Paying.NOTICES_OUT_OF_ORDER: 0.01,
    Paying.NOTICE_LIES: 0.005,
    Paying.NOTICE_FORGED: 0.005,
    Paying.GATEWAY_SILENT: 0.006,
}


class Keeping(StrEnum):
    """How a promise of goods or time is kept."""

    KEPT = "kept"
    HANDED_BACK = "handed_back"
    FORGOTTEN = "forgotten"


KEEPING_SHARES: dict[Keeping, float] = {Keeping.HANDED_BACK: 0.05, Keeping.FORGOTTEN: 0.05}


class Buying(StrEnum):
    """How the thing is bought, against its published price."""

    UNDER = "under"
    EXACT = "exact"
    OVER = "over"
    OVER_AND_REFUSED = "over_and_refused"
    LATE = "late"
    LATE_AND_REPLACED = "late_and_replaced"


BUYING_SHARES: dict[Buying, float] = {
    Buying.EXACT: 0.20,
    Buying.OVER: 0.06,
    Buying.OVER_AND_REFUSED: 0.01,
    Buying.LATE: 0.04,
    Buying.LATE_AND_REPLACED: 0.01,
}

BRING_SHARE = 0.15
"""Of the things, how many are brought rather than paid for."""
RUSH_SHARE = 0.25
"""Of the wishes, how many are wanted by several donors in the minute they open."""
NO_PHONE_SHARE = 0.30
"""Of the households, how many have no phone for the hand-over code."""
WRONG_CODE_SHARE = 0.05
THANKS_SHARE = 0.60
PHOTO_SHARE = 0.30
RECEIPT_SHARE = 0.30
"""Of the paid gifts whose wish came true, how many donors ask for a receipt."""
WRONG_RECEIPT_SHARE = 0.10
ORGANISATION_SHARE = 0.05
