"""The schema is what the models and migrations say it is."""

from cishan.database import MODEL_MODULES, rows
from cishan.schema import find_drift
from cishan.settings import Settings


async def test_migrations_are_in_step_with_the_models(transaction: Settings) -> None:
    assert (await find_drift()).describe() == []


async def test_every_declared_constraint_stands_in_the_database(transaction: Settings) -> None:
    declared = {
        constraint.name
        for module in MODEL_MODULES
        for model in vars(__import__(module, fromlist=["models"])).values()
        if isinstance(model, type) and hasattr(model, "Meta")
        for constraint in getattr(model.Meta, "constraints", [])
    }
    found = await rows("SELECT conname AS name FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
    assert len(declared) > 30
    assert declared <= {row["name"] for row in found}
