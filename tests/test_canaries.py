"""A thousand planted names, phones and ID numbers: none is in a database dump, in the logs, or on a page not meant for it.

The registry is loaded by the import action, as the bureau's file would be; donors register; pages are read by everybody.
"""

import asyncio
import io
import logging
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette
from stdnum.cn import ric

import makers
from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.app import create_app
from cishan.benefits.imports import apply_import, preview_import
from cishan.benefits.states import ImportKind
from cishan.clock import SteppedClock
from cishan.database import rows
from cishan.postgres import Cluster
from cishan.routes import ROUTES
from cishan.sealing import Sealer
from conftest import START, Committed, browser_for

PLANTED = 1000
HEADINGS = "户编号,村代码,地址,姓名,身份证号,电话,与户主关系,类别,起始日"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
GIVEN = "鑫淼焱垚犇骉猋羴鱻麤毳晶磊森品众晔翀赟甦昶祎婳媞"


@dataclass(frozen=True)
class Canary:
    name: str
    phone: str
    id_number: str


def canaries() -> list[Canary]:
    """Names of three rare-looking characters, so that a hit can only be a leak."""
    found = []
    for number in range(PLANTED):
        one, two, three = number % 24, number // 24 % 24, number // 576 % 24
        name = SURNAMES[one] + GIVEN[two] + GIVEN[(three + 7) % 24]
        stem = f"37240119{40 + number % 50:02d}{1 + number % 12:02d}{1 + number % 28:02d}{number % 1000:03d}"
        found.append(Canary(name, f"1580534{number:04d}", stem + ric.calc_check_digit(stem + "0")))
    return found


def registry_file(directory: Path, people: list[Canary]) -> Path:
    lines = [HEADINGS]
    for number, one in enumerate(people):
        lines.append(
            f"XW{number:05d},{makers.VILLAGE},{number} 组,{one.name},{one.id_number},{one.phone},户主,低保,2025-01-01"
        )
    path = directory / "registry.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def secrets_of(people: list[Canary]) -> dict[str, list[str]]:
    return {
        "names": [one.name for one in people],
        "phones": [one.phone for one in people],
        "id numbers": [one.id_number for one in people],
    }


def leaks(text: str, people: list[Canary], kinds: tuple[str, ...] = ("names", "phones", "id numbers")) -> list[str]:
    """Which kinds of secrets stand in a text, with the first of each."""
    found = []
    for kind in kinds:
        hit = next((secret for secret in secrets_of(people)[kind] if secret in text), None)
        if hit:
            found.append(f"{kind}: {hit}")
    return found


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """All that any logger says at the level that production writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@dataclass(frozen=True)
class Planted:
    app: Starlette
    people: list[Canary]
    viewers: dict[Role, Viewer]
    database: str


@pytest.fixture
async def planted(
    committed_database: Committed, sealer: Sealer, tmp_path: Path, everything_logged: io.StringIO
) -> AsyncIterator[Planted]:
    clock, people, settings = SteppedClock(START), canaries(), committed_database.settings
    now = clock.now()
    await makers.make_charity(now=now)
    await makers.make_campaign(now=now)
    admin = await makers.make_admin(sealer=sealer, now=now)
    file = registry_file(tmp_path, people)
    uploads = tmp_path / "uploads"
    batch = await preview_import(ImportKind.REGISTRY, file, directory=uploads, actor=admin, sealer=sealer, now=now)
    await apply_import(batch, directory=uploads, actor=admin, sealer=sealer, now=now)
    assert (await rows("SELECT count(*) AS n FROM person"))[0]["n"] == PLANTED
    places = {Role.COORDINATOR: makers.VILLAGE, Role.TOWN_REVIEWER: makers.TOWN, Role.EDITOR: makers.COUNTY}
    viewers = {
        role: await makers.make_staff(role, places.get(role, makers.CITY), sealer=sealer, now=now)
        for role in (Role.COORDINATOR, Role.TOWN_REVIEWER, Role.EDITOR, Role.FINANCE, Role.SUPERVISOR)
    }
    viewers[Role.ADMIN] = admin
    viewers[Role.DONOR] = await makers.make_donor(sealer=sealer, now=now, phone=people[0].phone, name=people[0].name)
    app = create_app(settings, clock=clock, passwords=makers.QUICK_PASSWORDS, open_database=False)
    async with app.router.lifespan_context(app):
        yield Planted(app, people, viewers, committed_database.name)


def dump_of(cluster: Cluster, database: str) -> str:
    """The whole database as pg_dump writes it, binary columns as hex."""
    tool = Path(cluster.binaries) / "pg_dump"
    dumped = subprocess.run(
        [tool, "-h", str(cluster.socket_directory), "-U", "cishan", database], capture_output=True, check=True
    )
    return dumped.stdout.decode()


async def test_a_dump_holds_none_of_them(planted: Planted, cluster: Cluster) -> None:
    dump = await asyncio.to_thread(dump_of, cluster, planted.database)
    assert "COPY public.person" in dump
    hex_of_names = [one.name.encode().hex() for one in planted.people]
    assert leaks(dump, planted.people) == []
    assert not any(name in dump for name in hex_of_names)


async def test_the_search_would_find_one(planted: Planted, cluster: Cluster) -> None:
    """Positive control: a name put where it does not belong is found."""
    await rows("UPDATE campaign SET name = $1", planted.people[500].name)
    dump = await asyncio.to_thread(dump_of, cluster, planted.database)
    assert leaks(dump, planted.people) == [f"names: {planted.people[500].name}"]


MAY_SHOW: dict[Role, dict[str, tuple[str, ...]]] = {
    Role.COORDINATOR: {"names": ("/field", "/desk/households", "/desk/lists", "/desk/visits")},
    Role.DONOR: {"names": ("/",), "phones": ("/me/data/copy",)},
}
"""Where a role may read plain values: the coordinator names of their own village; a donor their own name in
the frame, and their own phone in the copy of their data."""


async def pages_for(planted: Planted, role: Role | None) -> AsyncIterator[tuple[str, str]]:
    """Every page without an id, and the first household's."""
    household = (await rows("SELECT id FROM household ORDER BY id LIMIT 1"))[0]["id"]
    async with browser_for(planted.app) as browser:
        if role is not None:
            await makers.signed_in(browser, planted.viewers[role], now=START)
        for row in ROUTES:
            if "GET" not in row.methods or ("{id}" in row.path and "household" not in row.path):
                continue
            path = row.path.replace("{id}", str(household))
            if "{" not in path:
                answer = await browser.get(path)
                yield row.path, answer.text + str(answer.headers)


@pytest.mark.parametrize(
    "role", [None, *MAY_SHOW, Role.TOWN_REVIEWER, Role.EDITOR, Role.FINANCE, Role.SUPERVISOR, Role.ADMIN]
)
async def test_no_page_shows_them_to_whom_it_may_not(
    planted: Planted, everything_logged: io.StringIO, role: Role | None
) -> None:
    allowed = MAY_SHOW.get(role, {}) if role else {}
    found, seen = [], 0
    async for path, text in pages_for(planted, role):
        seen += 1
        kinds = tuple(kind for kind in secrets_of([]) if not path.startswith(allowed.get(kind, ("\0",))))
        found += [f"{path}: {leak}" for leak in leaks(text, planted.people, kinds)]
    assert seen > 20
    assert found == []
    assert leaks(everything_logged.getvalue(), planted.people) == []
