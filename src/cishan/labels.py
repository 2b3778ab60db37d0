"""The one Chinese label of every enum value; the glossary is checked against this file."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from cishan.accounts.states import Role

ROLE_LABELS: dict[Role, str] = {
    Role.DONOR: "爱心人士",
    Role.ORGANISATION: "爱心单位",
    Role.COORDINATOR: "民政协理员",
    Role.TOWN_REVIEWER: "乡镇审核员",
    Role.EDITOR: "慈善总会编辑",
    Role.FINANCE: "慈善总会财务",
    Role.SUPERVISOR: "监督员",
    Role.ADMIN: "系统管理员",
}

LABELS: dict[type[StrEnum], Mapping[Any, str]] = {Role: ROLE_LABELS}
"""Every enum that a page shows, with a label for each of its values; rooms add theirs."""


def label(value: StrEnum) -> str:
    """The Chinese word for a value; raises KeyError for a value nobody has named, which a test finds first."""
    return LABELS[type(value)][value]
