"""The choices that a plan makes. Pure."""

from enum import StrEnum


class ProjectKind(StrEnum):
    ORDINARY = "ordinary"
    EMERGENCY = "emergency"
    """For a sudden event: filed within 10 days after its start, at most a year, disclosed every 5 days (慈善法 art. 72)."""


class Reach(StrEnum):
    """Who is asked to give; the deployment's legal mode allows one of them (R-1)."""

    PUBLIC = "public"
    """Everybody: 公开募捐, with certificate, filing and platform."""
    MEMBERS = "members"
    """Founders, council and members: 定向募捐, never in public (慈善法 art. 29)."""
    COMMUNITY = "community"
    """A community or unit among itself (慈善法 art. 122)."""


class GivingWay(StrEnum):
    """How gifts are taken, as the plan names them."""

    ONLINE = "online"
    BANK = "bank"
    CASH = "cash"
    GOODS = "goods"


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
