"""The life of a project and the choices of its plan. Pure."""

from enum import StrEnum


class ProjectStatus(StrEnum):
    DRAFT = "draft"
    DECIDED = "decided"
    """The internal decision is signed by the legal representative (募捐办法 art. 15)."""
    FILED = "filed"
    OPEN = "open"
    PAUSED = "paused"
    """Taken from the public for a time, as after a report (MZ/T 087)."""
    CLOSED = "closed"
    """Takes money no longer; what it has is being spent."""
    SETTLED = "settled"
    """Its use is over, what was left went where the plan said, and everything is disclosed."""
    WITHDRAWN = "withdrawn"


MOVES: dict[str, tuple[frozenset[ProjectStatus], ProjectStatus]] = {
    "decide": (frozenset({ProjectStatus.DRAFT}), ProjectStatus.DECIDED),
    "reopen_draft": (frozenset({ProjectStatus.DECIDED}), ProjectStatus.DRAFT),
    "file": (frozenset({ProjectStatus.DECIDED}), ProjectStatus.FILED),
    "open": (frozenset({ProjectStatus.FILED}), ProjectStatus.OPEN),
    "pause": (frozenset({ProjectStatus.OPEN}), ProjectStatus.PAUSED),
    "resume": (frozenset({ProjectStatus.PAUSED}), ProjectStatus.OPEN),
    "close": (frozenset({ProjectStatus.OPEN, ProjectStatus.PAUSED}), ProjectStatus.CLOSED),
    "settle": (frozenset({ProjectStatus.CLOSED}), ProjectStatus.SETTLED),
    "withdraw": (frozenset({ProjectStatus.DRAFT, ProjectStatus.DECIDED, ProjectStatus.FILED}), ProjectStatus.WITHDRAWN),
}
"""verb -> (statuses it may start from, status it leads to)."""

PUBLIC = frozenset({ProjectStatus.OPEN, ProjectStatus.CLOSED, ProjectStatus.SETTLED})
"""Statuses in which everybody may read the project's page."""


class ProjectKind(StrEnum):
    ORDINARY = "ordinary"
    EMERGENCY = "emergency"
    """For a sudden event: filed within 10 days after its start, at most a year, disclosed every 5 days (慈善法 art. 72)."""


class SurplusRule(StrEnum):
    """What the plan says of money that is left or comes in beyond the target (慈善法 art. 58)."""

    SAME_PURPOSE = "same_purpose"
    """It goes on being used for this purpose."""
    NEAR_PURPOSE = "near_purpose"
    """It goes to another filed project with the same or a near purpose."""


class AtTarget(StrEnum):
    """What happens when the target is reached, said to donors before they pay."""

    GO_ON = "go_on"
    """Gifts are taken on; what is over follows the surplus rule."""
    STOP = "stop"
    """Nothing over the target is taken; money that crosses it on its way follows its donor's choice."""
