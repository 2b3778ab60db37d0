"""Some donors want a receipt for tax; finance issues it, and now and then finds one wrong and takes it back."""

from random import Random

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.receipts.actions import BillNumbers, Payer, issue_receipt, request_receipt, reverse_wrong_receipt
from cishan.simulate.gathering import Need
from cishan.simulate.plan import RECEIPT_SHARE, WRONG_RECEIPT_SHARE
from cishan.simulate.scene import Scene

GIFT = """
SELECT o.id, o.paid_fen FROM payment_order o JOIN order_line l ON l.order_id = o.id
 WHERE l.owner_kind = 'claim' AND l.owner_id = $1 AND o.status = 'paid' ORDER BY o.paid_at, o.id LIMIT 1
"""


async def ask_for_receipt(scene: Scene, claim_id: int, donor: Viewer, need: Need, rng: Random) -> None:
    """The donor asks after hearing the thanks; finance types the bureau's numbers within some days."""
    if rng.random() >= RECEIPT_SHARE:
        return
    sealer, gift = scene.world.sealer, (await rows(GIFT, claim_id))[0]
    await scene.after(hours=rng.randint(1, 48))
    request_id = await request_receipt(gift["id"], Payer("爱心人士"), actor=donor, sealer=sealer, now=scene.now())
    now = await scene.at_work(rng, days=rng.randint(0, 3))
    bill = BillNumbers(f"370601{beijing_day(now).year % 100:02d}", f"{need.number + 1:010d}", "SIM001")
    finance = scene.staff.finance
    receipt_id = await issue_receipt(request_id, bill, gift["paid_fen"], actor=finance, sealer=sealer, now=now)
    if rng.random() < WRONG_RECEIPT_SHARE:
        await reverse_wrong_receipt(receipt_id, actor=finance, sealer=sealer, now=await scene.at_work(rng, days=1))
