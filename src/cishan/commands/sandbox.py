"""`cishan sandbox`: the local gateway as a process of its own, on loopback only."""

import asyncio
from pathlib import Path

import click

from cishan.commands.environment import read_settings
from cishan.commands.outcome import Missing
from cishan.payments.sandbox.faults import read_faults
from cishan.payments.sandbox.serve import RunningSandbox, serve
from cishan.payments.sandbox.settings import Application, SandboxRefused, SandboxSettings
from cishan.settings import Environment, Settings

READY = "sandbox ready"
KEY_FILE = "sandbox-gateway.pem"
"""The sandbox's own private key: it signs in Alipay's place, so its file must never lie in a production directory."""


@click.command("sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="只接受本机回环地址。")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 表示任选一个空闲端口。")
@click.option("--app-id", required=True, help="商户的应用编号。")
@click.option("--seller-id", required=True, help="商户的卖家编号（2088 开头）。")
@click.option("--payee", default="示例慈善会", show_default=True, help="收银台上显示的收款方。")
@click.option(
    "--public-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="商户应用公钥的 PEM 文件。",
)
@click.option("--faults", default="", help="打开哪些故障，用逗号分隔。")
def command(host: str, port: int, app_id: str, seller_id: str, payee: str, public_key: Path, faults: str) -> None:
    """启动本机的模拟支付网关。它说的是支付宝的真协议，但不动真钱，只在本机回环地址上听。"""
    settings = read_settings(otherwise=Environment.DEMO)
    if settings.environment is Environment.PRODUCTION:
        raise Missing("正式环境不能启动模拟支付网关。")
    try:
        options = SandboxSettings(
            applications=(Application(app_id, seller_id, public_key.read_text(), payee),),
            private_key_pem=_own_key(settings),
            host=host,
            port=port,
            database=str(settings.data_directory / "sandbox.sqlite3"),
            faults=read_faults(faults.split(",")),
            operator=True,
        )
        asyncio.run(serve(options, on_ready=_announce))
    except (SandboxRefused, ValueError) as refused:
        raise click.UsageError(str(refused)) from refused


def _own_key(settings: Settings) -> str:
    path = settings.keys_directory / KEY_FILE
    if not path.exists():
        raise Missing(f"没有模拟网关的密钥 {path}。cishan demo 会自动建立它。")
    return path.read_text()


def _announce(running: RunningSandbox) -> None:
    click.echo(f"{READY} {running.gateway_url}")
