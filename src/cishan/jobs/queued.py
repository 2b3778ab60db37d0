"""Every kind of queued job, and the function that does it."""

from contextlib import suppress

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.benefits.imports import start_again
from cishan.errors import CishanError
from cishan.jobs.queue import QueuedKind, Task

IMPORT_APPLY = "import_apply"


async def _apply_import(task: Task) -> None:
    """Takes up an import for the person who asked for it: {batch_id, account_id, role, division_code}.

    What a person may meet, such as rows that are no longer right, stands on the batch's page already; so does an import
    that a worker had done before it was killed. The import is one transaction of its own, and refuses to be done twice.
    """
    services, given = task.work.services, task.payload
    with suppress(CishanError):
        await start_again(
            int(given["batch_id"]),
            directory=services.settings.data_directory / "imports",
            actor=Viewer(int(given["account_id"]), Role(given["role"]), str(given["division_code"])),
            sealer=services.sealer,
            now=task.work.now,
        )
    async with task.finish():
        """Nothing to write: only the job is removed."""


QUEUED: tuple[QueuedKind, ...] = (QueuedKind(IMPORT_APPLY, "导入民政部门的文件", _apply_import, at_once=1),)
