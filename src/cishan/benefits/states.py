"""The life of an import."""

from enum import StrEnum


class ImportKind(StrEnum):
    REGISTRY = "registry"
    BENEFITS = "benefits"


class ImportStatus(StrEnum):
    """CHECKING -> PREVIEWED -> APPLYING -> APPLIED; a file with a wrong row is REFUSED and never applied."""

    CHECKING = "checking"
    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"
    REFUSED = "refused"


class Area(StrEnum):
    URBAN = "urban"
    RURAL = "rural"
