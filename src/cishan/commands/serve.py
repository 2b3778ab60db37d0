"""`cishan serve`: the web process. Put a reverse proxy with TLS in front of it; see docs/operations.md."""

import multiprocessing
from typing import Any

import click
import uvicorn
from starlette.applications import Starlette

from cishan.commands.environment import read_settings, settings_with_database
from cishan.commands.outcome import Missing
from cishan.processes import die_with_launcher
from cishan.production import Unsafe, refuse_unsafe_settings

GRACE_SECONDS = 5
"""How long open requests have to end after SIGTERM."""
KEEP_ALIVE_SECONDS = 20
SERVER_OPTIONS: dict[str, Any] = {
    "loop": "uvloop",
    "http": "httptools",
    "ws": "none",
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
    "timeout_keep_alive": KEEP_ALIVE_SECONDS,
    "timeout_graceful_shutdown": GRACE_SECONDS,
}
"""How uvicorn runs, whatever it serves: the benchmarks give their peers the same."""


@click.command("serve")
@click.option("--host", default=None, help="绑定的地址；默认取 CISHAN_HOST（127.0.0.1）。")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="端口；默认取 PORT（8000）。")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="进程个数。")
@click.option(
    "--forwarded-allow-ips",
    default=None,
    metavar="地址",
    help="信任哪些反向代理写的 X-Forwarded-* 头；不写就一个都不信。",
)
def command(host: str | None, port: int | None, workers: int, forwarded_allow_ips: str | None) -> None:
    """启动网站。前面要放带 TLS 的反向代理，见 docs/operations.md。"""
    settings = settings_with_database()
    try:
        refuse_unsafe_settings(settings)
    except Unsafe as unsafe:
        raise Missing("网站没有启动：\n" + "\n".join(unsafe.sentences)) from unsafe
    uvicorn.run(
        "cishan.commands.serve:create_from_environment",
        factory=True,
        host=host or settings.host,
        port=settings.port if port is None else port,
        workers=workers,
        proxy_headers=forwarded_allow_ips is not None,
        forwarded_allow_ips=forwarded_allow_ips or "",
        **SERVER_OPTIONS,
    )


def create_from_environment() -> Starlette:
    """What each web process builds. A forked one must not outlive the launcher that holds its socket."""
    # Loaded here: the process that only watches over the others need not hold the whole product.
    from cishan.app import create_app

    if multiprocessing.parent_process() is not None:
        die_with_launcher()
    return create_app(read_settings())
