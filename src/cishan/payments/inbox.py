"""Notices from the gateway: verified, compared with the order, kept with their verdict, then settled.

A verified notice that surprises - another amount, an unknown number, a state that can't be - is never believed alone:
the gateway is asked, and only what it confirms is booked. Nothing is asked inside a transaction.

Anybody can post here. What fails verification is kept as a short excerpt, so many an hour, and beyond that only counted;
what Alipay signed is never refused for being too much, since it is verified before anything is counted.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from cishan.accounts.limits import Limit, count_one, take_count
from cishan.accounts.rules import network_of
from cishan.database import rows
from cishan.errors import TooMany
from cishan.payments.actions import Settled, settle
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.alipay.terms import (
    PAID,
    GatewayRefused,
    GatewayUnknown,
    Notice,
    NoticeFault,
    NoticeRejected,
    Trade,
    TradeStatus,
)
from cishan.payments.owners import LineOwners
from cishan.payments.states import NoticeVerdict, OrderStatus, SettleSource
from cishan.services import Services

BODY_LABEL = "stored_notice.body"
KEPT_BODY_BYTES = 16 * 1024
KEPT_FORGED_BYTES = 2 * 1024
FORGED_OF_NETWORK = Limit("forged-notice-network", 20, timedelta(hours=1), "")
FORGED_OF_ALL = Limit("forged-notice", 200, timedelta(hours=1), "")
FORGED_NOT_KEPT = Limit("forged-notice-not-kept", 2**31 - 2, timedelta(days=1), "", from_last=True)
"""No limit but a tally of what the two above left out; the next forged notice that is kept says how many there were."""
SIGNED_ALL_THE_SAME = frozenset(
    {NoticeFault.MISSING_FIELD, NoticeFault.BAD_STATUS, NoticeFault.BAD_AMOUNT, NoticeFault.BAD_TIME}
)
"""Faults found behind the signature: Alipay wrote it to us, so it is kept whole, however many come."""
STORE = """
INSERT INTO stored_notice (notify_id, out_trade_no, trade_status, body_sealed, verdict, reason, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
EXPECTED = "SELECT status, total_fen, paid_fen FROM payment_order WHERE out_trade_no = $1"


async def handle_notice(
    body: bytes, *, address: str, services: Services, owners: LineOwners, now: datetime
) -> NoticeVerdict:
    """Does what a notice asks, once, and returns the verdict that is kept with it. `address` is where it came from.

    WAITING means that the gateway could not be asked: the answer must not be `success`, so that it is sent again.
    """
    gateway = services.gateway
    if gateway is None:
        return NoticeVerdict.WAITING
    try:
        notice = gateway.read_notice(body)
    except NoticeRejected as rejected:
        await _keep_rejected(body, rejected, address=address, services=services, now=now)
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


async def _keep_rejected(
    body: bytes, rejected: NoticeRejected, *, address: str, services: Services, now: datetime
) -> None:
    """Keeps evidence of a forgery without letting a stranger fill the disk."""
    verdict, fault, sealer = NoticeVerdict.REJECTED, rejected.reason, services.sealer
    if fault in SIGNED_ALL_THE_SAME:
        await _store(services, body, rejected.claimed, verdict, fault.value, now)
        return
    try:
        await count_one(FORGED_OF_NETWORK, network_of(address), sealer=sealer, now=now)
        await count_one(FORGED_OF_ALL, "", sealer=sealer, now=now)
    except TooMany:
        await count_one(FORGED_NOT_KEPT, "", sealer=sealer, now=now)
        return
    left_out = await take_count(FORGED_NOT_KEPT, "", sealer=sealer)
    reason = f"{fault.value} ({left_out} before it not kept)" if left_out else fault.value
    await _store(services, body[:KEPT_FORGED_BYTES], rejected.claimed, verdict, reason, now)


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
