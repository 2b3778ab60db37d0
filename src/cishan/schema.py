"""Keeps migrations in step with the models: what has drifted, and a new migration file for it.

Tortoise's generator drops `Meta.constraints` of a new model without a word; here they become explicit operations.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tortoise import Tortoise
from tortoise.migrations import Migration
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AddConstraint, CreateModel, Operation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
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
    written = writer.write()
    if number == 1:
        _let_it_be_quick(written)
    return written


def _let_it_be_quick(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = text.replace("class Migration(migrations.Migration):", "class Migration(FirstMigration):")
    path.write_text(f"from cishan.schema import FirstMigration\n{text}", encoding="utf-8")


def _with_explicit_constraints(operations: tuple[Operation, ...]) -> list[Operation]:
    models: list[Operation] = []
    constraints: list[Operation] = []
    for operation in operations:
        models.append(operation)
        if isinstance(operation, CreateModel):
            for constraint in (operation.options or {}).pop("constraints", []):
                constraints.append(AddConstraint(model_name=operation.name, constraint=constraint))
    return models + constraints


class FirstMigration(Migration):
    """A first migration in a quarter of the time: it builds the models once, not before and after each operation.

    Tortoise keeps a copy of all models before each operation, which only later migrations can need: nothing of ours
    was there before the first.
    """

    async def apply(
        self,
        state: State,
        *,
        dry_run: bool = False,
        schema_editor: BaseSchemaEditor | None = None,
        collect_sql: bool = False,
    ) -> State:
        if dry_run or collect_sql or schema_editor is None or state.models:
            return await super().apply(state, dry_run=dry_run, schema_editor=schema_editor, collect_sql=collect_sql)
        gathering = _Gathering(models=state.models, apps=state.apps)
        for operation in self.operations:
            operation.state_forward(self.app_label, gathering)
        built = State(models=gathering.models, apps=gathering.apps)
        built._reload(set(built.models))
        for operation in self.operations:
            await operation.database_forward(self.app_label, built, built, schema_editor)
        built.validate_relations_initialized()
        return built


class _Gathering(State):
    """Takes note of models without building them."""

    def _reload(self, models_to_reload: set[tuple[str, str]]) -> None:
        pass
