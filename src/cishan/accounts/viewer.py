"""Who is looking or acting: one small frozen object that every action, query and page is handed."""

from dataclasses import dataclass, field

from cishan.accounts.states import STAFF_ROLES, Role
from cishan.divisions.rules import contains, subtree


@dataclass(frozen=True)
class Viewer:
    """A signed-in person. `division_code` is empty for donors; staff act inside that division's subtree."""

    account_id: int
    role: Role
    division_code: str = ""
    session_id: int = 0
    elder_mode: bool = False
    name_sealed: bytes = field(default=b"", repr=False)

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES

    def covers(self, division_code: str) -> bool:
        """Whether a place lies in this person's scope."""
        return self.is_staff and contains(self.division_code, division_code)

    @property
    def scope(self) -> tuple[str, str]:
        """Lowest and highest division code in scope, for BETWEEN; nothing lies between the two for a donor."""
        return subtree(self.division_code) if self.division_code else ("1", "0")
