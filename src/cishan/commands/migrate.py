"""`cishan migrate`: brings the schema forward, checks it against the models, or writes the next migration."""

import re
from pathlib import Path

import click

from cishan.commands.environment import run, settings_with_database
from cishan.commands.outcome import FoundWrong
from cishan.database import migrate
from cishan.schema import find_drift, write_migration
from cishan.shipped import shipped


@click.command("migrate")
@click.option("--check", is_flag=True, help="只核对模型和迁移是否一致，不连接数据库；不一致返回 1。")
@click.option("--make", "name", metavar="NAME", help="为模型的变动写出下一个迁移文件。")
def command(check: bool, name: str | None) -> None:
    """把数据库结构升级到最新。可以反复运行，几个同时运行也安全。"""
    if check:
        _check()
    elif name:
        _make(name)
    else:
        applied = run(migrate(settings_with_database()))
        click.echo(f"已执行 {len(applied)} 个迁移：{'、'.join(applied)}" if applied else "数据库结构已经是最新的。")


def _check() -> None:
    drift = run(find_drift()).describe()
    if drift:
        raise FoundWrong("模型和迁移不一致：\n" + "\n".join(f"  {line}" for line in drift))
    click.echo("模型和迁移一致。")


def _make(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise click.UsageError("名字只用小写字母、数字和下划线，例如 --make add_pairing。")
    written = run(write_migration(next_number(), name))
    if written is None:
        click.echo("模型没有变动，不需要迁移。")
        return
    click.echo(f"已写出 {written}。请先读一遍再提交：改名会被猜成“删一列、加一列”或相反。")


def next_number() -> int:
    """One more than the newest migration's number."""
    return max((int(path.name[:4]) for path in Path(shipped("migrations")).glob("[0-9]*_*.py")), default=0) + 1
