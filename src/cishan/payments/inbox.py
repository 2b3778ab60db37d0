"""Notices from the gateway: verified, compared with the order, kept with their verdict, then settled.

A verified notice that surprises - another amount, an unknown number, a state that can't be - is never believed alone:
the gateway is asked, and only what it confirms is booked. Nothing is asked inside a transaction.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from cishan.database import rows
from cishan.payments.actions import Settled, settle
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.alipay.terms import (
    PAID,
    GatewayRefused,
    GatewayUnknown,
    Notice,
    NoticeRejected,
    Trade,
    TradeStatus,
)
from cishan.payments.owners import LineOwners
from cishan.payments.states import NoticeVerdict, OrderStatus, SettleSource
from cishan.services import Services

BODY_LABEL = "stored_notice.body"
KEPT_BODY_BYTES = 16 * 1024
STORE = """
INSERT INTO stored_notice (notify_id, out_trade_no, trade_status, body_sealed, verdict, reason, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
EXPECTED = "SELECT status, total_fen, paid_fen FROM payment_order WHERE out_trade_no = $1"


async def handle_notice(body: bytes, *, services: Services, owners: LineOwners, now: datetime) -> NoticeVerdict:
    """Does what a notice asks, once, and returns the verdict that is kept with it.

    WAITING means that the gateway could not be asked: the answer must not be `success`, so that it is sent again.
    """
    gateway = services.gateway
    if gateway is None:
        return NoticeVerdict.WAITING
    try:
        notice = gateway.read_notice(body)
    except NoticeRejected as rejected:
        await _store(services, body, rejected.claimed, NoticeVerdict.REJECTED, rejected.reason.value, now)
        return NoticeVerdict.REJECTED
    verdict, reason = await _judge(notice, gateway, services, owners, now)
    await _store(services, body, notice.raw, verdict, reason, now)
    return verdict


async def _judge(
    notice: Notice, gateway: AlipayGateway, services: Services, owners: LineOwners, now: datetime
) -> tuple[NoticeVerdict, str]:
    trade, surprise = notice.trade, await _surprise(notice)
    if surprise:
        try:
            truth = await gateway.query(trade.out_trade_no)
        except (GatewayUnknown, GatewayRefused):
            return NoticeVerdict.WAITING, surprise
        if truth is None or truth.status is not trade.status or truth.total_fen != trade.total_fen:
            return NoticeVerdict.DENIED, surprise
        trade = replace(truth, refunded_fen=max(truth.refunded_fen, trade.refunded_fen))
    settled = await settle(
        trade, SettleSource.NOTICE, owners=owners, sealer=services.sealer, now=now, enqueue=services.enqueue
    )
    if not settled.known:
        return NoticeVerdict.DENIED, "unknown_order"
    if settled.hears_refund:
        return await _hear_refund(notice, trade, settled, services, now)
    return (NoticeVerdict.SETTLED if settled.changed else NoticeVerdict.NOTHING_NEW), surprise


async def _hear_refund(
    notice: Notice, trade: Trade, settled: Settled, services: Services, now: datetime
) -> tuple[NoticeVerdict, str]:
    """A refund is believed only when the gateway confirms it by its own number; until then the notice comes again."""
    request_no = notice.raw.get("out_biz_no", "")
    try:
        news = await services.hear_refund(
            trade.out_trade_no, request_no, trade.refunded_fen, services=services, now=now
        )
    except (GatewayUnknown, GatewayRefused):
        return NoticeVerdict.WAITING, "refund"
    return (NoticeVerdict.SETTLED if settled.changed or news else NoticeVerdict.NOTHING_NEW), "refund"


async def _surprise(notice: Notice) -> str:
    """Why a verified notice can't be believed alone; empty when it says what we expect."""
    trade = notice.trade
    found = await rows(EXPECTED, trade.out_trade_no)
    if not found:
        return "unknown_order"
    expected = found[0]
    if (trade.status in PAID or notice.is_refund) and trade.total_fen != (
        expected["paid_fen"] or expected["total_fen"]
    ):
        return "amount"
    is_paid = expected["status"] == OrderStatus.PAID
    if notice.is_refund and not is_paid:
        return "refund_before_pay"
    if notice.is_refund and trade.refunded_fen == 0:
        return "refund_without_sum"
    return "closed_after_paid" if is_paid and trade.status is TradeStatus.TRADE_CLOSED and not notice.is_refund else ""


async def _store(
    services: Services, body: bytes, claimed: Mapping[str, str], verdict: NoticeVerdict, reason: str, now: datetime
) -> None:
    kept = body[:KEPT_BODY_BYTES].decode("utf-8", "backslashreplace")
    await rows(
        STORE,
        _short(claimed.get("notify_id"), 128),
        _short(claimed.get("out_trade_no"), 64),
        _short(claimed.get("trade_status"), 20),
        services.sealer.seal(kept, BODY_LABEL),
        verdict.value,
        reason,
        now,
    )


def _short(text: str | None, most: int) -> str | None:
    """What a stranger wrote, cut and without NUL, which PostgreSQL can't hold."""
    return text.replace("\x00", "")[:most] if text is not None else None
