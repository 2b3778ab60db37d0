"""Help of which one sum is paid to a family with kin, one is approved, one came back: for books that verify themselves."""

from cishan.clock import SteppedClock
from cishan.payouts.kin import Near, declare_ties
from cishan.payouts.paying import record_paid, record_returned
from cishan.payouts.states import Tie
from cishan.sealing import Sealer
from makers import VILLAGE
from payouts.payout_makers import approve_with, make_application, make_bureau, make_payee, make_share, send


async def tell_of_payouts(sealer: Sealer, clock: SteppedClock) -> None:
    now = clock.now()
    bureau = await make_bureau(sealer, clock, given_fen=500_000)
    share = await make_share(bureau, 400_000)
    near = Near(Tie.SURNAME_VILLAGE, "张", VILLAGE)
    await declare_ties([near], actor=bureau.town, sealer=sealer, now=now)
    payee = await make_payee(bureau)
    made = [await make_application(bureau, share, payee, 100_000) for _ in range(3)]
    for payout_id in made:
        await approve_with(bureau, payout_id, bureau.editor, bureau.finance)
    await send(bureau, *made[:2])
    await record_paid(made[0], paid_at=now, actor=bureau.cashier, now=now)
    await record_paid(made[1], paid_at=now, actor=bureau.cashier, now=now)
    await record_returned(made[1], "账号已注销", actor=bureau.cashier, now=now)
