"""Which entries of the books tell one story: a claim from its gift to the family's line, an order, or help that was paid."""

from dataclasses import dataclass
from typing import Literal

from cishan.database import rows

OF_LINE = """
SELECT CASE l.owner_kind WHEN 'claim' THEN 'claim' ELSE 'order' END AS kind,
       CASE l.owner_kind WHEN 'claim' THEN l.owner_id ELSE l.order_id END AS id
  FROM order_line l
"""
STORY_OF = {
    "order_line": f"{OF_LINE} WHERE l.id = $1",
    "unassigned": f"{OF_LINE} JOIN unassigned_money u ON u.order_id = l.order_id WHERE u.id = $1 ORDER BY l.id LIMIT 1",
    "refund_line": f"""{OF_LINE} JOIN refund r ON r.order_id = l.order_id JOIN refund_line t ON t.refund_id = r.id
 WHERE t.id = $1 AND l.id = coalesce(t.order_line_id, l.id) ORDER BY l.id LIMIT 1""",
    "advance": "SELECT 'claim' AS kind, claim_id AS id FROM advance WHERE id = $1",
    "purchase": "SELECT 'claim' AS kind, claim_id AS id FROM purchase WHERE id = $1",
    "payout": "SELECT 'payout' AS kind, id FROM payout WHERE id = $1",
}
"""By the source of an entry: the story it belongs to."""
LINES_OF = {
    "claim": "SELECT id, order_id, owner_kind, owner_id FROM order_line WHERE owner_kind = 'claim' AND owner_id = $1",
    "order": "SELECT id, order_id, owner_kind, owner_id FROM order_line WHERE order_id = $1",
}
SOURCES = """
WITH line AS (%s),
late AS (SELECT u.id FROM unassigned_money u WHERE u.order_id IN (SELECT order_id FROM line)),
source AS (
    SELECT 'order_line' AS kind, id FROM line
    UNION ALL SELECT 'unassigned', id FROM late
    UNION ALL SELECT 'refund_line', t.id FROM refund_line t WHERE t.order_line_id IN (SELECT id FROM line)
    UNION ALL SELECT 'refund_line', t.id FROM refund_line t WHERE t.unassigned_id IN (SELECT id FROM late)
    UNION ALL SELECT 'advance', a.id FROM advance a JOIN line l ON l.owner_kind = 'claim' AND l.owner_id = a.claim_id
    UNION ALL SELECT 'purchase', p.id FROM purchase p JOIN line l ON l.owner_kind = 'claim' AND l.owner_id = p.claim_id)
SELECT DISTINCT kind, id FROM source
"""
REVERSALS = """
SELECT e.id FROM ledger_entry e JOIN unnest($1::varchar[], $2::bigint[]) AS s (kind, id) ON (e.source_kind, e.source_id) = (s.kind, s.id)
"""
ORDER = "SELECT id FROM payment_order WHERE out_trade_no = $1"

Sources = tuple[tuple[str, int], ...]
"""Kinds and ids of what entries were booked for, as the ledger's search takes them."""


@dataclass(frozen=True)
class Story:
    """What entries have in common."""

    kind: Literal["claim", "order", "payout"]
    id: int


async def story_of(source_kind: str, source_id: int) -> Story | None:
    """The story that an entry with this source belongs to; None for a withdrawal, a fee and whatever else stands alone."""
    query = STORY_OF.get(source_kind)
    found = await rows(query, source_id) if query else []
    return Story(**found[0]) if found else None


async def sources_of(story: Story) -> Sources:
    """All that a story's entries were booked for, what reverses them included."""
    if story.kind == "payout":
        found: Sources = ((story.kind, story.id),)
    else:
        found = tuple((row["kind"], row["id"]) for row in await rows(SOURCES % LINES_OF[story.kind], story.id))
    kinds, ids = [kind for kind, _ in found], [source_id for _, source_id in found]
    return (*found, *(("ledger_entry", row["id"]) for row in await rows(REVERSALS, kinds, ids)))


async def sources_of_order(out_trade_no: str) -> Sources:
    """The same of an order by our number of it; nothing for a number that is unknown."""
    found = await rows(ORDER, out_trade_no)
    return await sources_of(Story("order", found[0]["id"])) if found else ()
