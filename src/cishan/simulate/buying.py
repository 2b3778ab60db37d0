"""From a paid claim to a thing that is bought: the advance, the voucher, leave for more, another buyer."""

from contextlib import suppress
from datetime import timedelta
from random import Random

from cishan.accounts.viewer import Viewer
from cishan.claims.fulfilment import reassign_buyer
from cishan.claims.purchases import Voucher, advance_money, approve_purchase, record_purchase, refuse_purchase
from cishan.database import rows
from cishan.errors import Conflict
from cishan.pictures.models import PictureUse
from cishan.simulate.gathering import Need
from cishan.simulate.photos import take_photo
from cishan.simulate.plan import Buying
from cishan.simulate.scene import Scene

SHOPS = ("惠民超市", "供销社", "文具店", "家电城", "镇上五金店")
PURCHASE = "SELECT id FROM purchase WHERE claim_id = $1"
PRICE = "SELECT price_fen, due_at FROM claim WHERE id = $1"


async def advance(scene: Scene, claim_id: int, rng: Random) -> None:
    """Finance gives the town the money within a few days."""
    await scene.at_work(rng, days=rng.randint(0, 2))
    (result,) = await advance_money([claim_id], actor=scene.staff.finance, now=scene.now())
    if result.refusal:
        raise RuntimeError(f"no advance for claim {claim_id}: {result.refusal}")


async def buy(scene: Scene, claim_id: int, need: Need, rng: Random) -> Viewer:
    """Buys under, at or over the price, in time or late, and returns who has the thing in hand."""
    buying = scene.chances.buying.deal()
    buyer = scene.staff.coordinator(need.village)
    if buying in {Buying.LATE, Buying.LATE_AND_REPLACED}:
        await _let_it_be_late(scene, claim_id, rng)
    if buying is Buying.LATE_AND_REPLACED:
        buyer = scene.staff.colleague(need.village)
        await reassign_buyer(
            claim_id,
            buyer.account_id,
            actor=scene.staff.reviewer(need.village),
            sealer=scene.world.sealer,
            now=scene.now(),
        )
    await scene.at_work(rng, days=rng.randint(1, 3))
    price_fen: int = (await rows(PRICE, claim_id))[0]["price_fen"]
    bought = False
    if buying in {Buying.OVER, Buying.OVER_AND_REFUSED}:
        bought = await _buy_over(scene, claim_id, need, buyer, price_fen, rng, agreed=buying is Buying.OVER)
    if not bought:
        spent_fen = price_fen if buying is Buying.EXACT else price_fen - rng.randrange(1, price_fen // 10)
        if not await _record(scene, claim_id, need, buyer, spent_fen, rng):
            raise RuntimeError(f"claim {claim_id} waits for leave at {spent_fen} of {price_fen} fen")
    return buyer


async def _let_it_be_late(scene: Scene, claim_id: int, rng: Random) -> None:
    """The due day passes, and the lateness rises to the town."""
    due_at = (await rows(PRICE, claim_id))[0]["due_at"]
    await scene.timeline.until(due_at + timedelta(days=1))
    await scene.at_work(rng, days=0)


async def _buy_over(
    scene: Scene,
    claim_id: int,
    need: Need,
    buyer: Viewer,
    price_fen: int,
    rng: Random,
    *,
    agreed: bool,
) -> bool:
    """Costs more than the published price; the other of finance agrees, or the thing is taken back to the shop.

    It is taken back too when the fund has not enough for the extra. True when it is bought.
    """
    spent_fen = price_fen + rng.randrange(1, price_fen // 5)
    if await _record(scene, claim_id, need, buyer, spent_fen, rng):
        raise RuntimeError(f"claim {claim_id} was booked over its price without leave")
    purchase_id: int = (await rows(PURCHASE, claim_id))[0]["id"]
    await scene.at_work(rng, days=1)
    finance, sealer = scene.staff.second_finance, scene.world.sealer
    if agreed:
        with suppress(Conflict):
            await approve_purchase(purchase_id, actor=finance, sealer=sealer, now=scene.now())
            return True
    await refuse_purchase(purchase_id, "可以换一个便宜的款式", actor=finance, sealer=sealer, now=scene.now())
    await scene.at_work(rng, days=1)
    return False


async def _record(scene: Scene, claim_id: int, need: Need, buyer: Viewer, spent_fen: int, rng: Random) -> bool:
    place = buyer.division_code
    picture_id = await take_photo(scene.world, PictureUse.VOUCHER, place, actor=buyer, rng=rng)
    voucher = Voucher(rng.choice(SHOPS), spent_fen, picture_id)
    return await record_purchase(claim_id, voucher, actor=buyer, sealer=scene.world.sealer, now=scene.now())
