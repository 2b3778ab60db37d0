"""`cishan verify`: asks the database every promise the product makes about money, wishes and people."""

from collections.abc import Sequence

import click
from rich.console import Console

from cishan.commands.environment import run, settings_with_database
from cishan.commands.outcome import FoundWrong, json_option, print_json
from cishan.database import database, database_now
from cishan.settings import Settings
from cishan.verify.chain import WrittenDown, compare_heads, read_head
from cishan.verify.checks import CheckResult, run_checks
from cishan.verify.promises import CHECKS
from cishan.verify.report import as_json as results_as_json
from cishan.verify.report import print_results


@click.command("verify")
@click.option("--require-rows", is_flag=True, help="没有查到任何一行的项目也算不对（用在应当有数据的库上）。")
@click.option(
    "--head",
    "heads",
    multiple=True,
    metavar="日期=指纹",
    help="别人抄下的某一天的账目指纹，例如 2025-12-31=9f86…；可以给多个。",
)
@json_option
def command(require_rows: bool, heads: tuple[str, ...], as_json: bool) -> None:
    """核对账目、心愿和经手人的每一条承诺，列出不对的行。只读，随时可以运行；有不对的返回 1。"""
    try:
        written_down = [read_head(text) for text in heads]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--head") from error
    results = run(_verify(settings_with_database(), require_rows, written_down))
    if as_json:
        print_json({"ok": all(result.ok for result in results), "checks": results_as_json(results)})
    else:
        print_results(results, Console())
    wrong = [result.name for result in results if not result.ok]
    if wrong:
        raise FoundWrong(f"有 {len(wrong)} 项不对：{'、'.join(wrong)}")


async def _verify(settings: Settings, require_rows: bool, written_down: Sequence[WrittenDown]) -> list[CheckResult]:
    async with database(settings):
        results = await run_checks(CHECKS, require_rows=require_rows, now=await database_now())
        return [*results, await compare_heads(written_down)] if written_down else results
