"""Where a demo stands: its directory, keys, ports and database. Made on first use, found again later."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cishan.commands.outcome import Missing
from cishan.payments.alipay.signing import generate_private_key_pem, public_key_pem
from cishan.payments.merchants import private_key_file
from cishan.postgres import Cluster, start_cluster
from cishan.processes import free_port
from cishan.sealing import KEYS_FILE, create_keys
from cishan.settings import Environment, Settings

APP_ID = "2021000000000001"
SELLER_ID = "2088000000000156"
SANDBOX_KEY = "sandbox-gateway.pem"
"""The sandbox signs with it in Alipay's place; the same name as in `cishan sandbox`."""
USUAL_PORT = 8000
DATABASE = "cishan"


@dataclass(frozen=True)
class Grounds:
    """A demo's settings, the sandbox's port, and its own database server, if it has one."""

    settings: Settings
    sandbox_port: int
    directory: Path
    cluster: Cluster | None

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}/gateway.do"

    @property
    def environment_file(self) -> Path:
        """Lets another command work on this demo: `cishan --environment-file FILE verify`."""
        return self.directory / "environment"

    @property
    def app_public_key(self) -> Path:
        return self.settings.keys_directory / f"app-public-{APP_ID}.pem"

    def environment(self) -> dict[str, str]:
        """What the programs of the demo are started with."""
        settings = self.settings
        return {
            "CISHAN_ENVIRONMENT": settings.environment.value,
            "CISHAN_DATABASE_URL": settings.database_url,
            "CISHAN_OWNER_URL": settings.owner_url,
            "CISHAN_DATA_DIRECTORY": str(settings.data_directory),
            "CISHAN_KEYS_DIRECTORY": str(settings.keys_directory),
            "CISHAN_FONTS_DIRECTORY": str(settings.fonts_directory),
            "CISHAN_SITE_URL": settings.site_url,
            "CISHAN_HOST": settings.host,
            "CISHAN_PORT": str(settings.port),
            "CISHAN_TRUSTED_HOSTS": ",".join(settings.trusted_hosts),
        }


@contextmanager
def prepared_grounds(directory: Path, port: int | None, given: Settings) -> Iterator[Grounds]:
    """The grounds in `directory`, with the database running while inside; DATABASE_URL goes before our own server."""
    if given.is_production:
        raise Missing("这里设置的是正式环境（CISHAN_ENVIRONMENT=production），不能启动演示。")
    directory = directory.absolute()
    (directory / "data").mkdir(parents=True, exist_ok=True)
    settings = replace(
        given,
        environment=Environment.DEMO,
        data_directory=directory / "data",
        keys_directory=directory / "keys",
        host="127.0.0.1",
        port=_web_port(port),
        trusted_hosts=("127.0.0.1", "localhost"),
    )
    settings = replace(settings, site_url=f"http://127.0.0.1:{settings.port}")
    _make_keys(settings)
    if given.database_url:
        yield _noted(Grounds(settings, free_port(), directory, None))
        return
    with start_cluster(directory / "postgres") as cluster:
        if not cluster.database_exists(DATABASE):
            cluster.create_database(DATABASE)
        settings = replace(settings, database_url=cluster.url(DATABASE), owner_url="")
        yield _noted(Grounds(settings, free_port(), directory, cluster))


def _noted(grounds: Grounds) -> Grounds:
    """Writes the environment anew with each start, for ports and the database's address change."""
    lines = (f"{name}={value}\n" for name, value in grounds.environment().items())
    _write(grounds.environment_file, "".join(lines))
    return grounds


def _web_port(port: int | None) -> int:
    if port:
        if not _is_free(port):
            raise Missing(f"端口 {port} 已被别的程序占用，请换一个：cishan demo --port 另一个端口。")
        return port
    return USUAL_PORT if port is None and _is_free(USUAL_PORT) else free_port()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the web server itself will: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _make_keys(settings: Settings) -> None:
    """Sealing keys, the merchant's pair, and the sandbox's: each made only where it is missing."""
    keys = settings.keys_directory
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (keys / KEYS_FILE).exists():
        create_keys(keys)
    private = private_key_file(settings, APP_ID)
    sandbox = keys / SANDBOX_KEY
    for path in (private, sandbox):
        if not path.exists():
            _write(path, generate_private_key_pem())
    _write(keys / f"app-public-{APP_ID}.pem", public_key_pem(private.read_text()))
    _write(keys / f"alipay-{APP_ID}.pem", public_key_pem(sandbox.read_text()))


def _write(path: Path, text: str) -> None:
    """Whole or not at all: a start that is killed here leaves no half key."""
    half = path.with_suffix(".new")
    half.touch(mode=0o600)
    half.write_text(text)
    half.replace(path)
