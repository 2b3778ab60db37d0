"""Urgent help for the story of sound books: one case that was due, one that was not, one not agreed to."""

from cishan.clock import SteppedClock
from cishan.sealing import Sealer
from cishan.urgent.actions import decline
from payouts.payout_makers import make_bureau
from urgent.urgent_makers import complete, decide, make_case, make_reserve, pay_out, second_of_town


async def tell_of_urgent_help(sealer: Sealer, clock: SteppedClock) -> None:
    bureau = await make_bureau(sealer, clock, given_fen=500_000)
    reserve, neighbour = await make_reserve(bureau), await second_of_town(bureau)
    cases = [await make_case(bureau, reserve) for _ in range(3)]
    for payout_id in cases[:2]:
        await decide(bureau, payout_id, neighbour, bureau.city_editor)
        await pay_out(bureau, payout_id)
    await complete(bureau, cases[0], neighbour, bureau.coordinator)
    await complete(bureau, cases[1], neighbour, bureau.town, stands=False)
    await decline(cases[2], "不急。", actor=bureau.editor, sealer=sealer, now=clock.now())
