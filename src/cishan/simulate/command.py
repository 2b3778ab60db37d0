"""`cishan simulate`: a year of a city, replayed by seed; ends with `verify`."""

import logging
import signal

import click
from rich.console import Console
from rich.table import Table

from cishan.commands.environment import read_settings, run
from cishan.commands.outcome import FoundWrong, Missing, json_option, print_json
from cishan.money import yuan_text
from cishan.postgres import PostgresError
from cishan.settings import Environment
from cishan.simulate.plan import SCALES, SMALL, Plan
from cishan.simulate.progress import ConsoleProgress
from cishan.simulate.year import Outcome, simulate_year
from cishan.verify.report import as_json as checks_as_json
from cishan.verify.report import print_results

CODE_LENGTH = 12
QUIET = ("cishan.payments.polling", "cishan.payments.sandbox")
"""What these say of a silent gateway is part of the play."""


@click.command("simulate")
@click.option("--city", default="371400", show_default=True, help="城市的区划代码。")
@click.option("--year", type=click.IntRange(2005, 2099), default=2025, show_default=True, help="哪一年。")
@click.option("--scale", type=click.Choice(sorted(SCALES)), default=SMALL.name, show_default=True, help="多大。")
@click.option("--seed", type=int, default=1, show_default=True, help="同一个种子得到同样的数目和金额。")
@click.option("--keep", is_flag=True, help="保留数据库，可以接着查看；要先设置 DATABASE_URL。")
@json_option
def command(city: str, year: int, scale: str, seed: int, keep: bool, as_json: bool) -> None:
    """用一年的模拟活动检验整个系统：真实的操作，真实的 HTTP 支付，拨快的时钟，另建的数据库。

    没有设置 DATABASE_URL 时自带一个临时数据库；设置了就在那个服务器上新建一个，用完删除。
    """
    settings = read_settings(otherwise=Environment.DEMO)
    if settings.is_production:
        raise Missing("正式环境不能运行模拟。请在测试环境里运行。")
    if not city.isdigit() or len(city) > CODE_LENGTH:
        raise click.UsageError("城市代码是数字，例如 371400。")
    if keep and not settings.database_url:
        raise click.UsageError("自带的临时数据库不能保留。请先设置 DATABASE_URL。")
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    # Whoever ends us politely should find no files of ours either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    plan = Plan(city.ljust(CODE_LENGTH, "0"), year, SCALES[scale], seed)
    with ConsoleProgress() as progress:
        try:
            outcome = run(simulate_year(plan, settings, progress, keep=keep))
        except PostgresError as error:
            raise Missing(str(error)) from error
    if as_json:
        print_json(_json_of(outcome))
    else:
        _print(outcome, Console())
    if not outcome.ok:
        raise FoundWrong("模拟完成，但核对没有通过。")


def _json_of(outcome: Outcome) -> dict[str, object]:
    plan = outcome.plan
    return {
        "ok": outcome.ok,
        "city": plan.city_code,
        "year": plan.year,
        "scale": plan.scale.name,
        "seed": plan.seed,
        "ended_on": outcome.ended_on.isoformat(),
        "database_url": outcome.database_url,
        "projects": outcome.counted.counts["projects"],
        "people_helped": outcome.counted.counts["people_helped"],
        "donated_fen": outcome.counted.money["donated_fen"],
        "spent_fen": outcome.counted.money["spent_fen"],
        "counts": outcome.counted.counts,
        "money": outcome.counted.money,
        "seconds": {name: round(seconds, 2) for name, seconds in outcome.seconds.items()},
        "seconds_total": round(sum(outcome.seconds.values()), 2),
        "peak_bytes": outcome.peak_bytes,
        "checks": checks_as_json(outcome.checks),
    }


def _print(outcome: Outcome, console: Console) -> None:
    print_results(outcome.checks, console)
    console.print(_table("数目", {name: f"{number:,}" for name, number in outcome.counted.counts.items()}))
    console.print(_table("金额（元）", {name: yuan_text(fen) for name, fen in outcome.counted.money.items()}))
    console.print(_table("用时（秒）", {name: f"{seconds:.1f}" for name, seconds in outcome.seconds.items()}))
    console.print(
        f"全年到 {outcome.ended_on} 结束，用了 {sum(outcome.seconds.values()):.0f} 秒，"
        f"所有进程合计最多占内存 {outcome.peak_bytes / 2**20:.0f} MB。"
    )
    if outcome.database_url:
        console.print(f"数据库保留在 {outcome.database_url}")


def _table(title: str, lines: dict[str, str]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right")
    for name, value in lines.items():
        table.add_row(name, value)
    return table
