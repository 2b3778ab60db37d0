"""Makes a deployment of answers that were read: files, schema and rows, all of them or none."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from tortoise.transactions import in_transaction

from cishan.accounts.actions import invite_staff
from cishan.accounts.states import Role
from cishan.charities.actions import set_up_charity, set_up_merchant
from cishan.database import APP_ROLE, credentials, database, database_now, migrate, rows
from cishan.divisions.actions import load_divisions
from cishan.payments.merchants import private_key_file
from cishan.sealing import create_keys, load_sealer
from cishan.setting_up.answers import Plan
from cishan.settings import Settings
from cishan.wishes.campaigns import open_campaign

ENVIRONMENT_FILE = "environment"
OWNER_FILE = "owner"


class SetUpRefused(Exception):
    """The deployment was not made; the text is for the person who asked for it."""


@dataclass(frozen=True)
class Made:
    """`owner_file` holds the login that migrates; only the upgrade needs it, the services never do."""

    environment_file: Path
    owner_file: Path
    invitation_link: str


async def set_up(plan: Plan) -> Made:
    """Makes keys and files beside their places, then schema and rows; the files appear last, before the commit.

    Raises SetUpRefused when something is there already, or the database refuses. Only the empty schema stays then:
    the next try uses it.
    """
    environment_file, owner_file = plan.directory / ENVIRONMENT_FILE, plan.directory / OWNER_FILE
    for path in (environment_file, owner_file, plan.settings.keys_directory):
        if path.exists():
            raise SetUpRefused(f"{path} 已经存在。已有的环境不会被改动；要重建请先把它移走。")
    await _prepare_database(plan.settings)
    try:
        with _staged(plan) as staged:
            async with database(plan.settings):
                link = await _fill(plan, staged)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise SetUpRefused(f"{error.filename} 写不了：{error.strerror}。") from error
    return Made(environment_file, owner_file, link)


async def _prepare_database(settings: Settings) -> None:
    try:
        await migrate(settings)
        await _let_the_app_in(settings)
    except asyncpg.PostgresError as error:
        raise SetUpRefused(
            f"数据库没有准备好：{error}。表结构的登录要能建角色（CREATEROLE）和建表；别的登录已经建过 cishan_app 的，"
            "请那个登录或超级用户先运行 GRANT cishan_app TO 表结构的登录 WITH ADMIN OPTION。"
        ) from error


async def _let_the_app_in(settings: Settings) -> None:
    """The app's login becomes a member of the role whose rights the migrations set."""
    login = str(credentials(settings.database_url)["user"])
    owner = await asyncpg.connect(**credentials(settings.owner_url))
    try:
        quoted = await owner.fetchval("SELECT quote_ident($1)", login)
        if not await owner.fetchval("SELECT pg_has_role($1, $2, 'MEMBER')", login, APP_ROLE):
            await owner.execute(f"GRANT {APP_ROLE} TO {quoted}")
    finally:
        await owner.close()


async def _fill(plan: Plan, staged: "_Staged") -> str:
    sealer = load_sealer(staged.keys)
    try:
        async with in_transaction():
            if await rows("SELECT 1 FROM charity LIMIT 1"):
                raise SetUpRefused("这个数据库里已经有慈善组织，请换一个空的数据库。")
            now = await database_now()
            await load_divisions(plan.facts.division_code)
            charity = await set_up_charity(plan.facts, now=now)
            merchant = plan.merchant
            await set_up_merchant(
                charity.id, app_id=merchant.app_id, seller_id=merchant.seller_id, gateway_url=merchant.gateway_url
            )
            await open_campaign(charity.id, now=now)
            token = await invite_staff(
                plan.admin_phone,
                plan.admin_name,
                Role.ADMIN,
                plan.facts.division_code,
                actor=None,
                sealer=sealer,
                now=now,
                site_url=plan.settings.site_url,
            )
            staged.put_in_place()
    except BaseException:
        staged.take_back()
        raise
    return f"{plan.settings.site_url}/staff/invitations/{token}"


@dataclass
class _Staged:
    """Finished files beside their places, and which of them have been put in place."""

    plan: Plan
    keys: Path
    environment: Path
    owner: Path
    placed: list[Path]

    def put_in_place(self) -> None:
        self.plan.settings.data_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for staged, place in (
            (self.keys, self.plan.settings.keys_directory),
            (self.owner, self.plan.directory / OWNER_FILE),
            (self.environment, self.plan.directory / ENVIRONMENT_FILE),
        ):
            staged.rename(place)
            self.placed.append(place)

    def take_back(self) -> None:
        for place in self.placed:
            shutil.rmtree(place) if place.is_dir() else place.unlink()
        self.placed.clear()


@contextmanager
def _staged(plan: Plan) -> Iterator[_Staged]:
    keys_home = plan.settings.keys_directory.parent
    made = [path for path in (plan.directory, keys_home) if not path.exists()]
    for path in (plan.directory, keys_home):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Beside their places, so that renaming them is one step of the file system.
    keys = Path(tempfile.mkdtemp(prefix=".keys-", dir=keys_home))
    files = Path(tempfile.mkdtemp(prefix=".setup-", dir=plan.directory))
    try:
        _write_keys(plan, keys)
        _write(files / ENVIRONMENT_FILE, environment_text(plan.settings))
        _write(files / OWNER_FILE, f"CISHAN_OWNER_URL={plan.settings.owner_url}\n")
        yield _Staged(plan, keys, files / ENVIRONMENT_FILE, files / OWNER_FILE, [])
    finally:
        shutil.rmtree(keys, ignore_errors=True)
        shutil.rmtree(files, ignore_errors=True)
        for path in made:
            _remove_if_empty(path)


def _remove_if_empty(path: Path) -> None:
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()


def _write_keys(plan: Plan, directory: Path) -> None:
    create_keys(directory)
    app_id = plan.merchant.app_id
    _write(directory / private_key_file(plan.settings, app_id).name, plan.merchant.private_key_pem)
    _write(directory / f"alipay-{app_id}.pem", plan.merchant.alipay_public_key_pems[0])


def environment_text(settings: Settings) -> str:
    """What systemd hands to the services: everything but the owner's login."""
    values = {
        "ENVIRONMENT": settings.environment.value,
        "DATABASE_URL": settings.database_url,
        "DATA_DIRECTORY": settings.data_directory,
        "KEYS_DIRECTORY": settings.keys_directory,
        "FONTS_DIRECTORY": settings.fonts_directory,
        "SITE_URL": settings.site_url,
        "TRUSTED_HOSTS": ",".join(settings.trusted_hosts),
        "SMS_TRANSPORT": settings.sms_transport,
    }
    return "".join(f"CISHAN_{name}={value}\n" for name, value in values.items())


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
