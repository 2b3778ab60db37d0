"""The only writer of the archive of filed plans (募捐办法 art. 15): what was filed, word for word, with its digest."""

from datetime import date, datetime

from cishan.database import rows

KEEP = """
INSERT INTO filed_plan (project_id, version, plan, digest, filed_on, kept_at)
SELECT $1, coalesce((SELECT max(version) FROM filed_plan WHERE project_id = $1), 0) + 1, plan_of_project($1),
       plan_digest(plan_of_project($1)), $2, $3
"""
"""Both functions are the database's own (migration 0020), and its trigger holds a filed project to the last digest."""


async def keep_filed_plan(project_id: int, filed_on: date, *, now: datetime) -> None:
    """Keeps the project's plan as it stands now, under the project's row lock."""
    await rows(KEEP, project_id, filed_on, now)
