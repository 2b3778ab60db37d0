"""`cishan setup`: a real deployment from answers, all of it or nothing, and nothing that could cheat anybody."""

import itertools
import re
import stat
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cishan.app import create_app
from cishan.cli import read_environment_file
from cishan.payments.alipay.signing import generate_private_key_pem, load_private_key, public_key_pem
from cishan.postgres import Cluster
from cishan.production import Unsafe
from cishan.sealing import load_sealer
from cishan.setting_up.answers import Answers, WrongAnswers, read_answers
from cishan.settings import Settings
from command_line import Keyboard, run_cishan

APP_LOGIN = "cishan_web"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Site:
    """An empty database with two logins, key files, and answers that are in order."""

    directory: Path
    answers: dict[str, str]
    database: str
    cluster: Cluster

    def set_up(self, **changes: str | None) -> subprocess.CompletedProcess[str]:
        answers = {name: text for name, text in {**self.answers, **changes}.items() if text is not None}
        file = self.directory / "answers.toml"
        file.write_text("".join(f"{name} = '{text}'\n" for name, text in answers.items()))
        return run_cishan("setup", "--answers", file, environment={"PYTHONPATH": str(Path(__file__).parent)})

    async def count(self, table: str) -> int:
        connection = await asyncpg.connect(**self.cluster.credentials(self.database))
        try:
            if not await connection.fetchval("SELECT to_regclass($1)", table):
                return 0
            return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
        finally:
            await connection.close()

    def left(self) -> set[str]:
        """What lies where the deployment would."""
        return {str(path.relative_to(self.directory)) for path in (self.directory / "etc").rglob("*")}


Made = tuple[Site, subprocess.CompletedProcess[str]]


@pytest.fixture
def site(cluster: Cluster, template: str, login: str, tmp_path: Path) -> Iterator[Site]:
    """A place for a deployment of the test's own."""
    yield from _place(cluster, template, tmp_path)


@pytest.fixture(scope="module")
def made(cluster: Cluster, template: str, login: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """One deployment for the tests that only look at it, and what the command said."""
    for place in _place(cluster, template, tmp_path_factory.mktemp("made")):
        yield place, place.set_up()


def _place(cluster: Cluster, template: str, directory: Path) -> Iterator[Site]:
    name = f"cishan_setup_{next(_numbers)}"
    cluster.create_database(name, template=template)
    yield Site(directory, _answers(cluster, name, directory), name, cluster)
    cluster.drop_database(name)


@pytest.fixture(scope="module")
async def login(cluster: Cluster) -> str:
    connection = await asyncpg.connect(**cluster.credentials("postgres"))
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", APP_LOGIN):
            await connection.execute(f"CREATE ROLE {APP_LOGIN} LOGIN")
    finally:
        await connection.close()
    return APP_LOGIN


def _answers(cluster: Cluster, name: str, directory: Path) -> dict[str, str]:
    (directory / "alipay").mkdir()
    (directory / "app.pem").write_text(_pkcs8(generate_private_key_pem()))
    (directory / "alipay" / "public.pem").write_text(public_key_pem(generate_private_key_pem()))
    return {
        "directory": str(directory / "etc"),
        "keys_directory": str(directory / "etc" / "keys"),
        "data_directory": str(directory / "data"),
        "site_url": "https://wish.dezhou.example",
        "database_url": cluster.url(name, user=APP_LOGIN),
        "owner_url": cluster.url(name),
        "sms_transport": "sms_adapter:SilentProvider",
        "name": "德州市慈善总会",
        "uscc": "53371400MJE0000011",
        "division_code": "371400000000",
        "registration_number": "鲁德社证字第 0001 号",
        "certificate_number": "53371400000001",
        "certificate_from": "2017-01-01",
        "contact_phone": "0534-12345",
        "report_phone": "0534-12346",
        "address": "德州市德城区示例路 1 号",
        "filing_number": "53371400MJE0000011A25001",
        "fund_purpose": "本市困难家庭的微心愿。",
        "app_id": "2021000000000002",
        "seller_id": "2088000000000157",
        "app_private_key": str(directory / "app.pem"),
        "alipay_public_key": str(directory / "alipay" / "public.pem"),
        "admin_name": "钱文博",
        "admin_phone": "13905340001",
    }


async def test_answers_in_order_make_a_deployment(made: Made) -> None:
    site, said = made
    assert said.returncode == 0, said.stderr
    assert re.search(r"https://wish\.dezhou\.example/staff/invitations/[\w-]{20,}", said.stdout)
    assert [await site.count(table) for table in ("charity", "fund", "merchant_account", "invitation")] == [1, 1, 1, 1]
    assert site.left() >= {"etc/environment", "etc/owner", "etc/keys/sealing.json"}
    load_sealer(site.directory / "etc" / "keys")


async def test_what_it_writes_is_for_its_owner_alone(made: Made) -> None:
    site, _ = made
    for path in (site.directory / "etc").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


async def test_the_services_never_hold_the_owners_login(made: Made) -> None:
    site, _ = made
    environment = (site.directory / "etc" / "environment").read_text()
    assert APP_LOGIN in environment
    assert site.answers["owner_url"] not in environment
    assert site.answers["owner_url"] in (site.directory / "etc" / "owner").read_text()


async def test_the_private_key_is_kept_as_pkcs1(made: Made) -> None:
    site, _ = made
    kept = (site.directory / "etc" / "keys" / "merchant-2021000000000002.pem").read_text()
    assert "BEGIN RSA PRIVATE KEY" in kept
    assert public_key_pem(kept) == public_key_pem((site.directory / "app.pem").read_text())


async def test_the_apps_login_may_not_change_what_is_append_only(made: Made) -> None:
    site, _ = made
    connection = await asyncpg.connect(**site.cluster.credentials(site.database, user=APP_LOGIN))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE ledger_entry SET kind = kind")
    finally:
        await connection.close()


async def test_commands_work_with_the_environment_file_it_wrote(made: Made) -> None:
    site, _ = made
    counted = run_cishan("--environment-file", site.directory / "etc" / "environment", "keys", "status")
    assert counted.returncode == 0, counted.stderr
    assert "k1" in counted.stdout


async def test_a_second_set_up_touches_nothing(made: Made) -> None:
    site, _ = made
    before = (site.directory / "etc" / "keys" / "sealing.json").read_bytes()
    again = site.set_up()
    assert again.returncode == 3
    assert (site.directory / "etc" / "keys" / "sealing.json").read_bytes() == before
    elsewhere = site.set_up(
        directory=str(site.directory / "etc2"), keys_directory=str(site.directory / "etc2" / "keys")
    )
    assert elsewhere.returncode == 3
    assert "已经有慈善组织" in elsewhere.stderr
    assert not (site.directory / "etc2").exists()


async def test_nothing_is_left_when_a_place_cannot_be_written(site: Site) -> None:
    (site.directory / "data").write_text("a file where a directory should be")
    refused = site.set_up(data_directory=str(site.directory / "data" / "below"))
    assert refused.returncode == 3
    assert await site.count("charity") == 0
    assert site.left() == set()


WRONG: list[tuple[dict[str, str | None], str, str]] = [
    ({"certificate_number": ""}, "certificate-number", "公开募捐必须有公开募捐资格证书"),
    ({"uscc": "53371400MJE0000012"}, "uscc", "统一社会信用代码不对"),
    ({"site_url": "http://wish.dezhou.example"}, "site-url", "https://"),
    ({"site_url": "https://127.0.0.1"}, "site-url", "本机"),
    ({"gateway_url": "http://127.0.0.1:8001/gateway.do"}, "gateway-url", "https://"),
    ({"gateway_url": "https://openapi-sandbox.dl.alipaydev.com/gateway.do"}, "gateway-url", "沙箱"),
    ({"sms_transport": "file"}, "sms-transport", "短信通道用不了"),
    ({"sms_transport": "decimal:getcontext"}, "sms-transport", "类收一个参数"),
    (
        {"sms_transport": "sms_adapter:LockedProvider"},
        "sms-transport",
        "RuntimeError the provider's key file is missing",
    ),
    ({"sms_transport": "sms_adapter:NoProvider"}, "sms-transport", "没有 send 方法"),
    ({"admin_phone": "12345"}, "admin-phone", "手机号码"),
    ({"filing_number": None}, "filing-number", "没有填写"),
]


@pytest.mark.parametrize(("changes", "name", "sentence"), WRONG, ids=[f"{n}-{i}" for i, (_, n, _) in enumerate(WRONG)])
def test_an_answer_that_cannot_be_is_named(
    changes: dict[str, str | None], name: str, sentence: str, cluster: Cluster, tmp_path: Path
) -> None:
    answers = {**_answers(cluster, "nowhere", tmp_path), **changes}
    with pytest.raises(WrongAnswers) as wrong:
        read_answers({key: text for key, text in answers.items() if text is not None})
    assert list(wrong.value.sentences) == [name.replace("-", "_")]
    assert sentence in next(iter(wrong.value.sentences.values()))


def test_the_same_answers_without_a_mistake_are_taken(cluster: Cluster, tmp_path: Path) -> None:
    plan = read_answers(_answers(cluster, "nowhere", tmp_path))
    assert plan.settings.trusted_hosts == ("wish.dezhou.example",)


def test_private_raising_needs_no_certificate(cluster: Cluster, tmp_path: Path) -> None:
    answers = {**_answers(cluster, "nowhere", tmp_path), "legal_mode": "private", "certificate_number": ""}
    assert read_answers(answers).facts.certificate_number == ""


def test_the_apps_own_public_key_is_not_taken_for_alipays(cluster: Cluster, tmp_path: Path) -> None:
    answers = _answers(cluster, "nowhere", tmp_path)
    Path(answers["alipay_public_key"]).write_text(public_key_pem(Path(answers["app_private_key"]).read_text()))
    with pytest.raises(WrongAnswers, match="应用自己的公钥"):
        read_answers(answers)


def test_the_sandboxs_key_is_not_taken_for_alipays(cluster: Cluster, tmp_path: Path) -> None:
    answers = _answers(cluster, "nowhere", tmp_path)
    sandbox = generate_private_key_pem()
    Path(answers["alipay_public_key"]).write_text(public_key_pem(sandbox))
    (tmp_path / "alipay" / "sandbox-gateway.pem").write_text(sandbox)
    with pytest.raises(WrongAnswers, match="模拟网关的密钥"):
        read_answers(answers)


def test_one_login_for_both_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    answers = _answers(cluster, "nowhere", tmp_path)
    with pytest.raises(WrongAnswers, match="两个不同的数据库登录"):
        read_answers({**answers, "database_url": answers["owner_url"]})


def test_the_answers_in_the_handbook_are_in_order(cluster: Cluster, tmp_path: Path) -> None:
    handbook = (Path(__file__).parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```toml\n(.*?)^```", handbook, re.DOTALL | re.MULTILINE)
    sample = tomllib.loads(block)
    assert list(sample) == [item.name for item in fields(Answers)]
    real = _answers(cluster, "nowhere", tmp_path)
    files = {name: real[name] for name in ("app_private_key", "alipay_public_key", "sms_transport")}
    plan = read_answers({**sample, **files})
    assert plan.settings.is_production
    assert plan.facts.name == sample["name"]


def test_at_a_keyboard_every_question_is_asked_and_a_wrong_answer_once_more(site: Site) -> None:
    keyboard = Keyboard("setup", environment={"PYTHONPATH": str(Path(__file__).parent)})
    for item in fields(Answers):
        keyboard.answer(
            item.metadata["ask"], "12345" if item.name == "admin_phone" else site.answers.get(item.name, "")
        )
    keyboard.answer("第一位管理员的手机号", site.answers["admin_phone"])
    said = keyboard.end()
    assert "admin-phone" in said
    assert said.count("慈善组织全称") == 1
    assert said.count("第一位管理员的手机号") == 2
    assert re.search(r"https://wish\.dezhou\.example/staff/invitations/[\w-]{20,}", said)


async def test_the_app_refuses_to_start_with_a_gateway_of_play_money(site: Site) -> None:
    site.set_up()
    await _execute(site, "UPDATE merchant_account SET gateway_url = 'http://127.0.0.1:8001/gateway.do'")
    with pytest.raises(Unsafe, match="模拟网关"):
        await _start_app(site)


async def test_the_app_refuses_to_start_beside_the_sandboxs_key(site: Site) -> None:
    sandbox = generate_private_key_pem()
    (site.directory / "alipay" / "public.pem").write_text(public_key_pem(sandbox))
    site.set_up()
    await _start_app(site)
    (site.directory / "etc" / "keys" / "sandbox-gateway.pem").write_text(sandbox)
    with pytest.raises(Unsafe, match="冒充支付宝签名"):
        await _start_app(site)


async def _start_app(site: Site) -> None:
    environment = read_environment_file(site.directory / "etc" / "environment")
    app = create_app(Settings.from_environment(environment))
    async with app.router.lifespan_context(app):
        pass


async def _execute(site: Site, sql: str) -> None:
    connection = await asyncpg.connect(**site.cluster.credentials(site.database))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _pkcs8(pem: str) -> str:
    key = load_private_key(pem)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
