"""A wish from the family's door to the wall: consent, filing, the visit by two, anonymous words, publication."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.divisions.queries import name_of
from cishan.errors import InvalidInput
from cishan.households.actions import give_consent
from cishan.households.states import ConsentMethod, ConsentPurpose, Group
from cishan.simulate.catalogue import Item, public_words
from cishan.simulate.plan import Course
from cishan.simulate.scene import Scene
from cishan.wishes import actions as wishes
from cishan.wishes.actions import WishDraft, Wording

HOURS = (1, 8)


@dataclass(frozen=True)
class Need:
    """What a coordinator hears at a family's door. `number` tells it apart from all others of the year."""

    number: int
    course: Course
    village: str
    household_id: int
    signer: str
    item: Item
    price_fen: int
    heard_at: datetime


async def bring_to_wall(scene: Scene, need: Need, rng: Random) -> int | None:
    """Takes a need as far as its course goes; the wish's id when it reaches the wall."""
    await scene.timeline.until(need.heard_at)
    coordinator = scene.staff.coordinator(need.village)
    purposes = [ConsentPurpose.STORE]
    if need.course is not Course.CONSENT_LATE:
        purposes.append(ConsentPurpose.SHOW_TO_CLAIMER)
    await _sign(scene, need, purposes)
    wish_id = await _draft(scene, need, coordinator, rng)
    if need.course is Course.GIVEN_UP_AS_DRAFT:
        await scene.at_work(rng, days=3)
        await wishes.withdraw_wish(
            wish_id, actor=coordinator, sealer=scene.world.sealer, now=scene.now(), reason="家里已经有了"
        )
        return None
    await scene.after(hours=1)
    await _file(scene, wish_id, coordinator)
    if need.course in {Course.SENT_BACK_AND_MENDED, Course.SENT_BACK_FOR_GOOD}:
        await _send_back(scene, wish_id, need, rng)
        if need.course is Course.SENT_BACK_FOR_GOOD:
            return None
        await _mend(scene, wish_id, coordinator, rng)
    await _visit(scene, wish_id, need, rng)
    await _word(scene, wish_id, need, rng)
    await _publish(scene, wish_id, need, rng)
    return wish_id


async def publish_again(scene: Scene, wish_id: int, need: Need, rng: Random) -> None:
    """The editor takes a wish off the wall, looks again, and puts it back."""
    await scene.at_work(rng, days=1)
    editor = scene.staff.editor(need.village)
    await wishes.take_off_wall(
        wish_id, actor=editor, sealer=scene.world.sealer, now=scene.now(), reason="有人反映，先撤下来核实"
    )
    await scene.at_work(rng, days=1)
    await wishes.publish_wish(wish_id, actor=editor, sealer=scene.world.sealer, now=scene.now())


async def _sign(scene: Scene, need: Need, purposes: list[ConsentPurpose]) -> None:
    await give_consent(
        need.household_id,
        purposes,
        ConsentMethod.PAPER,
        need.signer,
        actor=scene.staff.coordinator(need.village),
        sealer=scene.world.sealer,
        now=scene.now(),
    )


async def _draft(scene: Scene, need: Need, coordinator: Viewer, rng: Random) -> int:
    item = need.item
    draft = WishDraft(
        kind=item.kind,
        item=item.name,
        audience=item.audience,
        price_fen=need.price_fen,
        hours=0 if need.price_fen else rng.randint(*HOURS),
        note="家里说，有了它会方便很多。",
    )
    sealer, now = scene.world.sealer, scene.now()
    wish = await wishes.draft_wish(need.household_id, draft, actor=coordinator, sealer=sealer, now=now)
    wish_id: int = wish.id
    return wish_id


async def _file(scene: Scene, wish_id: int, coordinator: Viewer) -> None:
    await wishes.file_wish(wish_id, actor=coordinator, sealer=scene.world.sealer, now=scene.now())


async def _send_back(scene: Scene, wish_id: int, need: Need, rng: Random) -> None:
    await scene.at_work(rng, days=1)
    reason = "说明里写了孩子的学校和班级，涉及隐私，请改写" if rng.random() < 0.5 else "价格要再问一次"
    await wishes.send_back(
        wish_id, actor=scene.staff.reviewer(need.village), sealer=scene.world.sealer, now=scene.now(), reason=reason
    )


async def _mend(scene: Scene, wish_id: int, coordinator: Viewer, rng: Random) -> None:
    await scene.at_work(rng, days=2)
    draft = WishDraft(note="已经按要求改写。")
    await wishes.change_draft(wish_id, draft, actor=coordinator, sealer=scene.world.sealer, now=scene.now())
    await _file(scene, wish_id, coordinator)


async def _visit(scene: Scene, wish_id: int, need: Need, rng: Random) -> None:
    now = await scene.at_work(rng, days=rng.randint(1, 2))
    second = scene.staff.second_reviewer(need.village)
    visit = await wishes.record_visit(
        wish_id,
        visited_on=beijing_day(now),
        findings="上门看过，情况属实。",
        second_visitor_id=second.account_id,
        actor=scene.staff.reviewer(need.village),
        sealer=scene.world.sealer,
        now=now,
    )
    await scene.after(hours=1)
    await wishes.confirm_visit(visit.id, actor=second, now=scene.now())


async def _word(scene: Scene, wish_id: int, need: Need, rng: Random) -> None:
    await scene.at_work(rng, days=1)
    if need.course is Course.NAMED_IN_WORDING:
        place = await name_of(need.village)
        if await _try_wording(
            scene, wish_id, need, f"{place}的心愿", f"{place}有一户人家需要{need.item.name}，请帮一帮。"
        ):
            raise RuntimeError(f"the words of wish {wish_id} name its village and were not refused")
    await _find_words(scene, wish_id, need)


async def _find_words(scene: Scene, wish_id: int, need: Need) -> None:
    """A word of the item may be someone's name there; then the reviewer says it otherwise."""
    for title, text in public_words(need.item):
        if await _try_wording(scene, wish_id, need, title, text):
            return
    raise RuntimeError(f"no words were found for wish {wish_id}")


async def _try_wording(scene: Scene, wish_id: int, need: Need, title: str, text: str) -> bool:
    reviewer, sealer = scene.staff.reviewer(need.village), scene.world.sealer
    wording = Wording(title, text, Group.MINIMUM_LIVING)
    try:
        await wishes.word_wish(wish_id, wording, actor=reviewer, sealer=sealer, now=scene.now())
    except InvalidInput:
        return False
    return True


async def _publish(scene: Scene, wish_id: int, need: Need, rng: Random) -> None:
    await scene.at_work(rng, days=1)
    editor, sealer = scene.staff.editor(need.village), scene.world.sealer
    if need.course is Course.REWORDED:
        await wishes.ask_rewording(
            wish_id, actor=editor, sealer=scene.world.sealer, now=scene.now(), reason="请写得再短一些"
        )
        await scene.at_work(rng, days=1)
        await _find_words(scene, wish_id, need)
        await scene.after(hours=2)
    try:
        await wishes.publish_wish(wish_id, actor=editor, sealer=sealer, now=scene.now())
    except InvalidInput:
        if need.course is not Course.CONSENT_LATE:
            raise
        await scene.at_work(rng, days=1)
        await _sign(scene, need, [ConsentPurpose.SHOW_TO_CLAIMER])
        await scene.after(hours=1)
        await wishes.publish_wish(wish_id, actor=editor, sealer=sealer, now=scene.now())
