"""Runs `cishan` as a process of its own, the way an operator and a script do."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from cishan.settings import Settings

SECONDS = 120.0


def run_cishan(*words: str | Path, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Without any CISHAN_ setting of this machine, so that only what the test gives counts."""
    return subprocess.run(
        [sys.executable, "-m", "cishan", *map(str, words)],
        env={**clean_environment(), **(environment or {})},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
    )


def clean_environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CISHAN_") and name not in {"DATABASE_URL", "PORT"}
    }


def environment_of(settings: Settings) -> dict[str, str]:
    """What a program needs to work on a test's database with a test's keys."""
    return {
        "CISHAN_ENVIRONMENT": settings.environment.value,
        "CISHAN_DATABASE_URL": settings.database_url,
        "CISHAN_DATA_DIRECTORY": str(settings.data_directory),
        "CISHAN_KEYS_DIRECTORY": str(settings.keys_directory),
        "CISHAN_SITE_URL": settings.site_url,
    }
