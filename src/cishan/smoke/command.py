"""`cishan smoke`: walks the main journey over HTTP and says how long each step took."""

import time
from dataclasses import dataclass

import click
import httpx2

from cishan.commands.environment import read_settings, run
from cishan.commands.outcome import FoundWrong, Missing, json_option, print_json
from cishan.postgres import PostgresError
from cishan.processes import ProcessError
from cishan.settings import Environment
from cishan.smoke.browser import PageFault
from cishan.smoke.stage import running_system
from cishan.smoke.walk import STEPS, walking


@dataclass(frozen=True)
class StepResult:
    """What became of a step; `fault` is empty when it went well."""

    key: str
    title: str
    seconds: float
    fault: str = ""


@click.command("smoke")
@json_option
def command(as_json: bool) -> None:
    """在临时目录里启动整套系统，像用户一样走完一件心愿：登记、走访、发布、认领、付款、采购、送达、回访、清单。

    每一步都通过网页完成。全部走通返回 0；有一步走不通就停下，说出是哪一步，返回 1。
    """
    begun = time.monotonic()
    try:
        with running_system(read_settings(otherwise=Environment.DEMO)) as site_url:
            started = time.monotonic() - begun
            results = run(_walk(site_url, quiet=as_json))
    except (PostgresError, ProcessError) as error:
        raise Missing(str(error)) from error
    failed = next((result for result in results if result.fault), None)
    if as_json:
        steps = [
            {"step": one.key, "seconds": round(one.seconds, 3), "ok": not one.fault, "fault": one.fault}
            for one in results
        ]
        print_json({"ok": failed is None, "start_seconds": round(started, 3), "steps": steps})
    else:
        click.echo(
            f"启动用时 {started:.1f} 秒，走完 {len(results)} 步用时 {sum(one.seconds for one in results):.1f} 秒。"
        )
    if failed is not None:
        raise FoundWrong(f"走不通：{failed.title}。{failed.fault}")


async def _walk(site_url: str, *, quiet: bool) -> list[StepResult]:
    results: list[StepResult] = []
    async with walking(site_url) as walk:
        for key, title, step in STEPS:
            begun, fault = time.monotonic(), ""
            try:
                await step(walk)
            except (PageFault, httpx2.HTTPError) as error:
                fault = str(error) or type(error).__name__
            results.append(StepResult(key, title, time.monotonic() - begun, fault))
            if not quiet:
                click.echo(f"{'✗' if fault else '✓'} {title}  {results[-1].seconds:.2f} 秒")
            if fault:
                break
    return results
