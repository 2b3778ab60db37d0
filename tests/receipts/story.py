"""A receipt that was issued, found wrong, reversed with its red number, and issued again."""

from datetime import datetime

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.receipts.actions import (
    BillNumbers,
    Payer,
    enter_red_bill,
    issue_receipt,
    request_receipt,
    reverse_wrong_receipt,
)
from cishan.sealing import Sealer


async def tell_of_receipts(finance: Viewer, *, sealer: Sealer, now: datetime) -> None:
    """For the first gift that was paid for and settled whole."""
    order = (await rows("SELECT id, donor_id, paid_fen FROM payment_order WHERE status = 'paid' ORDER BY id LIMIT 1"))[
        0
    ]
    donor = Viewer(order["donor_id"], Role.DONOR)
    request = await request_receipt(order["id"], Payer("王芳"), actor=donor, sealer=sealer, now=now)
    bills = [BillNumbers(f"370601{now:%y}", f"{number:010d}", "a1b2c3") for number in (1, 2, 3)]
    first = await issue_receipt(request, bills[0], order["paid_fen"], actor=finance, sealer=sealer, now=now)
    await reverse_wrong_receipt(first, actor=finance, sealer=sealer, now=now)
    reversal = (await rows("SELECT id FROM receipt_reversal"))[0]["id"]
    await enter_red_bill(reversal, bills[1], actor=finance, now=now)
    again = (await rows("SELECT id FROM receipt_request WHERE status = 'waiting'"))[0]["id"]
    await issue_receipt(again, bills[2], order["paid_fen"], actor=finance, sealer=sealer, now=now)
