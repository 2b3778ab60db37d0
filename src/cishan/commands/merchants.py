"""`cishan merchants`: the keys of the charity's account at Alipay - which there are, a new one beside the old, ending the old."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import click

from cishan.charities.actions import allow_transfers
from cishan.commands.environment import run, settings_with_database
from cishan.commands.outcome import FoundWrong, json_option, print_json
from cishan.database import database, database_now
from cishan.errors import CishanError, InvalidInput
from cishan.labels import label
from cishan.payments.keys import (
    KeyRow,
    accept_key,
    end_key,
    known_keys,
    note_keys,
    replace_own_key,
    set_use_until,
)
from cishan.settings import Settings
from cishan.templating import day

Result = TypeVar("Result")

until_option = click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="最晚用到哪一天（2027-06-30）；到期前 30、7、1 天提醒管理员。"
)
key_file = click.argument("file", metavar="密钥文件", type=click.Path(exists=True, dir_okay=False, path_type=Path))
app_argument = click.argument("app_id", metavar="应用编号")
name_argument = click.argument("name", metavar="指纹")


@click.group("merchants")
def command() -> None:
    """查看和更换收款商户的密钥。新旧密钥可以同时有效；网站和后台任务半分钟内自己换上，不用重启。"""


@command.command("list")
@json_option
def show(as_json: bool) -> None:
    """列出每把密钥：谁的、指纹、什么时候开始用、用到哪一天。"""
    found = run(_known(settings_with_database()))
    if as_json:
        print_json([_as_json(key) for key in found])
        return
    for key in found:
        until = f"，用到 {day(key.use_until)}" if key.use_until else ""
        state = "（停用）" if key.ended_at else ""
        click.echo(f"{key.app_id}  {label(key.side)}  {key.name}  从 {day(key.since)}{until}{state}")


@command.command("accept")
@app_argument
@key_file
@until_option
def accept(app_id: str, file: Path, until: datetime | None) -> None:
    """再接受支付宝的一把公钥；原来的照样有效，直到用 end 停用。"""
    name = _do(lambda settings, now: accept_key(settings, app_id, file.read_text(), _day(until), now=now))
    click.echo(f"已接受，指纹 {name[:12]}。")


@command.command("end")
@app_argument
@name_argument
def end(app_id: str, name: str) -> None:
    """停用支付宝的一把公钥；最后一把不能停用。"""
    _do(lambda settings, now: end_key(settings, app_id, name, now=now))
    click.echo("已停用。用它签名的通知不再相信。")


@command.command("replace")
@app_argument
@key_file
@until_option
def replace(app_id: str, file: Path, until: datetime | None) -> None:
    """换上新的应用私钥。先在支付宝开放平台换上对应的应用公钥。"""
    name = _do(lambda settings, now: replace_own_key(settings, app_id, file.read_text(), _day(until), now=now))
    click.echo(f"已换上，指纹 {name[:12]}。")


@command.command("until")
@app_argument
@name_argument
@click.argument("last_day", metavar="日期", type=click.DateTime(["%Y-%m-%d"]))
def until(app_id: str, name: str, last_day: datetime) -> None:
    """写明一把密钥最晚用到哪一天。"""
    _do(lambda settings, now: set_use_until(settings, app_id, name, last_day.date(), now=now))
    click.echo("已记下。")


@command.command("transfers")
@app_argument
@click.argument("allowed", metavar="on|off", type=click.Choice(["on", "off"]))
def transfers(app_id: str, allowed: str) -> None:
    """写明和支付宝的合同能不能转账到个人账户；能转，救助款就可以从支付宝付。"""

    async def act(settings: Settings, now: datetime) -> None:
        await allow_transfers(app_id, allowed=allowed == "on")

    _do(act)
    click.echo("已记下：可以从支付宝付救助款。" if allowed == "on" else "已记下：救助款只走银行。")


def _as_json(key: KeyRow) -> dict[str, str | None]:
    return {
        "app_id": key.app_id,
        "side": key.side.value,
        "fingerprint": key.fingerprint,
        "since": key.since.isoformat(),
        "use_until": key.use_until.isoformat() if key.use_until else None,
        "ended_at": key.ended_at.isoformat() if key.ended_at else None,
    }


def _day(instant: datetime | None) -> date | None:
    return instant.date() if instant else None


async def _known(settings: Settings) -> tuple[KeyRow, ...]:
    async with database(settings):
        await note_keys(settings, now=await database_now())
        return await known_keys()


def _do(act: Callable[[Settings, datetime], Awaitable[Result]]) -> Result:
    """Runs one change; what is refused is said in a sentence, with exit code 1."""
    settings = settings_with_database()

    async def doing() -> Result:
        async with database(settings):
            return await act(settings, await database_now())

    try:
        return run(doing())
    except InvalidInput as error:
        raise FoundWrong("；".join(error.fields.values())) from error
    except CishanError as error:
        raise FoundWrong(error.sentence) from error
