"""Notices from the gateway: verified, compared with the order, kept with their verdict, then settled.

A verified notice that surprises - another amount, an unknown number, a state that can't be - is never believed alone:
the gateway is asked, and only what it confirms is booked. Nothing is asked inside a transaction.
"""

from collections.abc import Mapping
from datetime import datetime

from cishan.database import rows
from cishan.payments.actions import settle
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.alipay.terms import (
    PAID,
    GatewayRefused,
    GatewayUnknown,
    Notice,
    NoticeRejected,
    Trade,
)
from cishan.payments.owners import LineOwners
from cishan.payments.states import NoticeVerdict, SettleSource
from cishan.services import Services

BODY_LABEL = "stored_notice.body"
KEPT_BODY_BYTES = 16 * 1024
STORE = """
INSERT INTO stored_notice (notify_id, out_trade_no, trade_status, body_sealed, verdict, reason, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
EXPECTED = "SELECT total_fen FROM payment_order WHERE out_trade_no = $1"


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
    if notice.is_refund:
        return NoticeVerdict.NOTHING_NEW, "refund"
    trade, surprise = notice.trade, await _surprise(notice.trade)
    if surprise:
        try:
            truth = await gateway.query(trade.out_trade_no)
        except (GatewayUnknown, GatewayRefused):
            return NoticeVerdict.WAITING, surprise
        if truth is None or truth.status is not trade.status or truth.total_fen != trade.total_fen:
            return NoticeVerdict.DENIED, surprise
        trade = truth
    settled = await settle(trade, SettleSource.NOTICE, owners=owners, sealer=services.sealer, now=now)
    if not settled.known:
        return NoticeVerdict.DENIED, "unknown_order"
    return (NoticeVerdict.SETTLED if settled.changed else NoticeVerdict.NOTHING_NEW), surprise


async def _surprise(trade: Trade) -> str:
    """Why a verified notice can't be believed alone; empty when it says what we expect."""
    found = await rows(EXPECTED, trade.out_trade_no)
    if not found:
        return "unknown_order"
    return "amount" if trade.status in PAID and trade.total_fen != found[0]["total_fen"] else ""


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
