"""What checks found, for a person at a terminal and for a machine."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from cishan.database import JsonRow
from cishan.verify.checks import CheckResult

EXAMPLES_SHOWN = 3


def print_results(results: Sequence[CheckResult], console: Console) -> None:
    """A table of all checks, and under it a few rows of each that is broken."""
    table = Table(title="核对结果", title_justify="left")
    table.add_column("")
    table.add_column("名称", no_wrap=True)
    table.add_column("承诺")
    table.add_column("查了", justify="right")
    table.add_column("不对", justify="right")
    for result in results:
        table.add_row(
            "[green]✓[/]" if result.ok else "[red]✗[/]",
            result.name,
            result.promise,
            f"{result.examined:,}",
            f"{result.broken:,}",
        )
    console.print(table)
    for result in results:
        if not result.ok:
            console.print(f"[red]{result.name}[/]：{_finding(result)}")


def as_json(results: Sequence[CheckResult]) -> list[JsonRow]:
    """Values that JSON does not know, such as instants, become text."""
    return [
        {
            "name": result.name,
            "ok": result.ok,
            "examined": result.examined,
            "broken": result.broken,
            "examples": json.loads(json.dumps(result.examples, default=str)),
        }
        for result in results
    ]


def _finding(result: CheckResult) -> str:
    if not result.broken:
        return "一行也没有查到，什么也没有证明。"
    shown = "；".join(str(example) for example in result.examples[:EXAMPLES_SHOWN])
    return f"{result.broken} 行不对，例如 {shown}"
