"""Donors: who takes a wish, alone or in a rush, and how they pay."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from cishan.accounts.viewer import Viewer
from cishan.claims.actions import Claimed, cancel_claim, claim_wish, pay_anew
from cishan.claims.states import ClaimStatus, ClaimWay
from cishan.database import rows
from cishan.errors import Conflict, TooMany
from cishan.payments.sandbox.faults import NO_FAULTS, Fault
from cishan.simulate.cashier import DonorBrowser
from cishan.simulate.plan import Paying
from cishan.simulate.scene import Scene

AFTER_EVERYTHING = timedelta(minutes=75)
"""So long after a claim by payment, its fate is known: the reservation is over and late money has come."""
GATEWAY_SILENT_FOR = timedelta(hours=23)
PHONE_SHARE = 0.8
MOST_ASKED = 200

FAULTS: dict[Paying, Fault] = {
    Paying.NOTICE_LOST: Fault.DROP,
    Paying.NOTICE_TWICE: Fault.DUPLICATE,
    Paying.NOTICE_LATE: Fault.DELAY,
    Paying.NOTICES_OUT_OF_ORDER: Fault.REORDER,
    Paying.NOTICE_LIES: Fault.WRONG_AMOUNT,
    Paying.NOTICE_FORGED: Fault.BAD_SIGNATURE,
}


@dataclass(frozen=True)
class Taken:
    """A claim and whose it is."""

    donor: Viewer
    claim: Claimed


async def take_wish(scene: Scene, wish_id: int, way: ClaimWay) -> Taken:
    """One donor comes alone; who already waits for three wishes is refused, and another one comes."""
    for _ in range(MOST_ASKED):
        taken = await _try(scene, wish_id, way, scene.chances.donors.choice(scene.donors))
        if taken is not None:
            return taken
    raise RuntimeError(f"no donor could take wish {wish_id}")


async def rush_for_wish(scene: Scene, wish_id: int, way: ClaimWay, rng: Random) -> Taken | None:
    """Several donors want the same wish at the same instant; one gets it, the others hear so."""
    wanted = rng.randint(2, scene.world.plan.scale.rush)
    donors = scene.chances.donors.sample(scene.donors, wanted)
    results = await asyncio.gather(*(_try(scene, wish_id, way, donor) for donor in donors))
    winners = [taken for taken in results if taken is not None]
    if len(winners) > 1:
        raise RuntimeError(f"wish {wish_id} was claimed {len(winners)} times")
    return winners[0] if winners else None


async def _try(scene: Scene, wish_id: int, way: ClaimWay, donor: Viewer) -> Taken | None:
    try:
        return Taken(donor, await claim_wish(wish_id, way, site=scene.world.site, actor=donor, now=scene.now()))
    except (Conflict, TooMany):
        return None


async def pay(scene: Scene, taken: Taken, rng: Random) -> bool:
    """Lets the donor do as the deck says and waits until it is known; whether the claim is paid for."""
    paying = scene.chances.paying.deal()
    began = scene.now()
    await _COURSES[paying](scene, taken, paying, rng)
    known = GATEWAY_SILENT_FOR + AFTER_EVERYTHING if paying is Paying.GATEWAY_SILENT else AFTER_EVERYTHING
    await scene.timeline.until(began + known)
    return await status_of(taken.claim.claim_id) is ClaimStatus.PAID


async def status_of(claim_id: int) -> ClaimStatus:
    return ClaimStatus((await rows("SELECT status FROM claim WHERE id = $1", claim_id))[0]["status"])


async def _sign_in(scene: Scene, donor: Viewer, rng: Random) -> DonorBrowser:
    await scene.after(minutes=rng.randint(1, 6))
    return await DonorBrowser.sign_in(scene.world, donor, phone=rng.random() < PHONE_SHARE, now=scene.now())


async def _pay_and_come_back(scene: Scene, taken: Taken, paying: Paying, rng: Random) -> None:
    browser = await _sign_in(scene, taken.donor, rng)
    cashier = await browser.open_cashier(f"claims/{taken.claim.claim_id}")
    if paying is Paying.DECLINED_FIRST:
        await browser.press(cashier, "decline")
        await scene.after(minutes=2)
    await browser.follow(await browser.press(cashier, "pay"))


async def _pay_and_go(scene: Scene, taken: Taken, paying: Paying, rng: Random) -> None:
    """The donor closes the browser, so that only the notice, whole or spoilt, and the poller tell."""
    browser = await _sign_in(scene, taken.donor, rng)
    if paying in FAULTS:
        scene.world.sandbox.set_faults(taken.claim.out_trade_no, frozenset({FAULTS[paying]}))
    await browser.press(await browser.open_cashier(f"claims/{taken.claim.claim_id}"), "pay")


async def _cancel(scene: Scene, taken: Taken, paying: Paying, rng: Random) -> None:
    await scene.after(minutes=rng.randint(1, 10))
    await cancel_claim(taken.claim.claim_id, actor=taken.donor, now=scene.now())


async def _never_pay(scene: Scene, taken: Taken, paying: Paying, rng: Random) -> None:
    return


async def _look_and_leave(scene: Scene, taken: Taken, paying: Paying, rng: Random) -> None:
    browser = await _sign_in(scene, taken.donor, rng)
    await browser.press(await browser.open_cashier(f"claims/{taken.claim.claim_id}"), "leave")


async def _pay_late(scene: Scene, taken: Taken, paying: Paying, rng: Random) -> None:
    """A gateway that takes money for a trade whose time is over: it is received, but not for the claim."""
    browser = await _sign_in(scene, taken.donor, rng)
    scene.world.sandbox.set_faults(taken.claim.out_trade_no, frozenset({Fault.PAID_AFTER_CLOSE}))
    cashier = await browser.open_cashier(f"claims/{taken.claim.claim_id}")
    await scene.after(minutes=40)
    await browser.press(cashier, "pay")


async def _pay_twice(scene: Scene, taken: Taken, paying: Paying, rng: Random) -> None:
    """The donor opens a second cashier for another Alipay account, and both are paid."""
    browser = await _sign_in(scene, taken.donor, rng)
    first = await browser.open_cashier(f"claims/{taken.claim.claim_id}")
    await scene.after(minutes=2)
    await pay_anew(taken.claim.claim_id, site=scene.world.site, actor=taken.donor, now=scene.now())
    second = await browser.open_cashier(f"claims/{taken.claim.claim_id}")
    await browser.follow(await browser.press(second, "pay"))
    await scene.after(minutes=3)
    await browser.press(first, "pay")


async def _pay_in_silence(scene: Scene, taken: Taken, paying: Paying, rng: Random) -> None:
    """Paid, but the gateway tells nobody and answers nothing for most of a day; the claim lapses meanwhile."""
    browser = await _sign_in(scene, taken.donor, rng)
    number = taken.claim.out_trade_no
    scene.world.sandbox.set_faults(number, frozenset({Fault.DROP, Fault.UNKNOWN_RESULT}))
    await browser.press(await browser.open_cashier(f"claims/{taken.claim.claim_id}"), "pay")
    await scene.timeline.until(scene.now() + GATEWAY_SILENT_FOR)
    scene.world.sandbox.set_faults(number, NO_FAULTS)


_Course = Callable[[Scene, Taken, Paying, Random], Awaitable[None]]
_COURSES: dict[Paying, _Course] = {
    **dict.fromkeys(Paying, _pay_and_go),
    Paying.COMES_BACK: _pay_and_come_back,
    Paying.DECLINED_FIRST: _pay_and_come_back,
    Paying.CANCELS: _cancel,
    Paying.NEVER_PAYS: _never_pay,
    Paying.LOOKS_AND_LEAVES: _look_and_leave,
    Paying.PAYS_LATE: _pay_late,
    Paying.PAYS_TWICE: _pay_twice,
    Paying.GATEWAY_SILENT: _pay_in_silence,
}
