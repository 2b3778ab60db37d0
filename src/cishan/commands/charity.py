"""`cishan charity`: the charity's own facts that may change after `cishan setup` - the bank account for transfers."""

import click

from cishan.charities.actions import set_bank_account
from cishan.charities.queries import Site, load_site
from cishan.commands.environment import run, settings_with_database
from cishan.commands.outcome import FoundWrong, Missing, json_option, print_json
from cishan.database import database
from cishan.errors import InvalidInput
from cishan.settings import Settings


@click.group("charity")
def command() -> None:
    """查看慈善组织，更改收对公转账的银行账户。"""


@command.command("show")
@json_option
def show(as_json: bool) -> None:
    """这里的慈善组织，和它收对公转账的账户。"""
    site = run(_site(settings_with_database()))
    facts = {"name": site.name, "uscc": site.uscc, "bank_name": site.bank_name, "bank_number": site.bank_number}
    if as_json:
        print_json(facts)
        return
    click.echo(f"{site.name}  {site.uscc}")
    click.echo(f"{site.bank_name}  {site.bank_number}" if site.bank_number else "不收对公转账")


@command.command("bank")
@click.argument("bank_name", metavar="开户行")
@click.argument("bank_number", metavar="账号")
def bank(bank_name: str, bank_number: str) -> None:
    """写明单位把捐款转到哪个账户；户名就是慈善组织全称。写两个空的（'' ''）就不再收转账。"""
    settings = settings_with_database()
    try:
        run(_set(settings, bank_name.strip(), bank_number.strip()))
    except InvalidInput as error:
        raise FoundWrong("；".join(error.fields.values())) from error
    click.echo("已记下。已经认捐还没有到账的，请打电话告诉他们新账户。" if bank_number.strip() else "不再收对公转账。")


async def _site(settings: Settings) -> Site:
    async with database(settings):
        return await _loaded()


async def _set(settings: Settings, bank_name: str, bank_number: str) -> None:
    async with database(settings):
        site = await _loaded()
        await set_bank_account(site.charity_id, bank_name=bank_name, bank_number=bank_number)


async def _loaded() -> Site:
    site = await load_site()
    if site is None:
        raise Missing("还没有慈善组织。请先运行 cishan setup。")
    return site
