"""The life of one wish, as a story: from the family's door to what came of it."""

from datetime import timedelta
from random import Random

from cishan.claims.actions import hand_back_claim
from cishan.claims.fulfilment import end_claim
from cishan.claims.states import ClaimStatus, ClaimWay, EndReason
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.divisions.rules import town_of
from cishan.households.actions import end_membership, move_household
from cishan.households.states import MembershipEnd
from cishan.simulate.buying import advance, buy
from cishan.simulate.donors import Taken, pay, rush_for_wish, status_of, take_wish
from cishan.simulate.gathering import Need, bring_to_wall, publish_again
from cishan.simulate.handing_over import ask_family, deliver, thank
from cishan.simulate.papers import ask_for_receipt
from cishan.simulate.plan import BRING_SHARE, RUSH_SHARE, Course, Keeping
from cishan.simulate.scene import Scene, rng_of
from cishan.wishes import actions as wishes
from cishan.wishes.states import WishKind, WishStatus

MEAN_DAYS_ON_WALL = 6
MOST_DAYS_ON_WALL = 40
WISH = "SELECT status, due_at FROM wish WHERE id = $1"
MEMBERS = "SELECT person_id FROM membership WHERE household_id = $1 AND to_on IS NULL ORDER BY id"
ENDS = {
    Course.REFUSED_AFTER_PAYMENT: EndReason.REFUSES,
    Course.MOVED_AFTER_ADVANCE: EndReason.MOVED,
    Course.DIED_AFTER_PURCHASE: EndReason.DIED,
}


async def live(scene: Scene, need: Need) -> None:
    """One wish from beginning to end. All its chances come from its own generator, whatever other wishes do."""
    rng = rng_of(scene.world.plan, f"wish {need.number}")
    wish_id = await bring_to_wall(scene, need, rng)
    if wish_id is None:
        return
    if need.course is Course.TAKEN_OFF_AND_BACK:
        await publish_again(scene, wish_id, need, rng)
    elif need.course is Course.WITHDRAWN_FROM_WALL:
        await scene.at_work(rng, days=2)
        coordinator = scene.staff.coordinator(need.village)
        await wishes.withdraw_wish(
            wish_id, actor=coordinator, sealer=scene.world.sealer, now=scene.now(), reason="家里已经有了"
        )
        return
    elif need.course is Course.UNWANTED:
        await _outstay(scene, wish_id)
        return
    await _be_claimed(scene, wish_id, need, rng)


async def _outstay(scene: Scene, wish_id: int) -> None:
    """Nobody comes until the wish's days on the wall are over; then the worker's sweep has ended it."""
    due_at = (await rows(WISH, wish_id))[0]["due_at"]
    await scene.timeline.until(due_at + timedelta(days=2))
    if await _wish_status(wish_id) is not WishStatus.LAPSED:
        raise RuntimeError(f"wish {wish_id} still stands on the wall")


async def _be_claimed(scene: Scene, wish_id: int, need: Need, rng: Random) -> None:
    """Donor after donor, until one claim holds or the wish is no longer on the wall."""
    rushed = rng.random() < RUSH_SHARE
    while True:
        if not rushed:
            days = min(rng.expovariate(1 / MEAN_DAYS_ON_WALL), MOST_DAYS_ON_WALL)
            await scene.timeline.until(scene.now() + timedelta(minutes=1 + round(days * 24 * 60)))
        if await _wish_status(wish_id) is not WishStatus.PUBLISHED:
            return
        way = _way(need, rng)
        taken = await rush_for_wish(scene, wish_id, way, rng) if rushed else await take_wish(scene, wish_id, way)
        rushed = False
        if taken is not None and await _hold(scene, taken, way, need, rng):
            return


def _way(need: Need, rng: Random) -> ClaimWay:
    if need.item.kind is not WishKind.THING:
        return ClaimWay.GIVE_TIME
    return ClaimWay.BRING if rng.random() < BRING_SHARE and need.course not in ENDS else ClaimWay.PAY


async def _hold(scene: Scene, taken: Taken, way: ClaimWay, need: Need, rng: Random) -> bool:
    """Whether this claim came to its end with the wish; False puts the wish back on the wall."""
    claim_id = taken.claim.claim_id
    if way is ClaimWay.PAY:
        if not await pay(scene, taken, rng):
            return False
        await _use_money(scene, taken, need, rng)
        return True
    if need.course in ENDS:
        await scene.at_work(rng, days=1)
        await _end(scene, claim_id, need)
        return True
    return await _keep_promise(scene, taken, way, need, rng)


async def _use_money(scene: Scene, taken: Taken, need: Need, rng: Random) -> None:
    claim_id = taken.claim.claim_id
    if need.course is Course.REFUSED_AFTER_PAYMENT:
        await scene.at_work(rng, days=1)
        await _end(scene, claim_id, need)
        return
    await advance(scene, claim_id, rng)
    if need.course is Course.MOVED_AFTER_ADVANCE:
        await scene.at_work(rng, days=1)
        await _move_away(scene, need)
        await _end(scene, claim_id, need)
        return
    buyer = await buy(scene, claim_id, need, rng)
    if need.course is Course.DIED_AFTER_PURCHASE:
        await scene.at_work(rng, days=1)
        await _die(scene, need)
        await _end(scene, claim_id, need)
        return
    await deliver(scene, claim_id, ClaimWay.PAY, need, buyer, rng)
    await ask_family(scene, claim_id, ClaimWay.PAY, need, buyer, rng)
    await thank(scene, claim_id, need, rng)
    await ask_for_receipt(scene, claim_id, taken.donor, need, rng)


async def _keep_promise(scene: Scene, taken: Taken, way: ClaimWay, need: Need, rng: Random) -> bool:
    claim_id = taken.claim.claim_id
    keeping = scene.chances.keeping.deal()
    if keeping is Keeping.HANDED_BACK:
        await scene.after(days=rng.randint(1, 10))
        await hand_back_claim(claim_id, actor=taken.donor, now=scene.now())
        return False
    if keeping is Keeping.FORGOTTEN:
        due_at = (await rows("SELECT due_at FROM claim WHERE id = $1", claim_id))[0]["due_at"]
        await scene.timeline.until(due_at + timedelta(hours=1))
        if await status_of(claim_id) is not ClaimStatus.LAPSED:
            raise RuntimeError(f"claim {claim_id} has not lapsed")
        return False
    coordinator = scene.staff.coordinator(need.village)
    await deliver(scene, claim_id, way, need, coordinator, rng)
    await ask_family(scene, claim_id, way, need, coordinator, rng)
    await thank(scene, claim_id, need, rng)
    return True


async def _end(scene: Scene, claim_id: int, need: Need) -> None:
    reviewer = scene.staff.reviewer(need.village)
    await end_claim(claim_id, ENDS[need.course], actor=reviewer, sealer=scene.world.sealer, now=scene.now())


async def _move_away(scene: Scene, need: Need) -> None:
    """To another village of the same town, which is as far as its reviewer can move a family."""
    village = scene.staff.colleague(need.village).division_code
    assert town_of(village) == town_of(need.village)
    reviewer, sealer = scene.staff.reviewer(need.village), scene.world.sealer
    await move_household(need.household_id, village, "2 组 8 号", actor=reviewer, sealer=sealer, now=scene.now())


async def _die(scene: Scene, need: Need) -> None:
    coordinator, today = scene.staff.coordinator(need.village), beijing_day(scene.now())
    for row in await rows(MEMBERS, need.household_id):
        await end_membership(
            need.household_id,
            row["person_id"],
            MembershipEnd.DIED,
            today,
            actor=coordinator,
            sealer=scene.world.sealer,
            now=scene.now(),
        )


async def _wish_status(wish_id: int) -> WishStatus:
    return WishStatus((await rows(WISH, wish_id))[0]["status"])
