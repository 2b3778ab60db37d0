"""The command line: help that reads in order, exit codes that mean something, commands that do what they say."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import asyncpg
from click.testing import CliRunner
from tortoise.models import Model

from cishan.accounts.states import Role
from cishan.charities.states import LegalMode
from cishan.cli import COMMANDS, main
from cishan.commands.routes import who_may_enter
from cishan.commands.sandbox import KEY_FILE
from cishan.database import MODEL_MODULES, credentials, shipped_migrations
from cishan.payments.alipay.signing import generate_private_key_pem, public_key_pem
from cishan.permissions import Permission
from cishan.postgres import Cluster
from cishan.sealed_columns import COLUMNS
from cishan.sealing import load_sealer
from cishan.settings import Environment, Settings
from command_line import environment_of, run_cishan
from conftest import START, Committed
from makers import make_admin, make_charity


def test_help_names_every_command_in_order() -> None:
    shown = run_cishan("--help")
    places = [shown.stdout.find(f"  {entry.name} ") for entry in COMMANDS]
    assert shown.returncode == 0
    assert -1 not in places
    assert places == sorted(places)


def test_every_command_has_help_of_its_own() -> None:
    for entry in COMMANDS:
        shown = CliRunner().invoke(main, [entry.name, "--help"])
        assert shown.exit_code == 0, entry.name
        assert len(shown.output) > 80, entry.name


def test_an_unknown_command_is_wrong_usage() -> None:
    assert run_cishan("obey").returncode == 2


def test_without_a_database_a_command_says_so_and_what_to_do() -> None:
    ended = run_cishan("migrate")
    assert ended.returncode == 3
    assert "DATABASE_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_database_that_is_not_there_is_a_sentence() -> None:
    ended = run_cishan("migrate", environment={"DATABASE_URL": "postgresql://cishan@127.0.0.1:9/cishan"})
    assert ended.returncode == 3
    assert "连不上数据库" in ended.stderr


def test_a_setting_that_cannot_be_read_is_wrong_usage() -> None:
    ended = run_cishan("routes", environment={"CISHAN_POOL_SIZE": "many"})
    assert ended.returncode == 2
    assert "CISHAN_POOL_SIZE" in ended.stderr


def test_an_environment_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_text("# settings\nCISHAN_POOL_SIZE=many\n")
    assert run_cishan("--environment-file", file, "routes").returncode == 2
    assert run_cishan("--environment-file", file, "routes", environment={"CISHAN_POOL_SIZE": "3"}).returncode == 0
    file.write_text("not a setting\n")
    assert "第 1 行" in run_cishan("--environment-file", file, "routes").stderr


def test_migrating_twice_does_nothing_the_second_time(cluster: Cluster) -> None:
    cluster.create_database("cishan_cli")
    environment = {"DATABASE_URL": cluster.url("cishan_cli")}
    first, second = (run_cishan("migrate", environment=environment) for _ in range(2))
    cluster.drop_database("cishan_cli")
    assert (first.returncode, second.returncode) == (0, 0)
    assert max(shipped_migrations()) in first.stdout
    assert "已经是最新" in second.stdout


def test_routes_say_who_may_enter_in_each_legal_mode() -> None:
    lines = {line["path"]: line for line in json.loads(run_cishan("routes", "--json").stdout)}
    assert lines["/ready"]["who"]["private"] == "anyone"
    assert lines["/desk/jobs"]["who"]["own_site"] == ["admin"]


def test_the_wall_is_open_to_anyone_only_outside_the_private_mode() -> None:
    assert who_may_enter(Permission.READ_WALL, LegalMode.OWN_SITE, Environment.TEST) == "anyone"
    assert who_may_enter(Permission.READ_WALL, LegalMode.PRIVATE, Environment.TEST) == [role.value for role in Role]


def test_nothing_production_starts_on_plain_http() -> None:
    production = {"CISHAN_ENVIRONMENT": "production", "DATABASE_URL": "postgresql://cishan@127.0.0.1:9/cishan"}
    refused = run_cishan("serve", environment=production)
    assert refused.returncode == 3
    assert "https://" in refused.stderr
    assert run_cishan("demo", environment=production).returncode == 3


def test_the_sandbox_refuses_an_address_that_others_can_reach(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text(generate_private_key_pem())
    (tmp_path / "app.pem").write_text(public_key_pem(generate_private_key_pem()))
    words = ("sandbox", "--app-id", "1", "--seller-id", "2", "--public-key", tmp_path / "app.pem", "--host", "0.0.0.0")
    refused = run_cishan(*words, environment={"CISHAN_KEYS_DIRECTORY": str(tmp_path)})
    assert refused.returncode == 2
    assert "loopback" in refused.stderr


def test_every_sealed_field_of_the_models_can_be_sealed_anew() -> None:
    declared = {
        (model._meta.db_table, name)
        for module in MODEL_MODULES
        for model in vars(__import__(module, fromlist=["models"])).values()
        if isinstance(model, type) and issubclass(model, Model) and model is not Model
        for name in model._meta.fields_map
        if name.endswith("_sealed")
    }
    assert len(declared) > 10
    assert declared == {(one.table, one.column) for one in COLUMNS}


async def test_a_new_key_reseals_everything_and_running_processes_can_read_it(
    committed_database: Committed, tmp_path: Path
) -> None:
    settings = _with_own_keys(committed_database.settings, tmp_path)
    running = load_sealer(settings.keys_directory)
    now = START
    await make_charity(now=now)
    await make_admin(sealer=running, now=now)
    rotated = run_cishan("keys", "rotate", environment=environment_of(settings))
    assert rotated.returncode == 0, rotated.stderr
    counted = json.loads(run_cishan("keys", "status", "--json", environment=environment_of(settings)).stdout)
    assert counted["current"] == "k2"
    assert set(counted["values"]) == {"k2"}
    sealed = await _one_value(settings, "SELECT name_sealed FROM account")
    assert running.key_of(sealed) == "k2"
    assert running.open(sealed, "account.name") == "钱管理"


async def test_resealing_goes_on_where_it_was_cut_off(committed_database: Committed, tmp_path: Path) -> None:
    settings = _with_own_keys(committed_database.settings, tmp_path)
    old, now = load_sealer(settings.keys_directory), START
    await make_charity(now=now)
    await make_admin(sealer=old, now=now)
    run_cishan("keys", "rotate", environment=environment_of(settings))
    # What a process that has not been restarted seals meanwhile.
    await _execute(settings, "UPDATE account SET name_sealed = $1", old.seal("钱管理", "account.name"))
    assert "重新封存了 1 项" in run_cishan("keys", "reseal", environment=environment_of(settings)).stdout
    assert "重新封存了 0 项" in run_cishan("keys", "reseal", environment=environment_of(settings)).stdout


def _with_own_keys(settings: Settings, directory: Path) -> Settings:
    shutil.copytree(settings.keys_directory, directory / "keys")
    return replace(settings, keys_directory=directory / "keys")


async def _one_value(settings: Settings, sql: str) -> bytes:
    connection = await asyncpg.connect(**credentials(settings.database_url))
    try:
        found: bytes = await connection.fetchval(sql)
        return found
    finally:
        await connection.close()


async def _execute(settings: Settings, sql: str, *values: object) -> None:
    connection = await asyncpg.connect(**credentials(settings.database_url))
    try:
        await connection.execute(sql, *values)
    finally:
        await connection.close()
