"""The only writer of updates: how a project goes on, written by one editor, read and published by another."""

from datetime import datetime

from tortoise.transactions import in_transaction

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.errors import Conflict, Forbidden, InvalidInput, NotFound
from cishan.events.actions import record_event
from cishan.permissions import Permission, must
from cishan.pictures.actions import clear_picture, store_picture
from cishan.pictures.encoder import CleanPicture
from cishan.pictures.models import PictureUse
from cishan.plans.persons import person_named_in
from cishan.projects.models import ProjectUpdate
from cishan.projects.moves import SUBJECT, Locked, lock_project_for
from cishan.projects.states import PUBLIC
from cishan.settings import Settings

LONGEST_TITLE = 60
LONGEST_TEXT = 2_000
MOST_WAITING = 20


async def write_update(
    project_id: int,
    title: str,
    text: str,
    picture: CleanPicture | None = None,
    *,
    actor: Viewer,
    settings: Settings,
    now: datetime,
) -> int:
    """Writes an update of a public project down; nobody outside sees it before another person has read it."""
    must(actor, Permission.MANAGE_PROJECTS)
    async with in_transaction():
        project = await lock_project_for(project_id, actor)
        if project.status not in PUBLIC:
            raise Conflict("项目没有对外公开，不能写进展。")
        _check_words(title, text)
        waiting = await ProjectUpdate.filter(project_id=project_id, reviewed_at=None).count()
        if waiting >= MOST_WAITING:
            raise Conflict(f"已经有 {waiting} 条进展等着审，请先审完。")
        stored = None
        if picture is not None:
            stored = await store_picture(
                picture,
                use=PictureUse.PROJECT,
                division_code=project.plan.area_code,
                actor=actor,
                settings=settings,
                now=now,
            )
        update = await ProjectUpdate.create(
            project_id=project_id,
            title=title.strip(),
            text=text.strip(),
            picture=stored,
            written_by_id=actor.account_id,
            written_at=now,
        )
        await record_event(SUBJECT, project_id, "write_update", actor=actor, now=now)
    update_id: int = update.id
    return update_id


async def publish_update(update_id: int, *, actor: Viewer, now: datetime) -> None:
    """Another editor has read the words and looked at the picture: no name, no face, no paper, no door plate."""
    async with in_transaction():
        project, update = await _lock(update_id, actor)
        _check_words(update.title, update.text)
        picture_id = (await rows("SELECT picture_id FROM project_update WHERE id = $1", update_id))[0]["picture_id"]
        if picture_id is not None:
            await clear_picture(picture_id, actor=actor, now=now)
        await _review(project, update_id, published=True, actor=actor, now=now)


async def refuse_update(update_id: int, *, actor: Viewer, now: datetime) -> None:
    """Another editor does not let an update out."""
    async with in_transaction():
        project, _ = await _lock(update_id, actor)
        await _review(project, update_id, published=False, actor=actor, now=now)


async def _lock(update_id: int, actor: Viewer) -> tuple[Locked, ProjectUpdate]:
    must(actor, Permission.MANAGE_PROJECTS)
    found = await rows("SELECT project_id, written_by_id FROM project_update WHERE id = $1", update_id)
    if not found:
        raise NotFound
    project = await lock_project_for(found[0]["project_id"], actor)
    update = await ProjectUpdate.filter(id=update_id).select_for_update().get()
    if update.reviewed_at is not None:
        raise Conflict("这条进展已经有人审过了。")
    if found[0]["written_by_id"] == actor.account_id:
        raise Forbidden("自己写的进展要由另一位编辑来审。")
    return project, update


async def _review(project: Locked, update_id: int, *, published: bool, actor: Viewer, now: datetime) -> None:
    await ProjectUpdate.filter(id=update_id).update(
        published=published, reviewed_by_id=actor.account_id, reviewed_at=now
    )
    verb = "publish_update" if published else "refuse_update"
    await record_event(SUBJECT, project.id, verb, actor=actor, now=now)


def _check_words(title: str, text: str) -> None:
    wrong: dict[str, str] = {}
    if not title.strip():
        wrong["title"] = "请写标题。"
    elif len(title) > LONGEST_TITLE:
        wrong["title"] = f"太长了，最多 {LONGEST_TITLE} 个字。"
    if not text.strip():
        wrong["text"] = "请写做了什么、钱用在哪里。"
    elif len(text) > LONGEST_TEXT:
        wrong["text"] = f"太长了，最多 {LONGEST_TEXT:,} 个字。"
    for field, words in (("title", title), ("text", text)):
        named = person_named_in(words)
        if named and field not in wrong:
            wrong[field] = f"“{named}”像是一个人的姓名或者号码，公开的进展里不能写，请去掉。"
    if wrong:
        raise InvalidInput(wrong)
