"""What must be published is published in time: every morning finance drafts what is over, and an editor publishes it."""

from datetime import date, timedelta

from cishan.clock import beijing_day, beijing_midnight
from cishan.disclosures.actions import publish, save_draft
from cishan.disclosures.queries import duty_of, open_duties
from cishan.simulate.scene import DAY, Scene

MORNING = timedelta(hours=8)
WORDS = "这一期收到的钱和用掉的钱都在下面的表里，每一笔都能在账上找到。帮助的家庭由村和乡镇走访核实。"


async def publish_reports(scene: Scene, until: date) -> None:
    """Looks every morning, weekends too: some reports are due the day after their period."""
    await scene.timeline.until(beijing_midnight(beijing_day(scene.now()) + DAY) + MORNING)
    while beijing_day(scene.now()) <= until:
        await _publish_what_is_over(scene)
        await scene.after(days=1)


async def _publish_what_is_over(scene: Scene) -> None:
    charity_id, staff, now = scene.world.site.charity_id, scene.staff, scene.now()
    editor = next(iter(staff.editors.values()))
    for duty in await open_duties(charity_id):
        if duty.period_until >= beijing_day(now):
            continue
        await save_draft(duty.id, WORDS, "", charity_id=charity_id, actor=staff.finance, now=now)
        read = await duty_of(charity_id, duty.id)
        if read.draft is None:
            raise RuntimeError(f"the draft of duty {duty.id} is gone")
        await publish(duty.id, read.draft.written_at, charity_id=charity_id, actor=editor, now=now)
