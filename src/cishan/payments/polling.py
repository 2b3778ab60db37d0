"""Asks the gateway about orders whose notice has not come: lost notices cost nobody their gift."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from cishan.accounts.limits import Limit, count_one
from cishan.database import JsonRow, rows
from cishan.errors import TooMany
from cishan.payments.actions import Settled, close_unopened, settle
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.alipay.terms import CloseOutcome, GatewayAway, GatewayRefused, GatewayUnknown, TradeStatus
from cishan.payments.owners import LineOwners
from cishan.payments.rules import AWAY_AFTER, LEASE, next_poll
from cishan.payments.states import OrderStatus, SettleSource
from cishan.services import Services

LEASE_DUE = """
UPDATE payment_order SET next_poll_at = $3, polls = least(polls + 1, 30000)
 WHERE id IN (SELECT id FROM payment_order WHERE next_poll_at <= $1 AND status = 'pending' AND channel = 'alipay'
               ORDER BY next_poll_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id, out_trade_no, created_at, expires_at
"""
PLAN = """
UPDATE payment_order SET next_poll_at = $2, unknown_since = CASE WHEN $3 THEN coalesce(unknown_since, $4) END
 WHERE id = $1 AND status = 'pending'
"""
FIND = "SELECT id, out_trade_no, created_at, expires_at, status FROM payment_order WHERE out_trade_no = $1 AND channel = 'alipay'"
ASKS_OF_ORDER = Limit("return-of-order", 6, timedelta(minutes=10), "")
"""How often one order is asked about because somebody opened its return address."""

log = logging.getLogger(__name__)


async def poll_due_orders(*, limit: int, services: Services, owners: LineOwners, now: datetime) -> int:
    """Asks about due orders, a lease on each so that no two nodes ask at once; returns how many were asked.

    While the gateway is away a batch ends after a few questions; the lease brings the others back.
    """
    if services.gateway is None:
        return 0
    async with in_transaction():
        due = await rows(LEASE_DUE, now, limit, now + LEASE)
    unanswered = 0
    for asked, order in enumerate(due, start=1):
        answered = await _ask(order, services.gateway, SettleSource.POLL, services=services, owners=owners, now=now)
        unanswered = 0 if answered else unanswered + 1
        if unanswered == AWAY_AFTER:
            log.warning("the gateway is away; %d due orders are left for later", len(due) - asked)
            return asked
    return len(due)


async def ask_about(
    out_trade_no: str, source: SettleSource, *, services: Services, owners: LineOwners, now: datetime
) -> None:
    """Asks about one order now, as the return page does; an order that is not ours is ignored.

    Nothing is asked about an order that is paid, since our own row says so, nor about any other order too often: the
    address may be opened again and again, and each question costs a call to Alipay.
    """
    found = await rows(FIND, out_trade_no)
    if not found or services.gateway is None or found[0]["status"] == OrderStatus.PAID:
        return
    with suppress(TooMany):
        await count_one(ASKS_OF_ORDER, out_trade_no, sealer=services.sealer, now=now)
        await _ask(found[0], services.gateway, source, services=services, owners=owners, now=now)


async def _ask(
    order: JsonRow,
    gateway: AlipayGateway,
    source: SettleSource,
    *,
    services: Services,
    owners: LineOwners,
    now: datetime,
) -> bool:
    """Unknown is not failed: an answer that can't be had plans the next question and changes nothing else.

    False when nothing came back at all.
    """
    try:
        settled = await _settle_by_query(order, gateway, source, services=services, owners=owners, now=now)
    except (GatewayUnknown, GatewayRefused) as error:
        log.warning("order %s stays unknown: %s", order["id"], error)
        await _plan_next(order, unknown=True, now=now)
        return not isinstance(error, GatewayAway)
    if settled is None or not settled.changed:
        await _plan_next(order, unknown=False, now=now)
    return True


async def _settle_by_query(
    order: JsonRow,
    gateway: AlipayGateway,
    source: SettleSource,
    *,
    services: Services,
    owners: LineOwners,
    now: datetime,
) -> Settled | None:
    expired = now >= order["expires_at"]
    trade = await gateway.query(order["out_trade_no"])
    if trade is not None and trade.status is TradeStatus.WAIT_BUYER_PAY and expired:
        if await gateway.close(order["out_trade_no"]) is CloseOutcome.NOTHING_TO_CLOSE:
            return None
        trade = await gateway.query(order["out_trade_no"])
    if trade is not None:
        settled = await settle(trade, source, owners=owners, sealer=services.sealer, now=now, enqueue=services.enqueue)
        if settled.hears_refund:
            await services.hear_refund(trade.out_trade_no, "", trade.refunded_fen, services=services, now=now)
        return settled
    if expired and await close_unopened(order["out_trade_no"], now=now):
        return Settled(known=True, changed=True)
    return None


async def _plan_next(order: JsonRow, *, unknown: bool, now: datetime) -> None:
    planned = next_poll(created_at=order["created_at"], expires_at=order["expires_at"], now=now)
    await rows(PLAN, order["id"], planned, unknown, now)
