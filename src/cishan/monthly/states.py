"""The life of a monthly plan. Pure."""

from enum import StrEnum


class PlanStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


MOVES: dict[str, tuple[frozenset[PlanStatus], PlanStatus]] = {
    "change": (frozenset({PlanStatus.ACTIVE, PlanStatus.PAUSED}), PlanStatus.ACTIVE),
    "pause": (frozenset({PlanStatus.ACTIVE}), PlanStatus.PAUSED),
    "resume": (frozenset({PlanStatus.PAUSED}), PlanStatus.ACTIVE),
    "end": (frozenset({PlanStatus.ACTIVE, PlanStatus.PAUSED}), PlanStatus.ENDED),
}
"""verb -> (statuses it may start from, status it leads to)."""
