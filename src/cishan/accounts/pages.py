"""What the pages of sign-in, of one's own account and of the staff desk show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cishan.divisions.choosing import PlaceChoice
from cishan.page_parts import Pagination, Step

Fields = Mapping[str, str]
Choice = tuple[str, str]


@dataclass(frozen=True)
class DoorPage:
    """A form at the door: sign-in, registration, code, name or staff sign-in. `next` is where it leads afterwards."""

    next: str = "/"
    errors: Fields = field(default_factory=dict)
    values: Fields = field(default_factory=dict)
    registration_open: bool = True
    phone: str = ""
    as_organisation: bool = False


@dataclass(frozen=True)
class InvitationPage:
    """An invitation: who is invited to what and where, and the form for the password."""

    action: str
    name: str
    phone: str
    role: str
    place: str
    for_staff: bool
    errors: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class Device:
    """One line of the page of devices."""

    session_id: int
    name: str
    signed_in_at: datetime
    seen_at: datetime
    is_this: bool


@dataclass(frozen=True)
class DevicesPage:
    devices: tuple[Device, ...]
    has_others: bool


@dataclass(frozen=True)
class PasswordPage:
    """`has_password` decides whether the present one is asked for."""

    has_password: bool
    errors: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class StaffRow:
    """One person of the staff list. `tone` is a tone of states.html."""

    name: str
    href: str
    phone: str
    role: str
    place: str
    since: datetime
    standing: str
    tone: str


@dataclass(frozen=True)
class ChangeRow:
    """A change of role that waits. Whoever proposed it may only drop it."""

    id: int
    name: str
    href: str
    before: str
    after: str
    proposed_by: str
    proposed_at: datetime
    can_confirm: bool


@dataclass(frozen=True)
class InvitationRow:
    id: int
    name: str
    phone: str
    role: str
    invited_by: str
    expires_at: datetime


@dataclass(frozen=True)
class StaffListPage:
    changes: tuple[ChangeRow, ...]
    invitations: tuple[InvitationRow, ...]
    staff: tuple[StaffRow, ...]
    pagination: Pagination
    roles: tuple[Choice, ...]
    places: tuple[Choice, ...]
    standings: tuple[Choice, ...]
    values: Fields


@dataclass(frozen=True)
class InvitePage:
    """A person is invited to one of the roles that belong to a place of this level."""

    place: PlaceChoice
    roles: tuple[Choice, ...]
    errors: Fields = field(default_factory=dict)
    values: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class StaffMemberPage:
    """One staff member: facts, what may be done, and what happened."""

    account_id: int
    name: str
    phone: str
    role: str
    place: str
    standing: str
    tone: str
    can_change: bool
    can_disable: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class MovePage:
    """Another role or place for a staff member."""

    account_id: int
    name: str
    place: PlaceChoice
    roles: tuple[Choice, ...]
    errors: Fields = field(default_factory=dict)
    values: Fields = field(default_factory=dict)
