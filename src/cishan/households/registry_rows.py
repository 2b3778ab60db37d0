"""One row of the bureau's registry, read and in order: one person of one household."""

from dataclasses import dataclass
from datetime import date

from cishan.households.states import Group


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """`since` is the day from which the groups hold, and from which the person is known to live there."""

    row: int
    case_number: str
    division_code: str
    address: str
    name: str
    id_number: str
    phone: str | None
    relation: str
    groups: tuple[Group, ...]
    since: date
