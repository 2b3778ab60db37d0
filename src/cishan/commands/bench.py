"""`cishan bench`: the benchmarks of bench/, which come with the source and not with the installed package."""

import importlib
import sys

import click

from cishan.commands.outcome import Missing
from cishan.shipped import ROOT


def find_command() -> click.Command:
    """The command of bench/ at the repository's root; without it, one that says in a sentence where benchmarks are."""
    if not (ROOT / "bench" / "command.py").exists():
        return not_there
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    found: click.Command = importlib.import_module("bench.command").command
    return found


@click.command("bench", context_settings={"ignore_unknown_options": True})
@click.argument("rest", nargs=-1, type=click.UNPROCESSED)
def not_there(rest: tuple[str, ...]) -> None:
    """测量性能（只在源码目录里有）。"""
    raise Missing("性能测量随源码提供，这次安装里没有：请在源码目录里运行 make bench。")


command = find_command()
