"""The life of an import."""

from enum import StrEnum


class ImportKind(StrEnum):
    REGISTRY = "registry"
    BENEFITS = "benefits"


class ImportStatus(StrEnum):
    PREVIEWED = "previewed"
    APPLIED = "applied"
    REFUSED = "refused"


class Area(StrEnum):
    URBAN = "urban"
    RURAL = "rural"
