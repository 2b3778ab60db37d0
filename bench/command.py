"""`cishan bench`: runs benchmarks and prints what they found."""

import asyncio
from collections.abc import Sequence
from typing import Any

import click

from bench import checkouts, claims, explain, notices, pages, process, projects, wall
from bench.harness import Aim, Benchmark, judge, machine
from bench.load import generator_name
from bench.scale import FULL, TINY, Scale
from bench.world import open_world
from cishan.commands.outcome import FoundWrong, json_option, print_json

BENCHMARKS: tuple[Benchmark, ...] = (
    *explain.BENCHMARKS,
    *pages.BENCHMARKS,
    *wall.BENCHMARKS,
    *claims.BENCHMARKS,
    *checkouts.BENCHMARKS,
    *notices.BENCHMARKS,
    *projects.BENCHMARKS,
    *process.BENCHMARKS,
)
"""In the order they run: the memory of a web process is read when everything else has gone over it."""


@click.command("bench")
@click.argument("names", nargs=-1)
@json_option
@click.option("--list", "only_list", is_flag=True, help="只列出有哪些测量，不运行。")
@click.option("--tiny", is_flag=True, help="只用很少的数据和时间，看每项测量还能不能运行；数字没有意义。")
def command(names: Sequence[str], as_json: bool, only_list: bool, tiny: bool) -> None:
    """测量性能：每项都和同一次运行里的对照或上限比较。不写名字就全部运行。没有达到目标返回 1。"""
    chosen = choose(names)
    if only_list:
        show_list(chosen, as_json=as_json)
        return
    report = asyncio.run(run(chosen, TINY if tiny else FULL, echo=not as_json))
    if as_json:
        print_json(report)
    missed = [result["name"] for result in report["benchmarks"] if not result["met"]]
    if missed and not tiny:
        raise FoundWrong(f"没有达到目标：{'、'.join(missed)}")


def choose(names: Sequence[str]) -> list[Benchmark]:
    """The benchmarks of these names, in their own order; all when there are none."""
    unknown = set(names) - {benchmark.name for benchmark in BENCHMARKS}
    if unknown:
        raise click.UsageError(f"没有叫 {'、'.join(sorted(unknown))} 的测量；--list 列出全部。")
    return [benchmark for benchmark in BENCHMARKS if not names or benchmark.name in names]


async def run(chosen: Sequence[Benchmark], scale: Scale, *, echo: bool = False) -> dict[str, Any]:
    """Runs them in one world; with `echo` each result is printed as it comes."""
    report: dict[str, Any] = {"machine": machine(), "generator": generator_name(scale.seconds), "benchmarks": []}
    async with open_world(scale) as world:
        for benchmark in chosen:
            result = judge(benchmark, await benchmark.run(world))
            report["benchmarks"].append(result)
            if echo:
                click.echo(line_of(benchmark, result))
    return report


def line_of(benchmark: Benchmark, result: dict[str, Any]) -> str:
    """One result for people."""
    sign = "达到" if result["met"] else "没有达到"
    if benchmark.kind is Aim.PEER:
        figures = f"{result['median']:,} / {result['peer_median']:,} {benchmark.unit} = {result['ratio']}"
        return f"{benchmark.name:16} {figures}（目标 ≥ {benchmark.aim}，{sign}）"
    return f"{benchmark.name:16} {result['worst']:,} {benchmark.unit}（上限 {benchmark.aim:g}，{sign}）"


def show_list(chosen: Sequence[Benchmark], *, as_json: bool) -> None:
    if as_json:
        print_json(
            [{"name": one.name, "measures": one.measures, "against": one.against, "aim": one.aim} for one in chosen]
        )
        return
    for one in chosen:
        aim = f">= {one.aim}" if one.kind is Aim.PEER else f"<= {one.aim:g} {one.unit}"
        click.echo(f"{one.name:16} {one.measures}; against {one.against}; aim {aim}")
