"""Every kind of queued job, and the function that does it."""

from contextlib import suppress

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.benefits.imports import IMPORT_JOB, take_mark_off, take_step
from cishan.errors import CishanError
from cishan.jobs.queue import QueuedKind, Task
from cishan.payments.rules import LATE_MONEY_JOB
from cishan.refunds.late_money import resolve_late_money
from cishan.refunds.neighbours import neighbours_of
from cishan.refunds.sending import send_refund
from cishan.refunds.writing import REFUND_JOB


async def _import(task: Task) -> None:
    """Does a step of an import for the person who asked for it: {batch_id, step, account_id, role, division_code}.

    What a person may meet, such as rows that are no longer right, stands on the batch's page already; so does an import
    that a worker had done before it was killed. The step is one transaction of its own, and refuses to be done twice.
    The mark goes with the job, in one transaction: a person who sees no mark may ask again and is not passed over.
    """
    services, given = task.work.services, task.payload
    batch_id = int(given["batch_id"])
    try:
        with suppress(CishanError):
            await take_step(
                batch_id,
                given["step"],
                directory=services.settings.data_directory / "imports",
                actor=Viewer(int(given["account_id"]), Role(given["role"]), str(given["division_code"])),
                sealer=services.sealer,
                now=task.work.now,
            )
    except Exception:
        await take_mark_off(batch_id)
        raise
    async with task.finish():
        await take_mark_off(batch_id)


async def _resolve_late_money(task: Task) -> None:
    """Settles one sum right after it was booked; the sweep of the same name would find it a few seconds later."""
    services = task.work.services
    await resolve_late_money(
        int(task.payload["unassigned_id"]),
        neighbours=neighbours_of(services, task.work.owners),
        sealer=services.sealer,
        now=task.work.now,
    )


async def _send_refund(task: Task) -> None:
    """Asks Alipay for one refund right after it was written down. What it says stands in the refund's row."""
    await send_refund(int(task.payload["refund_id"]), services=task.work.services, now=task.work.now)


QUEUED: tuple[QueuedKind, ...] = (
    QueuedKind(IMPORT_JOB, "检查和导入民政部门的文件", _import, at_once=1),
    QueuedKind(LATE_MONEY_JOB, "按爱心人士的选择处理迟到、重复、多付的钱", _resolve_late_money, at_once=4),
    QueuedKind(REFUND_JOB, "办理退款", _send_refund, at_once=4),
)
