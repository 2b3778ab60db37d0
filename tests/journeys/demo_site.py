"""`cishan demo` as a visitor has it - its own processes on free ports - and the people who sign in to it."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from cishan.accounts.states import Role
from cishan.database import credentials
from cishan.demo.people import DONORS, PASSWORD
from cishan.demo.staff import staff_samples
from cishan.postgres import Cluster
from cishan.processes import Answers, Supervisor, free_port
from cishan.smoke.browser import Browser
from cishan.web import SESSION_COOKIE

START_SECONDS = 240
PLACE_WITH_TASKS = {
    Role.COORDINATOR: "SELECT w.division_code FROM wish w JOIN claim c ON c.wish_id = w.id "
    "AND c.status IN ('advanced', 'bought') ORDER BY c.id LIMIT 1",
    Role.TOWN_REVIEWER: "SELECT rpad(left(division_code, 9), 12, '0') AS division_code FROM wish "
    "WHERE status = 'visited' ORDER BY id LIMIT 1",
}
"""Where somebody of the role has something to do."""


@dataclass(frozen=True)
class DemoSite:
    url: str
    connection: asyncpg.Connection

    async def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.connection.fetch(sql, *values)]

    async def phone_of(self, role: Role) -> str:
        """Somebody of this role for whom there is something to see."""
        if role in {Role.DONOR, Role.ORGANISATION}:
            return next(one.phone for one in DONORS if bool(one.organisation) is (role is Role.ORGANISATION))
        place = (await self.rows(PLACE_WITH_TASKS[role]))[0]["division_code"] if role in PLACE_WITH_TASKS else ""
        return next(one.phone for one in staff_samples() if one.role is role and one.place.startswith(place))

    async def token_of(self, role: Role) -> str:
        """A session of that person, got by signing in."""
        door = "/sign-in" if role in {Role.DONOR, Role.ORGANISATION} else "/staff/sign-in"
        browser = Browser(self.url)
        page = await browser.get(door)
        await browser.send(page.form(door), phone=await self.phone_of(role), password=PASSWORD)
        token = browser.client.cookies[SESSION_COOKIE]
        await browser.aclose()
        return token

    async def account_of(self, token_hash: str) -> int:
        """Whose session this is."""
        found = await self.rows("SELECT account_id FROM session WHERE token_hash = $1", token_hash)
        return int(found[0]["account_id"])


@asynccontextmanager
async def open_demo_site(cluster: Cluster, directory: Path, name: str) -> AsyncIterator[DemoSite]:
    """Starts the demo on a database of its own and stops it at the end."""
    cluster.create_database(name)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with Supervisor(directory / "logs") as supervisor:
        supervisor.start(
            "demo",
            [
                sys.executable,
                "-m",
                "cishan",
                "demo",
                "--port",
                str(port),
                "--directory",
                str(directory),
                "--workers",
                "1",
            ],
            env={**os.environ, "DATABASE_URL": cluster.url(name)},
            ready=Answers(f"{url}/ready"),
            deadline_seconds=START_SECONDS,
        )
        connection = await asyncpg.connect(**credentials(cluster.url(name)))
        try:
            yield DemoSite(url, connection)
        finally:
            await connection.close()
