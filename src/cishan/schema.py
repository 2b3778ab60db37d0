"""Keeps migrations in step with the models: what has drifted, and a new migration file for it.

Tortoise's generator drops `Meta.constraints` of a new model without a word; here they become explicit operations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tortoise import Tortoise
from tortoise.fields.relational import RelationalField
from tortoise.migrations import Migration
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel, Operation, RunSQL
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.migrations.writer import MigrationWriter

from cishan.database import TORTOISE_ORM, make_migrations_importable

ModelKey = tuple[str, str]
"""App and name of a model."""
NEED_ONLY_NEW_MODELS = (CreateModel, AddConstraint, AddIndex, AddField, RunSQL)
"""Operations that write what there is after them, whatever was there before."""


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
    _let_it_be_quick(written)
    return written


def _let_it_be_quick(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = text.replace("class Migration(migrations.Migration):", "class Migration(QuickMigration):")
    path.write_text(f"from cishan.schema import QuickMigration\n{text}", encoding="utf-8")


def _with_explicit_constraints(operations: tuple[Operation, ...]) -> list[Operation]:
    models: list[Operation] = []
    constraints: list[Operation] = []
    for operation in operations:
        models.append(operation)
        if isinstance(operation, CreateModel):
            for constraint in (operation.options or {}).pop("constraints", []):
                constraints.append(AddConstraint(model_name=operation.name, constraint=constraint))
    return models + constraints


class QuickMigration(Migration):
    """A migration that builds the models it touches once, after its operations, not all of them around each.

    Tortoise copies all models before each operation, so that migrating an empty database would take a hundred times as long.
    Here an operation sees the models as they were before the whole migration and as they are after it: a migration may
    change a field once, not twice.
    """

    async def apply(
        self,
        state: State,
        *,
        dry_run: bool = False,
        schema_editor: BaseSchemaEditor | None = None,
        collect_sql: bool = False,
    ) -> State:
        if collect_sql:
            return await super().apply(state, dry_run=dry_run, schema_editor=schema_editor, collect_sql=True)
        runs = schema_editor is not None and not dry_run
        before = _as_it_is(state) if runs and not self._only_adds() else state
        known = dict(state.models)
        gathering = _Gathering(models=state.models, apps=state.apps)
        for operation in self.operations:
            operation.state_forward(self.app_label, gathering)
        _build_anew(state, gathering.touched | (set(state.models) - set(known)))
        if runs:
            assert schema_editor is not None
            transactions = schema_editor.client.capabilities.supports_transactions
            for operation in self.operations:
                await self._run_database_forward(operation, before, state, schema_editor, transactions)
        state.validate_relations_initialized()
        return state

    def _only_adds(self) -> bool:
        return all(isinstance(operation, NEED_ONLY_NEW_MODELS) for operation in self.operations)


class _Gathering(State):
    """Takes note of models without building them."""

    def __init__(self, models: dict[ModelKey, ModelState], apps: StateApps) -> None:
        super().__init__(models=models, apps=apps)
        self.touched: set[ModelKey] = set()

    def reload_model(self, app_label: str, model_name: str) -> None:
        self.touched.add((app_label, model_name))

    def reload_models(self, model_tuples: Iterable[ModelKey]) -> None:
        self.touched |= set(model_tuples)


def _as_it_is(state: State) -> State:
    """The models as they are built now, out of reach of what changes later; nothing is built for it."""
    apps = StateApps(default_connections=dict(state.apps._default_connections), connections=state.apps._connections)
    apps.apps.update({label: dict(models) for label, models in state.apps.apps.items()})
    return State(models={key: model.clone() for key, model in state.models.items()}, apps=apps)


def _build_anew(state: State, touched: set[ModelKey]) -> None:
    """Builds these models, and those they point at, from their states; the rest stays as it is built.

    Tortoise builds all of them, and a query for each; statements of a schema need neither.
    """
    for label, name in _with_those_they_point_at(state, touched):
        state.apps.apps.setdefault(label, {}).pop(name, None)
        state.apps.register_model(label, state.models[label, name].render(state.apps))
    state.apps._init_relations()


def _with_those_they_point_at(state: State, touched: set[ModelKey]) -> list[ModelKey]:
    """A model that is built anew tells the ones it points at, which must then be new too; oldest first."""
    found, waiting = set[ModelKey](), [key for key in touched if key in state.models]
    while waiting:
        key = waiting.pop()
        if key in found:
            continue
        found.add(key)
        for field in state.models[key].fields.values():
            target = getattr(field, "model_name", None)
            if isinstance(field, RelationalField) and isinstance(target, str):
                label, _, name = target.partition(".")
                waiting.append((label, name))
    return [key for key in state.models if key in found]
