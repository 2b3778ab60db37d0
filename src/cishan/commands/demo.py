"""`cishan demo`: the whole service on this machine, with sample data and without real money."""

from pathlib import Path

import click

from cishan.commands.environment import read_settings
from cishan.settings import Environment


@click.command("demo")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="网站的端口；不写先试 8000，0 表示任选。")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="数据、密钥和日志放在哪里。",
)
@click.option("--workers", type=click.IntRange(1, 16), default=2, show_default=True, help="网站的进程个数。")
def command(port: int | None, directory: Path, workers: int) -> None:
    """在本机启动带示例数据的完整演示环境：数据库、网站、后台任务、模拟支付网关。

    第一次要建立一座示例城市，约一分钟；以后直接打开它。要从头再来，删掉 --directory 指的目录。
    设置了 DATABASE_URL 就用那个数据库。
    """
    # Loaded here: help must not wait for the whole product.
    from cishan.demo.run import run_demo

    run_demo(directory, port, workers, read_settings(otherwise=Environment.DEMO))
