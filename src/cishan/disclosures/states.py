"""What has to be published, and how urgent it is. Pure."""

from enum import StrEnum


class DutyKind(StrEnum):
    CAMPAIGN_PROGRESS = "campaign_progress"
    """A campaign of more than six months: every three months (慈善法 art. 79, 募捐办法 art. 21)."""
    CAMPAIGN_FINAL = "campaign_final"
    """Full and detailed, within three months of the campaign's end (the same articles)."""
    USE_PROGRESS = "use_progress"
    """A project of more than six months: every three months (the same articles)."""
    USE_FINAL = "use_final"
    """How it went and where the money went, within three months of its end (the same articles)."""
    EMERGENCY = "emergency"
    """Receipts of an emergency campaign: at least every five days (慈善法 art. 72)."""
    PARTNER = "partner"
    """Evaluation and supervision of the partner: three months after the campaign's end (令第81号)."""
    SURPLUS = "surplus"
    """What became of money that was left: three months after the project's end (慈善法 art. 58, 令第81号)."""
    ANNUAL = "annual"
    """The charity's yearly report and accounts: by 31 May (令第81号)."""


class Urgency(StrEnum):
    """How a duty stands on a day."""

    DONE = "done"
    LATER = "later"
    SOON = "soon"
    """Within thirty days."""
    LATE = "late"
