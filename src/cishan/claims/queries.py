"""Reads about claims: terms, a donor's gifts, the path of one gift. Each is got for someone."""

from dataclasses import dataclass, replace
from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.claims.rules import Terms
from cishan.claims.states import CheckAnswer, ClaimStatus, ClaimWay
from cishan.clock import beijing_day
from cishan.database import JsonRow, rows
from cishan.errors import NotFound
from cishan.payments.states import OrderStatus
from cishan.pictures.queries import STILL_AGREED
from cishan.refunds.queries import GiftRefund, orders_of_owner, refunds_of_owner, terms_on
from cishan.refunds.rules import cooling_ends
from cishan.refunds.states import RefundStatus

MOST_GIFTS = 100

TERMS = """
SELECT claims_at_once, pay_minutes, promise_days, purchase_days, delivery_days, check_after_days, check_days,
       grace_days
  FROM campaign_terms WHERE campaign_id = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1
"""
GIFT = f"""
SELECT c.id, c.wish_id, c.way, c.status, c.price_fen, c.claimed_at, c.status_since, c.due_at, c.over_reason,
       w.public_title, w.item, w.county_code,
       d.name AS county,
       a.given_at AS advanced_at, p.bought_at, p.spent_fen,
       f.delivered_at, f.asked_at, f.answer, f.hours, f.picture_id,
       h.cleared_at IS NOT NULL AND {STILL_AGREED} AS picture_shown,
       t.text AS thanks, t.passed_on_at
  FROM claim c
  JOIN wish w ON w.id = c.wish_id
  LEFT JOIN division d ON d.code = w.county_code AND d.valid_to IS NULL
  LEFT JOIN advance a ON a.claim_id = c.id
  LEFT JOIN purchase p ON p.claim_id = c.id AND p.booked_at IS NOT NULL
  LEFT JOIN fulfilment f ON f.claim_id = c.id
  LEFT JOIN picture h ON h.id = f.picture_id
  LEFT JOIN thanks t ON t.claim_id = c.id AND t.passed_on_at IS NOT NULL
"""  # noqa: S608 - a constant
ONE_GIFT = GIFT + " WHERE c.id = $1 AND c.donor_id = $2"
MY_GIFTS = GIFT + " WHERE c.donor_id = $1 ORDER BY c.claimed_at DESC, c.id DESC LIMIT $2"
ORDERS = """
SELECT o.out_trade_no, o.status, o.total_fen, o.expires_at, o.paid_at, o.paid_fen, o.unknown_since,
       coalesce((SELECT sum(u.amount_fen) FROM unassigned_money u WHERE u.order_id = o.id AND u.resolved_at IS NULL), 0)
       ::bigint AS unassigned_fen
  FROM payment_order o
 WHERE o.id IN (SELECT order_id FROM order_line WHERE owner_kind = 'claim' AND owner_id = $1
                 UNION SELECT order_id FROM unassigned_money WHERE owner_kind = 'claim' AND owner_id = $1)
 ORDER BY o.id
"""


@dataclass(frozen=True)
class GiftOrder:
    """One attempt to pay for a claim."""

    out_trade_no: str
    status: OrderStatus
    total_fen: int
    expires_at: datetime
    paid_at: datetime | None
    paid_fen: int | None
    is_unknown: bool
    unassigned_fen: int


@dataclass(frozen=True)
class Gift:
    """A donor's claim as the donor may see it: item, county, dates, sums, cleared picture; never the family."""

    id: int
    wish_id: int
    title: str
    item: str
    county: str
    way: ClaimWay
    status: ClaimStatus
    price_fen: int
    claimed_at: datetime
    due_at: datetime | None
    over_reason: str
    advanced_at: datetime | None
    bought_at: datetime | None
    spent_fen: int | None
    delivered_at: datetime | None
    asked_at: datetime | None
    answer: CheckAnswer | None
    hours: int
    picture_id: int | None
    thanks: str
    orders: tuple[GiftOrder, ...] = ()
    refunds: tuple[GiftRefund, ...] = ()
    cooling_until: datetime | None = None
    """Until when the donor may take the gift back without asking anybody; None when that does not apply."""

    @property
    def refunded_fen(self) -> int:
        return sum(refund.amount_fen for refund in self.refunds if refund.status is RefundStatus.SUCCEEDED)


async def terms_for(campaign_id: int, now: datetime) -> Terms:
    """The campaign's figures in force on the day in China; raises LookupError when it has none, which set-up prevents."""
    found = await rows(TERMS, campaign_id, beijing_day(now))
    if not found:
        raise LookupError(f"campaign {campaign_id} has no terms")
    return Terms(**found[0])


async def gift_of(claim_id: int, *, viewer: Viewer) -> Gift:
    """One's own gift with its attempts to pay; a stranger's is not there."""
    found = await rows(ONE_GIFT, claim_id, viewer.account_id)
    if not found:
        raise NotFound
    orders = tuple(_order(row) for row in await rows(ORDERS, claim_id))
    gift = _gift(found[0], orders)
    refunds = await refunds_of_owner("claim", claim_id)
    return replace(gift, refunds=refunds, cooling_until=await _cooling_until(gift))


async def _cooling_until(gift: Gift) -> datetime | None:
    if gift.status is not ClaimStatus.PAID:
        return None
    paid = await orders_of_owner("claim", gift.id)
    return cooling_ends(paid[0]["paid_at"], await terms_on(paid[0]["charity_id"], paid[0]["paid_at"])) if paid else None


async def gifts_of(viewer: Viewer) -> tuple[Gift, ...]:
    """One's own gifts, newest first."""
    return tuple(_gift(row) for row in await rows(MY_GIFTS, viewer.account_id, MOST_GIFTS))


def _gift(row: JsonRow, orders: tuple[GiftOrder, ...] = ()) -> Gift:
    return Gift(
        id=row["id"],
        wish_id=row["wish_id"],
        title=row["public_title"],
        item=row["item"],
        county=row["county"] or "",
        way=ClaimWay(row["way"]),
        status=ClaimStatus(row["status"]),
        price_fen=row["price_fen"],
        claimed_at=row["claimed_at"],
        due_at=row["due_at"],
        over_reason=row["over_reason"],
        advanced_at=row["advanced_at"],
        bought_at=row["bought_at"],
        spent_fen=row["spent_fen"],
        delivered_at=row["delivered_at"],
        asked_at=row["asked_at"],
        answer=CheckAnswer(row["answer"]) if row["answer"] else None,
        hours=row["hours"] or 0,
        picture_id=row["picture_id"] if row["picture_shown"] else None,
        thanks=row["thanks"] or "",
        orders=orders,
    )


def _order(row: JsonRow) -> GiftOrder:
    return GiftOrder(
        out_trade_no=row["out_trade_no"],
        status=OrderStatus(row["status"]),
        total_fen=row["total_fen"],
        expires_at=row["expires_at"],
        paid_at=row["paid_at"],
        paid_fen=row["paid_fen"],
        is_unknown=row["unknown_since"] is not None,
        unassigned_fen=row["unassigned_fen"],
    )
