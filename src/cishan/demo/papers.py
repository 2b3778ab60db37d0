"""Receipts and a certificate for the demo's gifts: one asked for, some issued, one found wrong and waiting for its red number."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

from cishan.accounts.viewer import Viewer
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.demo.staff import Crew
from cishan.receipts.actions import BillNumbers, Payer, issue_receipt, request_receipt, reverse_wrong_receipt
from cishan.receipts.certificates import make_certificate
from cishan.sealing import Sealer

DAY = timedelta(days=1)
NAME = "王芳"
GIFTS_OF = "SELECT id, paid_fen, paid_at FROM payment_order WHERE donor_id = $1 AND status = 'paid' ORDER BY paid_at DESC, id DESC"


async def write_papers(crew: Crew, *, sealer: Sealer, now: datetime) -> None:
    """For the first donor and the company: their newest gifts wait for a receipt, older ones have theirs."""
    person, company = crew.donors[0], crew.donors[-1]
    bills = _bills(now)
    for donor in (person, company):
        gifts = await rows(GIFTS_OF, donor.account_id)
        if gifts:
            await _ask(gifts[0], donor, sealer, max(gifts[0]["paid_at"], now - 2 * DAY))
        for gift in gifts[1:2]:
            asked = max(gift["paid_at"], now - 20 * DAY)
            request_id = await _ask(gift, donor, sealer, asked)
            receipt_id = await issue_receipt(
                request_id,
                next(bills),
                gift["paid_fen"],
                actor=crew.finance,
                sealer=sealer,
                now=now,
            )
        if len(gifts) > 1 and donor is company:
            await reverse_wrong_receipt(receipt_id, actor=crew.finance, sealer=sealer, now=now)
        if len(gifts) > 1 and donor is person:
            await make_certificate(gifts[1]["id"], anonymous=False, actor=donor, sealer=sealer, now=now)


async def _ask(gift: JsonRow, donor: Viewer, sealer: Sealer, when: datetime) -> int:
    return await request_receipt(gift["id"], Payer(NAME), actor=donor, sealer=sealer, now=when)


def _bills(now: datetime) -> Iterator[BillNumbers]:
    """Sample numbers; their code carries this year."""
    code = f"370601{beijing_day(now).year % 100:02d}"
    return (BillNumbers(code, f"{number:010d}", "DEMO01") for number in itertools.count(1))
