"""`cishan routes`: every URL and who may come in, in each legal mode; straight from the map that guards them."""

import click

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.charities.states import LegalMode
from cishan.commands.environment import read_settings
from cishan.commands.outcome import json_option, print_json
from cishan.guard import may_enter
from cishan.labels import ROLE_LABELS
from cishan.permissions import Permission
from cishan.routes import ROUTES
from cishan.settings import Environment

ANYONE = "anyone"


@click.command("routes")
@json_option
def command(as_json: bool) -> None:
    """列出所有网址、方法、权限，以及三种募捐方式下谁可以进入。"""
    environment = read_settings(otherwise=Environment.DEMO).environment
    lines = [
        {
            "path": row.path,
            "methods": list(row.methods),
            "permission": row.permission.value,
            "who": {mode.value: who_may_enter(row.permission, mode, environment) for mode in LegalMode},
        }
        for row in ROUTES
    ]
    if as_json:
        print_json(lines)
        return
    width = max(len(row.path) for row in ROUTES)
    for row in ROUTES:
        who = who_may_enter(row.permission, LegalMode.OWN_SITE, environment)
        names = "任何人" if who == ANYONE else "、".join(ROLE_LABELS[Role(role)] for role in who) or "无人"
        click.echo(f"{','.join(row.methods):5} {row.path:{width}}  {names}")


def who_may_enter(permission: Permission, mode: LegalMode, environment: Environment) -> list[str] | str:
    """`anyone` when nobody need sign in, else the roles that may enter; asked of the guard itself."""
    if may_enter(None, permission, mode, environment):
        return ANYONE
    return [role.value for role in Role if may_enter(Viewer(0, role), permission, mode, environment)]
