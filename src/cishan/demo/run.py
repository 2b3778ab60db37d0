"""Starts the demo: database, city, gateway, web, worker; says where it is; stops all of it on Ctrl-C."""

import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cishan.accounts.states import Role
from cishan.app import line_owners, make_services
from cishan.charities.actions import allow_transfers, set_up_merchant
from cishan.charities.queries import load_site
from cishan.commands.environment import run
from cishan.commands.outcome import Missing
from cishan.database import database, migrate
from cishan.demo.city import city_opens, city_stands, load_city
from cishan.demo.grounds import APP_ID, SELLER_ID, Grounds, prepared_grounds
from cishan.demo.people import DONORS, PASSWORD
from cishan.demo.staff import staff_samples
from cishan.divisions.queries import names_of
from cishan.labels import ROLE_LABELS
from cishan.pictures.actions import ENCODER
from cishan.postgres import PostgresError
from cishan.processes import Answers, ProcessError, StopRequested, Supervisor
from cishan.settings import Settings

CITY_PAYEE = "德州市慈善总会（示例）"


def run_demo(directory: Path, port: int | None, workers: int, given: Settings) -> None:
    """Returns when somebody presses Ctrl-C; raises Missing with a sentence when it can't start, or breaks."""
    console = Console(highlight=False)
    begun = time.monotonic()
    try:
        with console.status("正在启动数据库…") as status, prepared_grounds(directory, port, given) as grounds:
            places = run(_prepare(grounds, lambda what: status.update(f"正在准备：{what}…")))
            with Supervisor(directory / "logs") as supervisor:
                status.update("正在启动网站、后台任务和模拟支付网关…")
                start_programs(supervisor, grounds, workers)
                status.stop()
                _introduce(console, grounds, places, time.monotonic() - begun)
                supervisor.wait()
                console.print("正在停止…")
    except (PostgresError, ProcessError) as error:
        raise Missing(str(error)) from error
    except (StopRequested, KeyboardInterrupt):
        console.print("已停止。")


async def _prepare(grounds: Grounds, report) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """Migrates, loads the city where there is none, points the merchant at the sandbox; returns the places' names."""
    report("数据库结构")
    await migrate(grounds.settings)
    async with database(grounds.settings):
        services = await make_services(grounds.settings)
        if not await city_stands():
            try:
                await load_city(services, line_owners(services), report=report)
            finally:
                await ENCODER.close()
        if not await city_opens(services):
            raise Missing(
                f"数据库里的数据是用另一套密钥封存的，{grounds.settings.keys_directory} 里的密钥打不开。"
                "请用 --directory 指回原来的目录，或换一个空数据库。"
            )
        site = await load_site()
        assert site is not None
        await set_up_merchant(site.charity_id, app_id=APP_ID, seller_id=SELLER_ID, gateway_url=grounds.gateway_url)
        await allow_transfers(APP_ID, allowed=True)
        return await names_of([sample.place for sample in staff_samples()])


def start_programs(supervisor: Supervisor, grounds: Grounds, workers: int) -> None:
    """Sandbox, worker and web as children, each ready when this returns; raises ProcessError naming one that is not."""
    cishan = [sys.executable, "-m", "cishan"]
    environment = grounds.environment()
    if grounds.cluster is not None:
        supervisor.watch("database", grounds.cluster.is_running, grounds.cluster.tail)
    sandbox = ["sandbox", "--port", str(grounds.sandbox_port), "--app-id", APP_ID, "--seller-id", SELLER_ID]
    sandbox += ["--payee", CITY_PAYEE, "--public-key", str(grounds.app_public_key)]
    # Side by side, for each takes a second or two to load; the web is the last to be ready.
    supervisor.start("sandbox", [*cishan, *sandbox], env=environment)
    supervisor.start("worker", [*cishan, "work"], env=environment)
    web_ready = Answers(f"{grounds.settings.site_url}/ready")
    supervisor.start("web", [*cishan, "serve", "--workers", str(workers)], env=environment, ready=web_ready)


def _introduce(console: Console, grounds: Grounds, places: dict[str, str], seconds: float) -> None:
    url = grounds.settings.site_url
    table = Table(title="演示账号（密码都一样）", title_justify="left", show_lines=False)
    for heading in ("岗位", "姓名", "地方", "手机号", "密码"):
        table.add_column(heading)
    for donor in DONORS:
        role = Role.ORGANISATION if donor.organisation else Role.DONOR
        table.add_row(ROLE_LABELS[role], donor.name, "", donor.phone, PASSWORD)
    for sample in staff_samples():
        table.add_row(ROLE_LABELS[sample.role], sample.name, places.get(sample.place, ""), sample.phone, PASSWORD)
    console.print()
    console.print(table)
    console.print(f"[bold]演示已就绪：{url}[/bold]（用时 {seconds:.0f} 秒）")
    console.print(f"工作人员登录：{url}/staff/sign-in")
    console.print(f"演示短信：    {url}/demo/outbox")
    console.print(
        f"核对账目：    .venv/bin/cishan --environment-file {_near(grounds.environment_file)} verify", soft_wrap=True
    )
    console.print(f"数据和日志在 {grounds.directory}；按 Ctrl-C 全部停止。")


def _near(path: Path) -> Path:
    """The path from where the demo was started, when it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
