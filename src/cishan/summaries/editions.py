"""What an edition and the offices behind it look like to whoever reads them. Pure."""

from dataclasses import dataclass
from datetime import datetime

from cishan.summaries.rules import Line


@dataclass(frozen=True)
class EditionView:
    """A frozen edition; `lines` are in its own order."""

    id: int
    household_id: int
    division_code: str
    year: int
    number: int
    lines: tuple[Line, ...]
    total_fen: int
    sha256: str
    frozen_at: datetime


@dataclass(frozen=True)
class Office:
    """Who answers for a programme."""

    programme: str
    name: str
    hotline: str
