"""A refund of the demo that waits for a second person, under terms that the charity has set.

No refund of the demo is sent: its payments were made before the sandbox was there, which knows nothing of them.
"""

from datetime import datetime

from cishan.charities.queries import Site
from cishan.clock import beijing_day
from cishan.database import rows
from cishan.demo.staff import Crew
from cishan.payments.owners import LineOwners
from cishan.refunds.actions import part_key, set_terms, start_refund
from cishan.refunds.neighbours import Neighbours
from cishan.refunds.queries import parts_of
from cishan.refunds.rules import Terms
from cishan.refunds.states import RefundReason

TERMS = Terms(second_person_over_fen=10_000)
"""Two people from 100 yuan on, so that the demo has something for the second one to see."""
PAID = """
SELECT o.id, o.out_trade_no FROM claim c
  JOIN order_line l ON l.owner_kind = 'claim' AND l.owner_id = c.id
  JOIN payment_order o ON o.id = l.order_id AND o.status = 'paid'
 WHERE c.status = 'paid' AND l.amount_fen > $1 ORDER BY c.id LIMIT 1
"""


async def propose_refund(crew: Crew, site: Site, owners: LineOwners, *, now: datetime) -> None:
    """Finance has written down that a donor paid by mistake; somebody else has to agree."""
    await set_terms(site.charity_id, TERMS, valid_from=beijing_day(now), actor=crew.finance, now=now)
    order = (await rows(PAID, TERMS.second_person_over_fen))[0]
    part = (await parts_of(order["id"]))[0]
    await start_refund(
        site.charity_id,
        order["out_trade_no"],
        {part_key(part): part.open_fen},
        RefundReason.MISTAKE,
        "本人来电说点错了，要退",
        neighbours=Neighbours(owners),
        actor=crew.finance,
        now=now,
    )
