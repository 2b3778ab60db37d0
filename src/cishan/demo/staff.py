"""Opens the demo's accounts the way real ones are opened: invitations that are accepted, donors who register."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cishan.accounts.actions import accept_invitation, invite_staff, register_donor
from cishan.accounts.passwords import Passwords
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.demo.people import COORDINATORS, DONORS, PASSWORD, REVIEWERS, STAFF, VILLAGES, DonorSample, StaffSample
from cishan.divisions.rules import town_of
from cishan.sealing import Sealer

LIGHT = Passwords(memory_kib=8 * 1024, passes=1, lanes=1)
"""The demo's password stands on the screen; a costly hash would only make the start slow."""


@dataclass(frozen=True)
class Crew:
    """Everyone who acts in the demo, by role and place."""

    admin: Viewer
    editor: Viewer
    second_editor: Viewer
    director: Viewer
    finance: Viewer
    bookkeeper: Viewer
    cashier: Viewer
    supervisor: Viewer
    coordinators: Mapping[str, Viewer] = field(default_factory=dict)
    reviewers: Mapping[str, Viewer] = field(default_factory=dict)
    donors: tuple[Viewer, ...] = ()


def staff_samples() -> tuple[StaffSample, ...]:
    """One of each role of the city and a second one of finance and of editing, who agrees to what the first may not; a
    coordinator for each village and a reviewer for each town."""
    towns = list(dict.fromkeys(town_of(village) for village in VILLAGES))
    reviewers = (
        StaffSample(Role.TOWN_REVIEWER, town, name, f"1390534002{number}")
        for number, (town, name) in enumerate(zip(towns, REVIEWERS, strict=True))
    )
    coordinators = (
        StaffSample(Role.COORDINATOR, village, name, f"1390534001{number}")
        for number, (village, name) in enumerate(zip(VILLAGES, COORDINATORS, strict=True))
    )
    return (*STAFF, *reviewers, *coordinators)


async def open_accounts(*, sealer: Sealer, now: datetime) -> Crew:
    """The administrator comes first, and invites the others."""
    admin: Viewer | None = None
    found: dict[tuple[Role, str], Viewer] = {}
    editors: list[Viewer] = []
    for sample in staff_samples():
        token = await invite_staff(
            sample.phone, sample.name, sample.role, sample.place, actor=admin, sealer=sealer, now=now
        )
        account_id = await accept_invitation(token, PASSWORD, sealer=sealer, now=now, passwords=LIGHT)
        viewer = Viewer(account_id, sample.role, sample.place)
        found.setdefault((sample.role, sample.place), viewer)
        editors += [viewer] if sample.role is Role.EDITOR else []
        admin = admin or viewer
    city = {role: viewer for (role, _), viewer in found.items()}
    return Crew(
        admin=city[Role.ADMIN],
        editor=editors[0],
        second_editor=editors[1],
        director=city[Role.DIRECTOR],
        finance=city[Role.FINANCE],
        bookkeeper=city[Role.BOOKKEEPER],
        cashier=city[Role.CASHIER],
        supervisor=city[Role.SUPERVISOR],
        coordinators={place: viewer for (role, place), viewer in found.items() if role is Role.COORDINATOR},
        reviewers={place: viewer for (role, place), viewer in found.items() if role is Role.TOWN_REVIEWER},
        donors=tuple([await _register(sample, sealer=sealer, now=now) for sample in DONORS]),
    )


async def _register(sample: DonorSample, *, sealer: Sealer, now: datetime) -> Viewer:
    account_id = await register_donor(
        sample.phone,
        sample.name,
        password=PASSWORD,
        organisation=sample.organisation,
        sealer=sealer,
        now=now,
        passwords=LIGHT,
    )
    return Viewer(account_id, Role.ORGANISATION if sample.organisation else Role.DONOR)
