"""Where every fen of a gift is: one rule, as SQL over paid orders, for the page, the command and `verify`.

Money of a claim is its claim's until it is spent, given back or left over. What is over or was chosen for the fund is the
fund's and, like all money there, has no names on it: what a purchase cost beyond its claim's money came from it (ADR 15).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cishan.database import rows
from cishan.errors import NotFound
from cishan.tracing.states import Whereabouts

MOST_ORDERS = 500
MOST_PARTS = 5_000

PARTS = """
WITH counted AS (
    SELECT t.order_line_id, t.unassigned_id,
           sum(t.amount_fen) FILTER (WHERE r.status = 'succeeded')::bigint AS gone_fen,
           sum(t.amount_fen) FILTER (WHERE r.status IN ('requested', 'unknown', 'refused'))::bigint AS owed_fen
      FROM refund_line t JOIN refund r ON r.id = t.refund_id GROUP BY 1, 2),
money AS (
    SELECT l.order_id, l.fund_id, CASE l.owner_kind WHEN 'claim' THEN l.owner_id END AS claim_id, l.amount_fen,
           l.amount_fen AS for_claim_fen, false AS waits, coalesce(c.gone_fen, 0) AS gone_fen, coalesce(c.owed_fen, 0) AS owed_fen
      FROM order_line l
      JOIN ledger_entry e ON e.source_kind = 'order_line' AND e.source_id = l.id AND e.kind = 'gift'
      LEFT JOIN counted c ON c.order_line_id = l.id
    UNION ALL
    SELECT u.order_id, u.fund_id, CASE u.owner_kind WHEN 'claim' THEN u.owner_id END, u.amount_fen,
           coalesce(u.used_fen, 0), u.resolved_at IS NULL, coalesce(c.gone_fen, 0), coalesce(c.owed_fen, 0)
      FROM unassigned_money u LEFT JOIN counted c ON c.unassigned_id = u.id),
left_over AS (
    SELECT m.*, CASE WHEN m.waits THEN 0 ELSE m.amount_fen - m.gone_fen - m.owed_fen END AS left_fen FROM money m),
claimed AS (
    SELECT m.*, least(m.for_claim_fen, m.left_fen) AS claimed_fen, c.status AS claim_status, p.spent_fen
      FROM left_over m
      LEFT JOIN claim c ON c.id = m.claim_id
      LEFT JOIN purchase p ON p.claim_id = m.claim_id AND p.booked_at IS NOT NULL),
placed AS (
    SELECT m.order_id, m.fund_id, m.claim_id, m.amount_fen, m.gone_fen, m.owed_fen, m.left_fen,
           CASE WHEN m.waits THEN m.amount_fen ELSE 0 END AS waiting_fen,
           CASE WHEN m.spent_fen IS NULL THEN 0 ELSE least(m.claimed_fen, m.spent_fen) END AS spent_fen,
           CASE WHEN m.claim_status = 'advanced' THEN m.claimed_fen ELSE 0 END AS in_town_fen,
           CASE WHEN m.claim_status = 'paid' THEN m.claimed_fen ELSE 0 END AS held_fen
      FROM claimed m),
part AS (
    SELECT p.order_id, p.fund_id, p.claim_id, one.place, one.fen
      FROM placed p
      CROSS JOIN LATERAL (VALUES
        ('waiting', p.waiting_fen), ('return_owed', p.owed_fen), ('returned', p.gone_fen), ('held', p.held_fen),
        ('in_town', p.in_town_fen), ('spent', p.spent_fen),
        ('in_fund', p.left_fen - p.held_fen - p.in_town_fen - p.spent_fen)) one (place, fen)
     WHERE one.fen <> 0)
"""
"""`part`: a row for each place in which money of a paid order lies: order_id, fund_id, claim_id, place, fen."""

OF_ORDERS = f"""{PARTS}
SELECT part.order_id, part.claim_id, part.place, sum(part.fen)::bigint AS fen FROM part
 WHERE part.order_id = ANY($1) GROUP BY 1, 2, 3 ORDER BY 1, 2 NULLS LAST, 3 LIMIT {MOST_PARTS}
"""  # noqa: S608 - constants
OF_CLAIM = f"""{PARTS}
SELECT o.out_trade_no, part.place, sum(part.fen)::bigint AS fen FROM part JOIN payment_order o ON o.id = part.order_id
 WHERE part.claim_id = $1 AND part.place IN ('held', 'in_town', 'spent') GROUP BY 1, 2 ORDER BY 1, 2 LIMIT {MOST_PARTS}
"""  # noqa: S608 - constants
FIND = "SELECT id, paid_fen FROM payment_order WHERE out_trade_no = $1 AND status = 'paid' AND ($2::bigint IS NULL OR charity_id = $2)"
CLAIM = """
SELECT w.item, coalesce(p.spent_fen, 0) AS spent_fen, c.status = 'confirmed' AS is_listed
  FROM claim c JOIN wish w ON w.id = c.wish_id LEFT JOIN purchase p ON p.claim_id = c.id AND p.booked_at IS NOT NULL
 WHERE c.id = $1
"""
FUNDS = f"""{PARTS}
SELECT DISTINCT part.fund_id FROM part JOIN payment_order o ON o.id = part.order_id
 WHERE o.out_trade_no = $1 AND part.place = 'in_fund' ORDER BY 1
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Part:
    """So much of a gift is there; `claim_id` says for which claim."""

    place: Whereabouts
    fen: int
    claim_id: int | None = None


@dataclass(frozen=True)
class Trace:
    """A gift and where all of it is: the parts add up to what was paid."""

    out_trade_no: str
    paid_fen: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Backing:
    """What paid for one household's line: parts of gifts, and what the fund added from money without a name.

    `is_listed` says that the family has confirmed it, and with that the line stands on its list.
    """

    claim_id: int
    item: str
    is_listed: bool
    spent_fen: int
    gifts: tuple[tuple[str, Part], ...]

    @property
    def from_fund_fen(self) -> int:
        return self.spent_fen - sum(part.fen for _, part in self.gifts if part.place is Whereabouts.SPENT)


async def trace_order(out_trade_no: str, *, charity_id: int | None = None) -> Trace:
    """Where every fen of a paid order is now; NotFound for a number that is unknown, unpaid or another charity's."""
    found = await rows(FIND, out_trade_no, charity_id)
    if not found:
        raise NotFound("没有这个订单号的已付款订单。")
    order = found[0]
    parts = (await trace_orders([order["id"]])).get(order["id"], ())
    return Trace(out_trade_no, order["paid_fen"], parts)


async def trace_orders(order_ids: Sequence[int]) -> dict[int, tuple[Part, ...]]:
    """The parts of many orders, in one query; at most MOST_ORDERS."""
    if len(order_ids) > MOST_ORDERS:
        raise ValueError(f"at most {MOST_ORDERS} orders at once")
    found: dict[int, list[Part]] = {}
    for row in await rows(OF_ORDERS, list(order_ids)):
        found.setdefault(row["order_id"], []).append(Part(Whereabouts(row["place"]), row["fen"], row["claim_id"]))
    return {order_id: tuple(parts) for order_id, parts in found.items()}


async def funds_holding(out_trade_no: str) -> tuple[int, ...]:
    """The funds in which a part of a paid order lies without a name."""
    return tuple(row["fund_id"] for row in await rows(FUNDS, out_trade_no))


async def backing_of(claim_id: int) -> Backing:
    """Which gifts paid for a claim, and what the fund added to what was spent; NotFound for no claim."""
    claim = await rows(CLAIM, claim_id)
    if not claim:
        raise NotFound("没有这个认领。")
    gifts = tuple(
        (row["out_trade_no"], Part(Whereabouts(row["place"]), row["fen"], claim_id))
        for row in await rows(OF_CLAIM, claim_id)
    )
    return Backing(claim_id, gifts=gifts, **claim[0])
