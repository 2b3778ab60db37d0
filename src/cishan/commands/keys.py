"""`cishan keys`: which key seals how much, a new key, and sealing everything anew under it."""

import asyncpg
import click

from cishan.commands.environment import run, settings_with_database
from cishan.commands.outcome import Missing, json_option, print_json
from cishan.database import credentials
from cishan.sealed_columns import count_by_key, reseal
from cishan.sealing import Sealer, add_key, load_sealer
from cishan.settings import Settings


@click.group("keys")
def command() -> None:
    """更换封存姓名、身份证号、电话等资料的密钥。旧密钥一直留着，旧备份才能打开。"""


@command.command("status")
@json_option
def status(as_json: bool) -> None:
    """每把密钥现在封存着多少项资料。"""
    settings = settings_with_database()
    sealer = _sealer(settings)
    counts = run(_count(settings))
    if as_json:
        print_json({"current": sealer.current, "values": counts})
        return
    for name in sorted({*counts, *sealer.keys}):
        mark = "（现用）" if name == sealer.current else ""
        click.echo(f"{name}{mark}：{counts.get(name, 0)} 项")


@command.command("rotate")
def rotate() -> None:
    """添一把新密钥，然后用它把全部资料重新封存。

    网站和后台任务不用停：它们见到新密钥会自己再读一次密钥文件。中途断了，用 cishan keys reseal 接着做。
    """
    settings = settings_with_database()
    _sealer(settings)
    name = add_key(settings.keys_directory)
    click.echo(f"新密钥 {name} 已写入 {settings.keys_directory}。请马上把密钥目录另外备份一份。")
    _reseal(settings)


@command.command("reseal")
def reseal_rest() -> None:
    """把还用旧密钥封存的资料重新封存；可以反复运行。"""
    _reseal(settings_with_database())


def _reseal(settings: Settings) -> None:
    done = run(_reseal_all(settings, _sealer(settings)))
    click.echo(f"重新封存了 {done} 项。")
    click.echo("请重启网站和后台任务，让它们也用新密钥封存，然后再运行一次 cishan keys reseal。")


async def _reseal_all(settings: Settings, sealer: Sealer) -> int:
    connection = await _owner(settings)
    total = 0
    try:
        async for one, done in reseal(connection, sealer):
            total += done
            click.echo(f"  {one.table}.{one.column}：{done}", err=True)
    finally:
        await connection.close()
    return total


async def _count(settings: Settings) -> dict[str, int]:
    connection = await _owner(settings)
    try:
        return await count_by_key(connection)
    finally:
        await connection.close()


async def _owner(settings: Settings) -> asyncpg.Connection:
    return await asyncpg.connect(**credentials(settings.owner_url or settings.database_url))


def _sealer(settings: Settings) -> Sealer:
    try:
        return load_sealer(settings.keys_directory)
    except (FileNotFoundError, PermissionError) as error:
        raise Missing(f"密钥读不到：{error}") from error
