"""Keeps migrations in step with the models: what has drifted, and a new migration file for it.

Tortoise's generator drops `Meta.constraints` of a new model without a word; here they become explicit operations.
"""

from dataclasses import dataclass
from pathlib import Path

from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AddConstraint, CreateModel, Operation
from tortoise.migrations.writer import MigrationWriter

from cishan.database import TORTOISE_ORM, make_migrations_importable


@dataclass(frozen=True)
class Drift:
    """The operations that would bring the migrations up to the models; empty when they are in step."""

    operations: tuple[Operation, ...]
    dependencies: tuple[tuple[str, str], ...]

    def describe(self) -> list[str]:
        return [operation.describe() for operation in self.operations]


async def find_drift() -> Drift:
    """Compares models with migrations, without a database."""
    make_migrations_importable()
    if not Tortoise._inited:
        await Tortoise.init(config=TORTOISE_ORM, init_connections=False)
    apps = Tortoise.apps
    if apps is None:
        raise RuntimeError("Tortoise has no models")
    writers = await MigrationAutodetector(apps, TORTOISE_ORM["apps"]).changes()
    operations = tuple(operation for writer in writers for operation in writer.operations)
    dependencies = tuple(pair for writer in writers for pair in writer.dependencies)
    return Drift(operations, dependencies)


async def write_migration(number: int, name: str) -> Path | None:
    """Writes `migrations/<number>_<name>.py` for what has drifted; None when nothing has."""
    drift = await find_drift()
    if not drift.operations:
        return None
    writer = MigrationWriter(
        f"{number:04d}_{name}",
        "cishan",
        _with_explicit_constraints(drift.operations),
        dependencies=list(drift.dependencies),
        initial=number == 1,
        migrations_module="migrations",
    )
    return writer.write()


def _with_explicit_constraints(operations: tuple[Operation, ...]) -> list[Operation]:
    models: list[Operation] = []
    constraints: list[Operation] = []
    for operation in operations:
        models.append(operation)
        if isinstance(operation, CreateModel):
            for constraint in (operation.options or {}).pop("constraints", []):
                constraints.append(AddConstraint(model_name=operation.name, constraint=constraint))
    return models + constraints
