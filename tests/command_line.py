"""Runs `cishan` as a process of its own, the way an operator and a script do."""

import os
import pty
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


class Keyboard:
    """`cishan` with somebody at a terminal: waits for a question, types the answer."""

    def __init__(self, *words: str, environment: Mapping[str, str] | None = None) -> None:
        self._hand, terminal = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cishan", *words],
            env={**clean_environment(), **(environment or {})},
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        os.close(terminal)
        self._bytes, self._said, self._heard = b"", "", 0

    def answer(self, question: str, text: str) -> None:
        """Types `text` when `question` is asked after all that has been heard; fails when the command ends first."""
        while (place := self._said.find(question, self._heard)) < 0:
            assert self._listen(), self._said
        self._heard = place + len(question)
        os.write(self._hand, f"{text}\n".encode())

    def end(self) -> str:
        """All that was said until the command ended, and well."""
        while self._listen():
            pass
        os.close(self._hand)
        assert self._process.wait(SECONDS) == 0, self._said
        return self._said

    def _listen(self) -> bool:
        assert self._process.stdout is not None
        heard = os.read(self._process.stdout.fileno(), 65536)
        self._bytes += heard
        self._said = self._bytes.decode("utf-8", "replace")
        return bool(heard)
