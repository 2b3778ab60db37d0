"""The command line. This table is what `cishan --help` shows, in the order a deployment needs it."""

import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cishan.commands.outcome import Missing


@dataclass(frozen=True)
class Entry:
    """A command: where its click command `command` stands, and the line of help, shown without loading it."""

    name: str
    module: str
    help: str


COMMANDS: tuple[Entry, ...] = (
    Entry("demo", "cishan.commands.demo", "在本机启动带示例数据的完整演示环境"),
    Entry("setup", "cishan.commands.setup", "建立正式环境：密钥、数据库、慈善组织、收款商户、第一位管理员"),
    Entry("migrate", "cishan.commands.migrate", "把数据库结构升级到最新；也能核对或生成迁移"),
    Entry("serve", "cishan.commands.serve", "启动网站"),
    Entry("work", "cishan.commands.work", "启动后台任务"),
    Entry("sandbox", "cishan.commands.sandbox", "启动本机的模拟支付网关（不动真钱）"),
    Entry("routes", "cishan.commands.routes", "列出所有网址和谁可以进入"),
    Entry("keys", "cishan.commands.keys", "更换封存密钥并重新封存"),
    Entry("charity", "cishan.commands.charity", "查看慈善组织，更改收对公转账的银行账户"),
    Entry("merchants", "cishan.commands.merchants", "查看和更换收款商户的密钥"),
    Entry("verify", "cishan.verify.command", "核对账目和数据，找出任何不一致"),
    Entry("trace", "cishan.commands.trace", "查一笔捐款的每一分钱现在在哪里"),
    Entry("smoke", "cishan.smoke.command", "像用户一样走完一件心愿，从登记到幸福清单"),
    Entry("simulate", "cishan.simulate.command", "用一年的模拟活动检验整个系统"),
    Entry("bench", "cishan.commands.bench", "测量性能"),
)


class Commands(click.Group):
    """A group that loads a command's module when it is called, so that `--help` is quick and never fails."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [entry.name for entry in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = next((entry for entry in COMMANDS if entry.name == cmd_name), None)
        return _load(entry) if entry else None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        records = [record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))]
        with formatter.section("选项"):
            formatter.write_dl(records)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("命令"):
            formatter.write_dl([(entry.name, entry.help) for entry in COMMANDS])


def _load(entry: Entry) -> click.Command:
    try:
        module = importlib.import_module(entry.module)
    except ModuleNotFoundError as error:
        if error.name is None or not entry.module.startswith(error.name):
            raise
        return _not_installed(entry)
    command: click.Command = module.command
    return command


def _not_installed(entry: Entry) -> click.Command:
    @click.command(entry.name, help=entry.help, context_settings={"ignore_unknown_options": True})
    @click.argument("rest", nargs=-1, type=click.UNPROCESSED)
    def command(rest: Sequence[str]) -> None:
        raise Missing(f"这次安装不包含 {entry.name} 命令，请在源码目录里运行它。")

    return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--environment-file",
    "environment_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="先读入这个文件里的 CISHAN_* 设置，可以写几次；已有的环境变量优先。",
)
@click.version_option(package_name="cishan", message="cishan %(version)s")
def main(environment_files: Sequence[Path]) -> None:
    """慈善：微心愿认领、慈善募捐与幸福清单。

    每个命令都能用 --help 看说明。返回值：0 成功，1 发现问题，2 用法不对，3 缺少运行条件。
    """
    for file in environment_files:
        for name, value in read_environment_file(file).items():
            os.environ.setdefault(name, value)


def read_environment_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines as systemd reads them; raises UsageError for anything else."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"{path} 第 {number} 行不是“名称=值”。")
        found[name] = value.strip().strip('"')
    return found
