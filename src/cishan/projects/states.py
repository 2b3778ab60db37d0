"""The life of a project and of an amendment. Pure."""

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
    "open_at_once": (frozenset({ProjectStatus.DECIDED}), ProjectStatus.OPEN),
    "pause": (frozenset({ProjectStatus.OPEN}), ProjectStatus.PAUSED),
    "resume": (frozenset({ProjectStatus.PAUSED}), ProjectStatus.OPEN),
    "close": (frozenset({ProjectStatus.OPEN, ProjectStatus.PAUSED}), ProjectStatus.CLOSED),
    "settle": (frozenset({ProjectStatus.CLOSED}), ProjectStatus.SETTLED),
    "withdraw": (frozenset({ProjectStatus.DRAFT, ProjectStatus.DECIDED, ProjectStatus.FILED}), ProjectStatus.WITHDRAWN),
}
"""verb -> (statuses it may start from, status it leads to). The diagram in docs/architecture.md is made from it."""

STEP_LABELS: dict[str, str] = {
    "draft": "拟定",
    "change": "修改",
    "decide": "决定",
    "reopen_draft": "退回修改",
    "file": "登记备案",
    "file_afterwards": "补办备案",
    "open": "开始募捐",
    "open_at_once": "应急开始募捐",
    "pause": "暂停",
    "resume": "恢复",
    "close": "结束募捐",
    "settle": "结项",
    "withdraw": "撤回",
    "propose_amendment": "提出变更",
    "decide_amendment": "决定变更",
    "decline_amendment": "不同意变更",
    "file_amendment": "变更备案",
    "drop_amendment": "撤回变更",
    "propose_surplus": "提出转出剩余财产",
    "decide_surplus": "同意转出剩余财产",
    "drop_surplus": "撤回转出剩余财产",
    "write_update": "写进展",
    "publish_update": "发布进展",
    "refuse_update": "没有发布进展",
}
"""The Chinese word of every step, for refusals and timelines."""


def can(verb: str, status: ProjectStatus) -> bool:
    """Whether the table allows this step from this status."""
    return status in MOVES[verb][0]


PUBLIC = frozenset({ProjectStatus.OPEN, ProjectStatus.CLOSED, ProjectStatus.SETTLED})
"""Statuses in which everybody may read the project's page."""


LIVE = frozenset({ProjectStatus.OPEN, ProjectStatus.PAUSED, ProjectStatus.CLOSED})
"""Statuses in which an emergency that was opened at once may still be filed afterwards."""

FILED_AND_UNDER_WAY = frozenset({ProjectStatus.FILED, ProjectStatus.OPEN, ProjectStatus.PAUSED, ProjectStatus.CLOSED})
"""Statuses in which a filed field may be amended."""


class AmendmentStatus(StrEnum):
    """Where a change of a filed field stands; it counts only once it is filed (募捐办法 art. 12)."""

    PROPOSED = "proposed"
    DECIDED = "decided"
    FILED = "filed"
    DROPPED = "dropped"


AMENDMENT_MOVES: dict[str, tuple[frozenset[AmendmentStatus], AmendmentStatus]] = {
    "decide": (frozenset({AmendmentStatus.PROPOSED}), AmendmentStatus.DECIDED),
    "file": (frozenset({AmendmentStatus.DECIDED}), AmendmentStatus.FILED),
    "drop": (frozenset({AmendmentStatus.PROPOSED, AmendmentStatus.DECIDED}), AmendmentStatus.DROPPED),
}
"""verb -> (statuses it may start from, status it leads to)."""
