"""Reads about refunds: the charity's terms, what of an order may go back, what a person must look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.labels import label
from cishan.ledger.states import EntryKind
from cishan.refunds.rules import DEFAULT_TERMS, Terms
from cishan.refunds.states import COUNTED_SQL, RefundReason, RefundStatus
from cishan.sealing import Sealer

MOST_PARTS = 50
MOST_REFUNDS = 200
PAGE_ROWS = 40

MADE = """
SELECT o.trade_no, o.out_trade_no, r.request_no, r.amount_fen FROM refund r JOIN payment_order o ON o.id = r.order_id
 WHERE o.charity_id = $1 AND o.channel = 'alipay' AND r.status = 'succeeded'
"""
MADE_BETWEEN = f"{MADE} AND r.succeeded_at >= $2 AND r.succeeded_at < $3 ORDER BY r.id"
MADE_WITH_NUMBERS = f"{MADE} AND r.request_no = ANY($2) ORDER BY r.id"
REFUNDED = "SELECT coalesce(refunded_fen, 0) AS fen FROM payment_order WHERE out_trade_no = $1"
TERMS = """
SELECT cooling_hours, second_person_over_fen, ask_again_times, ask_again_over_fen FROM refund_terms
 WHERE charity_id = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1
"""
_GONE = f"""
SELECT coalesce(sum(r.amount_fen), 0)::bigint FROM refund_line r JOIN refund f ON f.id = r.refund_id AND f.{COUNTED_SQL}
"""  # noqa: S608 - constants
PARTS = f"""
SELECT * FROM (
  SELECT l.id AS order_line_id, NULL::bigint AS unassigned_id, l.fund_id, l.owner_kind, l.owner_id, l.amount_fen,
         l.amount_fen - ({_GONE} WHERE r.order_line_id = l.id) AS open_fen, NULL AS waits
    FROM order_line l
   WHERE l.order_id = $1 AND EXISTS (SELECT FROM ledger_entry e WHERE e.source_kind = 'order_line' AND e.source_id = l.id
                                        AND e.kind = '{EntryKind.GIFT.value}')
  UNION ALL
  SELECT NULL, u.id, u.fund_id, u.owner_kind, u.owner_id, u.amount_fen,
         u.amount_fen - ({_GONE} WHERE r.unassigned_id = u.id), u.resolved_at IS NULL
    FROM unassigned_money u WHERE u.order_id = $1
) part ORDER BY order_line_id NULLS LAST, unassigned_id LIMIT $2
"""  # noqa: S608 - constants
ORDER = """
SELECT o.id, o.out_trade_no, o.trade_no, o.status, o.charity_id, o.donor_id, o.paid_fen, o.paid_at, o.refunded_fen,
       a.name_sealed, g.name AS organisation
  FROM payment_order o JOIN account a ON a.id = o.donor_id LEFT JOIN organisation g ON g.id = a.organisation_id
 WHERE o.charity_id = $1 AND o.out_trade_no = $2
"""
ORDERS_OF_OWNER = """
SELECT o.id, o.donor_id, o.paid_at, o.charity_id, o.channel FROM payment_order o
 WHERE o.status = 'paid' AND (o.id IN (SELECT order_id FROM order_line WHERE owner_kind = $1 AND owner_id = $2)
    OR o.id IN (SELECT order_id FROM unassigned_money WHERE owner_kind = $1 AND owner_id = $2))
 ORDER BY o.id LIMIT $3
"""
REFUND = """
SELECT r.id, r.order_id, r.request_no, r.amount_fen, r.status, r.status_since, r.reason, r.note, r.created_at, r.sent_at,
       r.tries, r.next_try_at, r.due_at, r.refusal, r.succeeded_at, r.requested_by_id, r.decided_by_id, r.handler_id,
       o.out_trade_no, o.charity_id, o.donor_id, o.paid_fen, a.name_sealed, g.name AS organisation,
       q.name_sealed AS requester_sealed, d.name_sealed AS decider_sealed, h.name_sealed AS handler_sealed
  FROM refund r
  JOIN payment_order o ON o.id = r.order_id
  JOIN account a ON a.id = o.donor_id
  LEFT JOIN organisation g ON g.id = a.organisation_id
  LEFT JOIN account q ON q.id = r.requested_by_id
  LEFT JOIN account d ON d.id = r.decided_by_id
  LEFT JOIN account h ON h.id = r.handler_id
"""
ONE = REFUND + " WHERE o.charity_id = $1 AND r.id = $2"
OF_ORDER = REFUND + " WHERE r.order_id = $1 ORDER BY r.id LIMIT $2"
WAITING = (
    REFUND
    + """
 WHERE o.charity_id = $1
   AND (r.status IN ('proposed', 'refused') OR r.due_at <= $2 OR (r.reason = 'elsewhere' AND r.due_at IS NOT NULL))
 ORDER BY r.due_at NULLS LAST, r.id LIMIT $3
"""
)
NEWEST = REFUND + " WHERE o.charity_id = $1 ORDER BY r.id DESC LIMIT $2 OFFSET $3"
COUNT = "SELECT count(*) AS refunds FROM refund r JOIN payment_order o ON o.id = r.order_id WHERE o.charity_id = $1"
OF_OWNER = """
SELECT r.id, r.amount_fen, r.status, r.status_since, r.created_at, r.reason,
       (SELECT sum(t.amount_fen) FROM refund_line t LEFT JOIN order_line l ON l.id = t.order_line_id
          LEFT JOIN unassigned_money u ON u.id = t.unassigned_id
         WHERE t.refund_id = r.id AND ((l.owner_kind, l.owner_id) = ($1, $2)
            OR u.order_id IN (SELECT order_id FROM order_line WHERE owner_kind = $1 AND owner_id = $2)
            OR (u.owner_kind, u.owner_id) = ($1, $2)))::bigint AS part_fen
  FROM refund r
 WHERE r.status <> 'proposed'
   AND r.order_id IN (SELECT order_id FROM order_line WHERE owner_kind = $1 AND owner_id = $2
                       UNION SELECT order_id FROM unassigned_money WHERE owner_kind = $1 AND owner_id = $2)
 ORDER BY r.id LIMIT $3
"""
USUAL = """
SELECT coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY paid_fen), 0)::bigint AS fen
  FROM (SELECT paid_fen FROM payment_order WHERE donor_id = $1 AND status = 'paid' ORDER BY id DESC LIMIT 50) gifts
"""


@dataclass(frozen=True)
class OrderPart:
    """What a paid order's money became: a line that its owner took, or money that nobody took.

    `open_fen` has not been promised back yet. `waits` says that unassigned money is not resolved.
    """

    order_line_id: int | None
    unassigned_id: int | None
    fund_id: int
    owner_kind: str | None
    owner_id: int | None
    amount_fen: int
    open_fen: int
    waits: bool


@dataclass(frozen=True)
class PaidOrder:
    """An order as finance sees it that is about to give some of it back."""

    id: int
    out_trade_no: str
    trade_no: str
    charity_id: int
    donor_id: int
    donor: str
    paid_fen: int
    paid_at: datetime
    refunded_fen: int


@dataclass(frozen=True)
class RefundRow:
    """A refund with the names that finance may see."""

    id: int
    order_id: int
    out_trade_no: str
    request_no: str
    amount_fen: int
    paid_fen: int
    status: RefundStatus
    status_since: datetime
    reason: RefundReason
    note: str
    created_at: datetime
    sent_at: datetime | None
    tries: int
    next_try_at: datetime | None
    due_at: datetime | None
    refusal: str
    succeeded_at: datetime | None
    donor: str
    requested_by_id: int | None
    requester: str
    decider: str
    handler_id: int | None
    handler: str

    @property
    def status_label(self) -> str:
        return label(self.status)

    @property
    def reason_label(self) -> str:
        return label(self.reason)


@dataclass(frozen=True)
class GiftRefund:
    """A refund as its donor sees it."""

    id: int
    amount_fen: int
    status: RefundStatus
    status_since: datetime
    created_at: datetime
    reason: RefundReason


async def terms_on(charity_id: int, now: datetime) -> Terms:
    """The charity's terms in force on the day in China; the defaults when it has set none."""
    found = await rows(TERMS, charity_id, beijing_day(now))
    return Terms(**found[0]) if found else DEFAULT_TERMS


async def parts_of(order_id: int) -> tuple[OrderPart, ...]:
    """What became of a paid order's money, and how much of each part may still go back."""
    return tuple(OrderPart(**{**row, "waits": bool(row["waits"])}) for row in await rows(PARTS, order_id, MOST_PARTS))


async def order_for_finance(charity_id: int, out_trade_no: str, *, sealer: Sealer) -> PaidOrder:
    """A paid order of the charity, by our number of it; anything else is not there."""
    found = await rows(ORDER, charity_id, out_trade_no)
    if not found or found[0]["status"] != "paid":
        raise NotFound("没有这个订单号，或者这个订单还没有付款。请核对后再查。")
    row = found[0]
    return PaidOrder(
        id=row["id"],
        out_trade_no=row["out_trade_no"],
        trade_no=row["trade_no"],
        charity_id=row["charity_id"],
        donor_id=row["donor_id"],
        donor=row["organisation"] or sealer.open(row["name_sealed"], "account.name"),
        paid_fen=row["paid_fen"],
        paid_at=row["paid_at"],
        refunded_fen=row["refunded_fen"],
    )


async def orders_of_owner(owner_kind: str, owner_id: int) -> list[JsonRow]:
    """Paid orders with money for this owner: id, donor, when it was paid, charity, channel."""
    return await rows(ORDERS_OF_OWNER, owner_kind, owner_id, MOST_PARTS)


async def refund_for_finance(charity_id: int, refund_id: int, *, sealer: Sealer) -> RefundRow:
    found = await rows(ONE, charity_id, refund_id)
    if not found:
        raise NotFound
    return _refund(found[0], sealer)


async def refunds_of_order(order_id: int, *, sealer: Sealer) -> tuple[RefundRow, ...]:
    return tuple(_refund(row, sealer) for row in await rows(OF_ORDER, order_id, MOST_REFUNDS))


async def refunds_waiting(charity_id: int, *, sealer: Sealer, now: datetime) -> tuple[RefundRow, ...]:
    """What needs a person, the earliest clock first: to agree to, refused, unknown for too long, made elsewhere."""
    return tuple(_refund(row, sealer) for row in await rows(WAITING, charity_id, now, MOST_REFUNDS))


async def newest_refunds(charity_id: int, *, page: int, sealer: Sealer) -> tuple[RefundRow, ...]:
    found = await rows(NEWEST, charity_id, PAGE_ROWS, (page - 1) * PAGE_ROWS)
    return tuple(_refund(row, sealer) for row in found)


async def count_refunds(charity_id: int) -> int:
    found: int = (await rows(COUNT, charity_id))[0]["refunds"]
    return found


async def refunds_of_owner(owner_kind: str, owner_id: int) -> tuple[GiftRefund, ...]:
    """Refunds of the money that was meant for this owner, oldest first; a proposal is not the donor's to see."""
    return tuple(
        GiftRefund(
            id=row["id"],
            amount_fen=row["part_fen"],
            status=RefundStatus(row["status"]),
            status_since=row["status_since"],
            created_at=row["created_at"],
            reason=RefundReason(row["reason"]),
        )
        for row in await rows(OF_OWNER, owner_kind, owner_id, MOST_PARTS)
        if row["part_fen"]
    )


async def usual_gift_fen(account_id: int) -> int:
    """What this donor usually gives: the middle one of their last gifts; 0 when they have not given yet."""
    found: int = (await rows(USUAL, account_id))[0]["fen"]
    return found


def _refund(row: JsonRow, sealer: Sealer) -> RefundRow:
    def name(column: str) -> str:
        return sealer.open(row[column], "account.name") if row[column] else ""

    return RefundRow(
        id=row["id"],
        order_id=row["order_id"],
        out_trade_no=row["out_trade_no"],
        request_no=row["request_no"],
        amount_fen=row["amount_fen"],
        paid_fen=row["paid_fen"],
        status=RefundStatus(row["status"]),
        status_since=row["status_since"],
        reason=RefundReason(row["reason"]),
        note=row["note"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        tries=row["tries"],
        next_try_at=row["next_try_at"],
        due_at=row["due_at"],
        refusal=row["refusal"],
        succeeded_at=row["succeeded_at"],
        donor=row["organisation"] or name("name_sealed"),
        requested_by_id=row["requested_by_id"],
        requester=name("requester_sealed"),
        decider=name("decider_sealed"),
        handler_id=row["handler_id"],
        handler=name("handler_sealed"),
    )


async def refunds_made_between(charity_id: int, start: datetime, end: datetime) -> list[JsonRow]:
    """Refunds that left Alipay in this time: trade_no, out_trade_no, request_no and amount_fen of each."""
    return await rows(MADE_BETWEEN, charity_id, start, end)


async def refunds_with_numbers(charity_id: int, request_nos: Sequence[str]) -> list[JsonRow]:
    """The same of those made under these numbers, whenever."""
    return await rows(MADE_WITH_NUMBERS, charity_id, list(request_nos))


async def refunded_fen_of(out_trade_no: str) -> int:
    """What our books have sent back of an order so far."""
    found = await rows(REFUNDED, out_trade_no)
    return int(found[0]["fen"]) if found else 0
