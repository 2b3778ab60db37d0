"""/desk/jobs: what runs by the clock, how it went, and what is queued. For administrators."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from cishan.forms.replay import answer_once
from cishan.jobs.pages import FailedLine, JobLine, JobsPage, QueueLine, trouble_text
from cishan.jobs.queries import FailedTask, QueueState, Run, failed_tasks, last_runs, queue_states
from cishan.jobs.queue import requeue
from cishan.jobs.queued import QUEUED
from cishan.jobs.table import JOBS
from cishan.jobs.work import Job
from cishan.templating import page_response
from cishan.web import done, path_id, services_of

PAGE = "/desk/jobs"
MISSED_TICKS = 4
"""A job that has missed so many of its ticks counts as standing still."""
SHORTEST_SILENCE = timedelta(minutes=2)


async def show_jobs(request: Request) -> Response:
    now = services_of(request).clock.now()
    runs = await last_runs([job.name for job in JOBS], now=now)
    page = jobs_page(runs, await queue_states(), await failed_tasks(), now=now)
    return page_response(request, "jobs/jobs.html", page)


async def try_again(request: Request) -> Response:
    """Queues a failed job once more."""
    job_id = path_id(request)

    async def act() -> str:
        await requeue(job_id)
        return PAGE

    return done(await answer_once(request, act), "queued-again")


def jobs_page(
    runs: Mapping[str, Run], queue: Mapping[str, QueueState], failed: tuple[FailedTask, ...], *, now: datetime
) -> JobsPage:
    """Puts the page together. Pure."""
    lines = tuple(_line(job, runs.get(job.name), now) for job in JOBS)
    still = sum(line.is_wrong for line in lines)
    names = {kind.name: kind.what for kind in QUEUED}
    return JobsPage(
        now=now,
        sentence=_sentence(still, len(failed)),
        well=not still and not failed,
        jobs=lines,
        queue=tuple(
            QueueLine(what, state.waiting, state.running, state.failed, state.failed > 0, state.oldest)
            for name, what in names.items()
            for state in [queue.get(name, QueueState(0, 0, 0, None))]
        ),
        failed=tuple(FailedLine(task.id, names.get(task.name, task.name), task.at, task.error) for task in failed),
    )


def _sentence(still: int, failed: int) -> str:
    if still == len(JOBS):
        return "后台任务没有在运行。请联系维护人员启动 cishan work。"
    parts = [f"{still} 项任务停了或出错" if still else "", f"{failed} 件排队的工作没有做成" if failed else ""]
    wrong = "，".join(part for part in parts if part)
    return f"有 {wrong}，请看下面。" if wrong else "一切正常，不用处理。"


def _line(job: Job, run: Run | None, now: datetime) -> JobLine:
    label, tone = _state(job, run, now)
    return JobLine(
        what=job.what,
        cadence=cadence_text(job.every),
        last_at=run.started_at if run else None,
        state_label=label,
        state_tone=tone,
        is_wrong=tone == "bad",
        handled_lately=run.handled_lately if run else 0,
        failed_lately=run.failed_lately if run else 0,
        trouble=trouble_text(run.broken_lately, run.last_error, run.broken_at) if run else "",
    )


def _state(job: Job, run: Run | None, now: datetime) -> tuple[str, str]:
    if run is None:
        return "没有运行", "bad"
    if run.error:
        return "出错", "bad"
    if now - run.started_at > max(job.every * MISSED_TICKS, SHORTEST_SILENCE):
        return "停了", "bad"
    if run.finished_at is None:
        return "正在运行", "busy"
    return ("部分没有做成", "warn") if run.failed else ("正常", "good")


def cadence_text(every: timedelta) -> str:
    """ "每 10 秒", "每 5 分钟", "每 1 小时"."""
    seconds = int(every.total_seconds())
    for size, unit in ((3600, "小时"), (60, "分钟")):
        if seconds % size == 0:
            return f"每 {seconds // size} {unit}"
    return f"每 {seconds} 秒"
