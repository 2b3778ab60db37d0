"""Help of which one sum is paid to a family with kin, one is approved, one came back, one went by Alipay and one did not: for books that verify themselves."""

from cishan.charities.actions import allow_transfers, set_up_merchant
from cishan.clock import SteppedClock, beijing_day
from cishan.kin.rules import Near
from cishan.kin.states import Tie
from cishan.kin.ties import declare_ties
from cishan.payouts.paying import record_paid, record_returned
from cishan.payouts.states import PayeeKind
from cishan.payouts.transferring import begin_transfers, send_due_transfers
from cishan.payouts.vouching import Proof, record_proof
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.settings import Settings
from donations.donation_makers import pay, pledge
from gateway_makers import APP_ID, SELLER_ID, open_shop
from makers import VILLAGE, make_donor
from payouts.payout_makers import (
    Bureau,
    approve_with,
    make_application,
    make_bureau,
    make_payee,
    make_share,
    send,
)


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
    word = Proof("", beijing_day(now), 100_000, "上门看过存折。")
    await record_proof(made[0], word, actor=bureau.town, now=now)
    await record_paid(made[1], paid_at=now, actor=bureau.cashier, now=now)
    await record_returned(made[1], "账号已注销", actor=bureau.cashier, now=now)
    await _by_alipay(bureau, clock)


async def _by_alipay(bureau: Bureau, clock: SteppedClock) -> None:
    """Two families have accounts at Alipay: one is paid, the other's account is not there."""
    sealer, now = bureau.sealer, clock.now()
    donor = await make_donor(sealer=sealer, now=now)
    await pay(await pledge(bureau.fund_id, 20_000, donor=donor, now=now), sealer=sealer, now=now)
    async with open_shop(clock) as shop:
        address = shop.running.gateway_url
        await set_up_merchant(bureau.charity_id, app_id=APP_ID, seller_id=SELLER_ID, gateway_url=address)
        await allow_transfers(APP_ID, allowed=True)
        services = Services(Settings(), clock, sealer, shop.gateway)
        for account in ("zhang@example.cn", "zhang@nobody"):
            payee = await make_payee(bureau, number=account, kind=PayeeKind.ALIPAY)
            payout_id = await make_application(bureau, await make_share(bureau, 10_000), payee, 10_000)
            await approve_with(bureau, payout_id, bureau.editor, bureau.finance)
            await begin_transfers([payout_id], actor=bureau.cashier, sealer=sealer, now=now)
            await send_due_transfers(limit=9, services=services, now=now)
