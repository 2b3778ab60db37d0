"""`cishan setup`: asks for what a real deployment needs, or takes it from options or a file, and makes all of it or nothing."""

import sys
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from cishan.commands.environment import run
from cishan.commands.outcome import Missing
from cishan.errors import CishanError
from cishan.setting_up.answers import Answers, Plan, WrongAnswers, read_answers
from cishan.setting_up.deployment import SetUpRefused, set_up


def _with_an_option_for_each_answer(command: Callable[..., Any]) -> Callable[..., Any]:
    for item in reversed(fields(Answers)):
        flag = f"--{item.name.replace('_', '-')}"
        command = click.option(flag, item.name, default=None, help=item.metadata["ask"])(command)
    return command


@click.command("setup")
@click.option(
    "--answers",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML 文件，每行一个“名称 = 值”，名称就是下面的选项（横线写成下划线）。",
)
@_with_an_option_for_each_answer
def command(file: Path | None, **given: str | None) -> None:
    """建立一套正式环境：设置文件、密钥、数据库、慈善组织、收款商户、第一位管理员的邀请。

    没有给出的会一项一项地问，不对的再问一次。不是在键盘前运行的，有一项不对就什么都不做。
    """
    texts = {**_from_file(file), **{name: text for name, text in given.items() if text is not None}}
    plan = _read_asking(texts) if sys.stdin.isatty() else _read(texts)
    try:
        made = run(set_up(plan))
    except (SetUpRefused, CishanError) as refused:
        raise Missing(f"没有建立，什么都没有留下：{refused}") from refused
    click.echo(f"建好了。设置文件：{made.environment_file}；升级用的数据库登录：{made.owner_file}")
    click.echo("请把密钥目录和数据库分开备份。")
    click.echo("第一位管理员请在 7 天内打开下面的链接设置密码，它只显示这一次：")
    click.echo(made.invitation_link)


def _from_file(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{file} 不是 TOML 文件：{error}") from error
    unknown = set(found) - {item.name for item in fields(Answers)}
    if unknown:
        raise click.UsageError(f"{file} 里有不认识的名称：{'、'.join(sorted(unknown))}")
    return {name: str(value) for name, value in found.items()}


def _read(texts: dict[str, str]) -> Plan:
    try:
        return read_answers(texts)
    except WrongAnswers as wrong:
        raise click.UsageError("有几项不对，什么都没有改动：\n" + _told(wrong)) from wrong


def _read_asking(texts: dict[str, str]) -> Plan:
    """Asks for what was not given, and then again for what was wrong; nothing right has to be typed twice."""
    while True:
        texts = _ask_for_the_rest(texts)
        try:
            return read_answers(texts)
        except WrongAnswers as wrong:
            click.echo("有几项不对，请再填一次；别的都记住了：\n" + _told(wrong))
            texts = {name: text for name, text in texts.items() if name not in wrong.sentences}


def _told(wrong: WrongAnswers) -> str:
    return "\n".join(f"  {name.replace('_', '-')}：{sentence}" for name, sentence in wrong.sentences.items())


def _ask_for_the_rest(texts: dict[str, str]) -> dict[str, str]:
    asked = dict(texts)
    for item in fields(Answers):
        if item.name not in asked:
            default = item.metadata["default"]
            asked[item.name] = click.prompt(item.metadata["ask"], default=default, show_default=bool(default))
    return asked
