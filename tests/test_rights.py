"""The rights matrix: every route, every role, every legal mode (scenario A1).

`rights.csv` is written by hand, from what each role is for; it is not made from the permission column of `routes.py`.
A cell is `in` (may enter), `no` (refused), `door` (an anonymous reader is led to sign-in). A route without a row fails.
"""

import csv
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.states import LegalMode
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.routes import ROUTES
from cishan.sealing import Sealer
from conftest import browser_for

ANYONE = "anyone"
COLUMNS = [ANYONE, *Role]
PLACES = {
    Role.COORDINATOR: makers.VILLAGE,
    Role.TOWN_REVIEWER: makers.TOWN,
    Role.EDITOR: makers.COUNTY,
}
DOORS = ("/sign-in", "/staff/sign-in")
NOBODYS_ID = "999999999"


def expected() -> dict[tuple[str, str], dict[str, str]]:
    """(method, path) -> cells; a cell of ANYONE may be `in/door`: public, but behind the door in private mode."""
    with (Path(__file__).parent / "rights.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(line for line in file if not line.startswith("#")))
    # The bookkeeper and the cashier are finance's people: a row that doesn't name them gives them what finance has.
    return {(row["method"], row["path"]): {name: row[name] or _unnamed(row, name) for name in COLUMNS} for row in table}


def _unnamed(row: dict[str, str], name: str) -> str:
    """The director enters, unnamed, what all of staff enter, and nothing else."""
    if name != Role.DIRECTOR:
        return row[Role.FINANCE]
    others = {row[role] for role in (Role.COORDINATOR, Role.EDITOR, Role.FINANCE, Role.SUPERVISOR, Role.ADMIN)}
    return others.pop() if len(others) == 1 else "no"


def listed() -> set[tuple[str, str]]:
    return {(method, row.path) for row in ROUTES for method in row.methods}


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert set(expected()) == listed()


def wanted(cell: str, mode: LegalMode) -> str:
    public, _, private = cell.partition("/")
    return private if private and mode is LegalMode.PRIVATE else public


def outcome(answer: httpx2.Response) -> str:
    location = answer.headers.get("location", "").partition("?")
    if answer.status_code == 303 and location[0] in DOORS and location[2].startswith("next="):
        return "door"
    return "no" if answer.status_code == 403 else "in"


async def people(sealer: Sealer, clock: SteppedClock) -> dict[str, Viewer | None]:
    now = clock.now()
    found: dict[str, Viewer | None] = {ANYONE: None}
    for role in Role:
        if role is Role.DONOR:
            found[role] = await makers.make_donor(sealer=sealer, now=now)
        elif role is Role.ORGANISATION:
            found[role] = await makers.make_organisation(sealer=sealer, now=now)
        elif role is Role.ADMIN:
            found[role] = await makers.make_admin(sealer=sealer, now=now)
        else:
            found[role] = await makers.make_staff(role, PLACES.get(role, makers.CITY), sealer=sealer, now=now)
    return found


async def call(app: Starlette, viewer: Viewer | None, method: str, path: str, clock: SteppedClock) -> str:
    address = "/".join(NOBODYS_ID if part.startswith("{") else part for part in path.split("/"))
    async with browser_for(app) as browser:
        if viewer is not None:
            await makers.signed_in(browser, viewer, now=clock.now())
        return outcome(await browser.request(method, address))


@pytest.mark.parametrize("mode", list(LegalMode))
async def test_every_role_enters_only_where_it_may(
    app: Starlette, sealer: Sealer, clock: SteppedClock, mode: LegalMode
) -> None:
    await makers.make_charity(now=clock.now(), legal_mode=mode)
    viewers = await people(sealer, clock)
    wrong = []
    for (method, path), cells in expected().items():
        for who, viewer in viewers.items():
            found = await call(app, viewer, method, path, clock)
            if found != wanted(cells[who], mode):
                wrong.append(f"{method} {path} as {who}: {found}, expected {wanted(cells[who], mode)}")
    assert wrong == []


async def test_the_matrix_would_see_a_door_left_open(app: Starlette, sealer: Sealer, clock: SteppedClock) -> None:
    """Positive control: somebody who has been given another role is seen to enter where the first could not."""
    await makers.make_charity(now=clock.now())
    donor = await makers.make_donor(sealer=sealer, now=clock.now())
    assert await call(app, donor, "GET", "/desk/staff", clock) == "no"
    admin = await makers.make_admin(sealer=sealer, now=clock.now())
    assert await call(app, admin, "GET", "/desk/staff", clock) == "in"
    assert (await rows("SELECT count(*) AS n FROM session WHERE revoked_at IS NULL"))[0]["n"] > 1
