"""The administrator's page of jobs."""

from dataclasses import dataclass
from datetime import datetime

from cishan.page_parts import Column
from cishan.templating import moment

JOB_COLUMNS = (
    *(Column(label) for label in ("任务", "多久一次", "上次运行", "状态")),
    *(Column(label, number=True) for label in ("一天内处理", "一天内没做成")),
    Column("一天内出错"),
)
QUEUE_COLUMNS = (
    Column("工作"),
    *(Column(label, number=True) for label in ("等待", "正在做", "没有做成")),
    Column("最早的从何时起等"),
)


@dataclass(frozen=True)
class JobLine:
    """A job of the table, its cadence and its last run in words."""

    what: str
    cadence: str
    last_at: datetime | None
    state_label: str
    state_tone: str
    is_wrong: bool
    handled_lately: int
    failed_lately: int
    trouble: str
    """The last error of the day; empty when there was none."""


@dataclass(frozen=True)
class QueueLine:
    what: str
    waiting: int
    running: int
    failed: int
    has_failed: bool
    oldest: datetime | None


@dataclass(frozen=True)
class FailedLine:
    id: int
    what: str
    at: datetime
    error: str


@dataclass(frozen=True)
class JobsPage:
    """`sentence` says in one line whether anybody must do something."""

    now: datetime
    sentence: str
    well: bool
    jobs: tuple[JobLine, ...]
    queue: tuple[QueueLine, ...]
    failed: tuple[FailedLine, ...]
    job_columns: tuple[Column, ...] = JOB_COLUMNS
    queue_columns: tuple[Column, ...] = QUEUE_COLUMNS


def trouble_text(count: int, error: str, at: datetime | None) -> str:
    return f"{count} 次，最近 {moment(at)}：{error}" if count and at else ""
