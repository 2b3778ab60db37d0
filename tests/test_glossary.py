"""The glossary names every table and every enum of the code, and nothing that is not there."""

import importlib
import inspect
import pkgutil
import re
from enum import StrEnum
from pathlib import Path

import cishan
from cishan.database import MODEL_MODULES
from cishan.labels import LABELS

GLOSSARY = Path(__file__).parent.parent / "docs" / "glossary.md"


def glossary_codes() -> set[str]:
    lines = [line for line in GLOSSARY.read_text().splitlines() if line.startswith("| ")][2:]
    return {code for line in lines for code in re.findall(r"`([^`]+)`", line.split("|")[3])}


def tables() -> set[str]:
    models = [model for name in MODEL_MODULES for model in vars(importlib.import_module(name)).values()]
    return {
        model.Meta.table
        for model in models
        if inspect.isclass(model) and hasattr(getattr(model, "Meta", None), "table")
    }


def enums() -> dict[str, type[StrEnum]]:
    """The enums that rooms keep in their states and models."""
    found = {}
    for module in pkgutil.walk_packages(cishan.__path__, "cishan."):
        if module.name.rpartition(".")[2] in {"states", "models"}:
            for value in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(value) and issubclass(value, StrEnum) and value is not StrEnum:
                    found[value.__name__] = value
    return found


def test_every_table_and_enum_has_its_row_and_every_row_its_thing() -> None:
    assert glossary_codes() == tables() | set(enums())


def test_a_label_names_every_value_of_its_enum() -> None:
    assert len(LABELS) > 5
    for enum, words in LABELS.items():
        assert set(words) == set(enum), enum.__name__
