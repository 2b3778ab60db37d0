"""Words of the registry."""

from enum import StrEnum


class Group(StrEnum):
    """Groups of people in hardship (社会救助对象); a person belongs to one for a time."""

    MINIMUM_LIVING = "minimum_living"  # 低保
    EXTREME_HARDSHIP = "extreme_hardship"  # 特困
    MARGINAL = "marginal"  # 低保边缘
    EXPENDITURE = "expenditure"  # 支出型困难
    AT_RISK = "at_risk"  # 防返贫监测对象


class MembershipEnd(StrEnum):
    MOVED = "moved"
    SPLIT = "split"
    DIED = "died"


class ConsentPurpose(StrEnum):
    """The four separate consents of PIPL 23, 25, 29; each can be withdrawn alone."""

    STORE = "store"
    SHOW_TO_CLAIMER = "show_to_claimer"
    PUBLISH_PICTURE = "publish_picture"
    NOTICE_BOARD = "notice_board"


class ConsentMethod(StrEnum):
    PAPER = "paper"
    THUMBPRINT = "thumbprint"
    PROXY = "proxy"


class SealedField(StrEnum):
    NAME = "name"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    ADDRESS = "address"
