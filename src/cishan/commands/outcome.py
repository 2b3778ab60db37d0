"""How a command ends: 0 all is well, 1 something is wrong with what was looked at, 2 wrong usage, 3 something is missing.

A script can act on the number; a person reads the sentence.
"""

import json
import sys
from collections.abc import Callable
from typing import IO, Any

import click

FOUND_WRONG = 1
WRONG_USAGE = 2
MISSING = 3


class FoundWrong(click.ClickException):
    """The command did its work, and what it looked at is not as it should be."""

    exit_code = FOUND_WRONG

    def show(self, file: IO[Any] | None = None) -> None:
        _say(self.message)


class Missing(click.ClickException):
    """What the command needs is not there: a database, keys, a setting, a program."""

    exit_code = MISSING

    def show(self, file: IO[Any] | None = None) -> None:
        _say(self.message)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`: for machines; what is for people then goes to standard error."""
    return click.option("--json", "as_json", is_flag=True, help="输出 JSON，供程序读取。")(command)


def print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
