"""Says how far a run has come: a moving line on a terminal, plain lines anywhere else."""

from typing import Protocol

from rich.console import Console
from rich.status import Status


class Progress(Protocol):
    def say(self, sentence: str) -> None:
        """How far it has come."""
        ...


class ConsoleProgress:
    """Writes to standard error, so that `--json` has standard output to itself."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._status: Status | None = None

    def __enter__(self) -> "ConsoleProgress":
        if self._console.is_terminal:
            self._status = self._console.status("开始")
            self._status.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._status is not None:
            self._status.stop()

    def say(self, sentence: str) -> None:
        self._console.print(sentence, highlight=False)
        if self._status is not None:
            self._status.update(sentence)
