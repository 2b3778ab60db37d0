"""Handing over, asking the family, and passing its thanks on."""

import re
from random import Random

from cishan.accounts.viewer import Viewer
from cishan.claims.checks import Check, record_check
from cishan.claims.fulfilment import HandOver, hand_over
from cishan.claims.states import CheckAnswer, CheckChannel, ClaimStatus, ClaimWay, DeliveryProof
from cishan.claims.thanks import pass_on_thanks, write_thanks
from cishan.database import rows
from cishan.messages.actions import TEXT_LABEL
from cishan.pictures.actions import clear_picture
from cishan.pictures.models import PictureUse
from cishan.simulate.gathering import Need
from cishan.simulate.photos import take_photo
from cishan.simulate.plan import PHOTO_SHARE, THANKS_SHARE, WRONG_CODE_SHARE, Course
from cishan.simulate.scene import Scene

THANKS = ("谢谢，用着很好。", "家里人都很高兴，谢谢好心人。", "东西很合用，谢谢你们惦记着。")
SMS = "SELECT text_sealed FROM outbox_message WHERE key LIKE $1 ORDER BY id DESC LIMIT 1"
HAS_CODE = "SELECT 1 FROM fulfilment WHERE claim_id = $1 AND code_hash IS NOT NULL"
CODE = re.compile(r"收货码 (\d{6})")


async def deliver(scene: Scene, claim_id: int, way: ClaimWay, need: Need, deliverer: Viewer, rng: Random) -> None:
    """Brings it to the family; a bought thing is proved by the code of the family's SMS, or by a signed slip."""
    await scene.at_work(rng, days=rng.randint(1, 5))
    code = await _code_of(scene, claim_id)
    if code and rng.random() < WRONG_CODE_SHARE:
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        given = HandOver(DeliveryProof.CODE, code=wrong)
        result = await hand_over(claim_id, given, actor=deliverer, sealer=scene.world.sealer, now=scene.now())
        if result.delivered:
            raise RuntimeError(f"claim {claim_id} was handed over with a wrong code")
    given = await _proof(scene, code, way, need, deliverer, rng)
    result = await hand_over(claim_id, given, actor=deliverer, sealer=scene.world.sealer, now=scene.now())
    if not result.delivered:
        raise RuntimeError(f"claim {claim_id} was not handed over")


async def ask_family(scene: Scene, claim_id: int, way: ClaimWay, need: Need, deliverer: Viewer, rng: Random) -> None:
    """The reviewer asks; where the family says no, it is delivered again and asked again."""
    await scene.at_work(rng, days=rng.randint(3, 8))
    if need.course is Course.QUESTIONED:
        await _record(scene, claim_id, need, CheckAnswer.NO, rng, note="收到了，但是坏的")
        await deliver(scene, claim_id, way, need, deliverer, rng)
        await scene.at_work(rng, days=3)
    await _record(scene, claim_id, need, CheckAnswer.YES, rng)


async def thank(scene: Scene, claim_id: int, need: Need, rng: Random) -> None:
    """An editor clears the picture of the hand-over, if there is one; some families say thanks."""
    await scene.at_work(rng, days=1)
    editor = scene.staff.editor(need.village)
    found = await rows("SELECT picture_id FROM fulfilment WHERE claim_id = $1 AND picture_id IS NOT NULL", claim_id)
    if found:
        await clear_picture(found[0]["picture_id"], actor=editor, now=scene.now())
    if rng.random() >= THANKS_SHARE:
        return
    words, sealer = rng.choice(THANKS), scene.world.sealer
    writer = scene.staff.coordinator(need.village)
    thanks_id = await write_thanks(claim_id, words, actor=writer, sealer=sealer, now=scene.now())
    await scene.at_work(rng, days=1)
    await pass_on_thanks(thanks_id, words, actor=editor, sealer=sealer, now=scene.now())


async def _record(
    scene: Scene, claim_id: int, need: Need, answer: CheckAnswer, rng: Random, note: str = ""
) -> ClaimStatus:
    channel = rng.choice((CheckChannel.PHONE, CheckChannel.VISIT))
    check = Check(channel, rng.choice(("本人", "配偶", "子女", "邻居")), answer, note)
    reviewer = scene.staff.reviewer(need.village)
    return await record_check(claim_id, check, actor=reviewer, sealer=scene.world.sealer, now=scene.now())


async def _proof(scene: Scene, code: str, way: ClaimWay, need: Need, deliverer: Viewer, rng: Random) -> HandOver:
    """The list will show the value of brought goods, or the hours; of a bought thing what was spent on it."""
    place, world = deliverer.division_code, scene.world
    picture_id = slip_id = None
    if rng.random() < PHOTO_SHARE:
        picture_id = await take_photo(world, PictureUse.HANDOVER, place, actor=deliverer, rng=rng)
    if not code:
        slip_id = await take_photo(world, PictureUse.SLIP, place, actor=deliverer, rng=rng)
    return HandOver(
        DeliveryProof.CODE if code else DeliveryProof.SLIP,
        code=code,
        slip_id=slip_id,
        picture_id=picture_id,
        value_fen=need.price_fen if way is ClaimWay.BRING else 0,
        hours=rng.randint(1, 8) if way is ClaimWay.GIVE_TIME else 0,
    )


async def _code_of(scene: Scene, claim_id: int) -> str:
    """What the family reads on its phone; empty when it has none."""
    if not await rows(HAS_CODE, claim_id):
        return ""
    sealed = (await rows(SMS, f"hand-over-code:{claim_id}:%"))[0]["text_sealed"]
    found = CODE.search(scene.world.sealer.open(sealed, TEXT_LABEL))
    return found.group(1) if found else ""
