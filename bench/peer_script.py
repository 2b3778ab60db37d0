"""The database's part of a request, as pgbench can drive it: the statements that the server logged, with numbers of their own."""

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg

from bench.world import DATABASE, World
from cishan.database import APP_ROLE
from cishan.postgres.cluster import SOCKET_PORT, SUPERUSER

QUIET_SECONDS = 0.3
PGBENCH_SECONDS = 120.0
STATEMENT = re.compile(r"^(?:statement|execute [^:]*): (.*)$", re.DOTALL)
PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
PLACEHOLDER = re.compile(r"\$(\d+)")
RETURNS_ID = re.compile(
    r'^\s*INSERT INTO "?(claim|payment_order|form_answer|ledger_entry)"?.*RETURNING "?id"?', re.DOTALL | re.IGNORECASE
)
VARIABLE = re.compile(r":[A-Za-z_]")
IDS = re.compile(r"'\{\d+(,\d+)*\}'")
"""An array of ids; built from pieces, it has to say what it is."""

Statements = Sequence[tuple[str, str]]
"""What the server logged, in order: SQL and the line that names its parameters."""


async def log_statements(connection: asyncpg.Connection, what: str) -> None:
    """`all` or `none`, from now on."""
    await connection.execute(f"ALTER SYSTEM SET log_statement = '{what}'")
    await connection.fetchval("SELECT pg_reload_conf()")
    await asyncio.sleep(QUIET_SECONDS)


async def statements_since(world: World, offset: int) -> list[tuple[str, str]]:
    """What the product's own connections have run since the log was `offset` bytes long."""
    await asyncio.sleep(QUIET_SECONDS)
    found = []
    for line in world.statements(offset):
        matched = STATEMENT.match(line["message"])
        if matched and line.get("application_name") == "cishan":
            found.append((matched[1].strip().rstrip(";"), line.get("detail", "")))
    return found


def script_of(statements: Statements, varying: Mapping[str, str]) -> str:
    """A pgbench script of logged statements; ids that a statement returns are kept for those behind it.

    `varying` says how pgbench makes its own of each value that differs from one run to the next, wherever it stands.
    """
    parts = []
    for sql, detail in statements:
        given = {int(number): _written(text, varying) for number, text in PARAMETER.findall(detail)}
        written = PLACEHOLDER.sub(lambda found, given=given: given[int(found[1])], sql)  # type: ignore[misc]
        table = RETURNS_ID.match(sql)
        parts.append(f"{written}\n\\gset {table[1]}_\n" if table else f"{written};\n")
    return "".join(parts)


def _written(text: str, varying: Mapping[str, str]) -> str:
    if text == "NULL":
        return text
    known = varying.get(text[1:-1].replace("''", "'"))
    if known is not None:
        return known
    if VARIABLE.search(text):
        raise ValueError(f"pgbench would take a part of {text} for a variable")
    inside = [value for value in varying if value in text]
    if not inside:
        return text
    either = re.compile("|".join(re.escape(value) for value in sorted(inside, key=len, reverse=True)))
    built = "(" + either.sub(lambda found: f"' || ({varying[found[0]]})::text || '", text) + ")"
    return f"{built}::bigint[]" if IDS.fullmatch(text) else built


async def pgbench(world: World, script: Path, *, transactions: int, variables: Mapping[str, int]) -> float:
    """Runs of a script a second, by as many clients as the subject had, in pgbench's fastest mode, under the app's role."""
    clients, cluster = world.scale.connections, world.cluster
    process = await asyncio.create_subprocess_exec(
        *(cluster.binaries / "pgbench", "--no-vacuum", "--protocol=prepared"),
        *("--client", str(clients), "--transactions", str(transactions), "--file", script),
        *(word for name, value in variables.items() for word in ("-D", f"{name}={value}")),
        *("--host", cluster.socket_directory, "--port", str(cluster.port or SOCKET_PORT)),
        *("--username", SUPERUSER, DATABASE),
        env={**os.environ, "PGOPTIONS": f"-c role={APP_ROLE}", "LC_ALL": "C"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(PGBENCH_SECONDS):
            said = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
    found = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
    if process.returncode != 0 or found is None:
        raise ValueError(f"pgbench: {said.strip()[-2000:]}")
    return float(found[1])
