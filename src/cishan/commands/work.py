"""`cishan work`: the worker. Any number may run; each may be stopped at any time."""

import asyncio
import logging
import signal

import click

from cishan.app import line_owners, make_services
from cishan.commands.environment import run, settings_with_database
from cishan.database import database
from cishan.jobs.queued import QUEUED
from cishan.jobs.table import JOBS
from cishan.jobs.worker import Worker
from cishan.pictures.actions import ENCODER
from cishan.settings import Settings

READY = "worker ready"


@click.command("work")
def command() -> None:
    """启动后台任务：查询付款、到期收回、发送短信、编号、生成文件。

    可以在几台机器上各开几个，不分主次。收到 SIGTERM 后做完手上的事再退出。
    """
    settings = settings_with_database()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    run(_work(settings))


async def _work(settings: Settings) -> None:
    async with database(settings):
        services = await make_services(settings)
        worker = Worker(JOBS, QUEUED, services, line_owners(services))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.stop)
        click.echo(READY)
        await worker.run()
        await ENCODER.close()
