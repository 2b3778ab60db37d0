"""Asks Alipay for refunds, outside every transaction, and writes down what it says.

Before the call the row says unknown: a process killed in the middle leaves a refund that is asked about, never one that
is forgotten or made twice. Asking goes on until Alipay has said yes or no.
"""

import logging
from datetime import datetime
from enum import Enum, auto

from tortoise.transactions import in_transaction

from cishan.database import JsonRow, rows
from cishan.messages.actions import queue_notice
from cishan.money import yuan_text
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.alipay.terms import GatewayAway, GatewayRefused, GatewayUnknown
from cishan.payments.rules import AWAY_AFTER
from cishan.payments.states import PayChannel
from cishan.refunds.rules import (
    APART,
    BY_BANK,
    DAYS_TO_DECIDE,
    LEASE,
    SENT_REASON,
    UNKNOWN_IS_LATE,
    back_to,
    next_try,
)
from cishan.refunds.states import OWED, RefundStatus
from cishan.refunds.writing import book_as_gone, lock_refund, move_refund
from cishan.sealing import Sealer
from cishan.services import Services
from cishan.working_days import end_of_working_days

BUSINESS_FAILED = "40004"
"""The only code by which Alipay says no to this refund; every other one says nothing about it."""
TRIES_KEPT = 30_000

DUE = "SELECT id FROM refund WHERE next_try_at <= $1 ORDER BY next_try_at, id LIMIT $2"
OTHERS = """
SELECT bool_or(status = 'unknown') AS under_way, max(sent_at) AS last_sent_at FROM refund WHERE order_id = $1 AND id <> $2
"""
WAIT = "UPDATE refund SET next_try_at = $2 WHERE id = $1"
SENT = "UPDATE refund SET sent_at = $2, tries = $3 WHERE id = $1"
STILL_UNKNOWN = """
UPDATE refund SET next_try_at = $2, due_at = coalesce(due_at, $3) WHERE id = $1 AND status = 'unknown'
"""
SAY_WHY = "UPDATE refund SET refusal = $2 WHERE id = $1"

log = logging.getLogger(__name__)


async def send_due_refunds(*, limit: int, services: Services, now: datetime) -> int:
    """Asks for every refund that is due, first or once more; any number of nodes may do it at once.

    While the gateway is away a batch ends after a few questions; what was not asked is still due.
    """
    if services.gateway is None:
        return 0
    due = await rows(DUE, now, limit)
    unanswered = 0
    for asked, row in enumerate(due, start=1):
        sent = await _send(row["id"], services=services, now=now)
        unanswered = unanswered + 1 if sent is Sent.UNANSWERED else 0
        if unanswered == AWAY_AFTER:
            return asked
    return len(due)


async def send_refund(refund_id: int, *, services: Services, now: datetime) -> bool:
    """Asks for one refund if it is due and no other of its trade is under way; True when it is known to be made."""
    return await _send(refund_id, services=services, now=now) is Sent.MADE


class Sent(Enum):
    """What came of asking for a refund."""

    MADE = auto()
    NOT_YET = auto()
    UNANSWERED = auto()
    """Nothing came back at all."""


async def _send(refund_id: int, *, services: Services, now: datetime) -> Sent:
    if services.gateway is None:
        return Sent.NOT_YET
    refund = await _mark_sent(refund_id, now=now)
    if refund is None:
        return Sent.NOT_YET
    if refund["channel"] is PayChannel.BANK:
        await _record_refusal(refund_id, BY_BANK, now=now)
        return Sent.NOT_YET
    try:
        left_at = await _ask(refund, services.gateway)
    except GatewayRefused as refusal:
        await _record_refusal(refund_id, f"{refusal.code} {refusal.sub_code}".strip(), now=now)
        return Sent.NOT_YET
    except GatewayUnknown as error:
        log.warning("refund %s stays unknown: %s", refund_id, error)
        await _record_unknown(refund, now=now)
        return Sent.UNANSWERED if isinstance(error, GatewayAway) else Sent.NOT_YET
    if left_at is None:
        await _record_unknown(refund, now=now)
        return Sent.NOT_YET
    made = await record_success(refund_id, left_at=left_at, sealer=services.sealer, now=now)
    return Sent.MADE if made else Sent.NOT_YET


async def _mark_sent(refund_id: int, *, now: datetime) -> JsonRow | None:
    """Unknown from here on, with a lease; None when it is not due, or its trade has another refund under way."""
    async with in_transaction():
        refund = await lock_refund(refund_id)
        if refund["next_try_at"] is None or refund["next_try_at"] > now:
            return None
        others = (await rows(OTHERS, refund["order_id"], refund_id))[0]
        last = others["last_sent_at"]
        if others["under_way"] or (last is not None and now < last + APART):
            await rows(WAIT, refund_id, now + APART)
            return None
        tries = min(refund["tries"] + 1, TRIES_KEPT)
        due_at = refund["due_at"]
        await move_refund(refund, "send", actor=None, now=now, next_try_at=now + LEASE, due_at=due_at)
        await rows(SENT, refund_id, now, tries)
        return {**refund, "tries": tries}


async def _ask(refund: JsonRow, gateway: AlipayGateway) -> datetime | None:
    """When the money left; None when Alipay has not said so. Raises GatewayRefused only when it said no to this refund."""
    number, request_no, amount_fen = refund["out_trade_no"], refund["request_no"], refund["amount_fen"]
    if refund["tries"] > 1:
        made_at = await _made_at(refund, gateway)
        if made_at is not None:
            return made_at
    try:
        answer = await gateway.refund(number, request_no, amount_fen, SENT_REASON)
    except GatewayRefused as refusal:
        if refusal.code == BUSINESS_FAILED:
            raise
        raise GatewayUnknown(str(refusal)) from refusal
    if answer.changed:
        return answer.refunded_at or refund["created_at"]
    return await _made_at(refund, gateway)


async def _made_at(refund: JsonRow, gateway: AlipayGateway) -> datetime | None:
    """When this very refund was made, by a query of its number; another sum than ours proves nothing."""
    try:
        made = await gateway.query_refund(refund["out_trade_no"], refund["request_no"])
    except GatewayRefused as refusal:
        raise GatewayUnknown(str(refusal)) from refusal
    if made is None:
        return None
    if made.amount_fen != refund["amount_fen"]:
        raise GatewayUnknown("the gateway names another sum for this refund")
    found: datetime = made.refunded_at or refund["created_at"]
    return found


async def record_success(refund_id: int, *, left_at: datetime, sealer: Sealer, now: datetime) -> bool:
    """The money has gone back: booked once, whoever calls and however often; False when it was booked before."""
    async with in_transaction():
        refund = await lock_refund(refund_id)
        if refund["status"] not in OWED:
            return False
        if refund["status"] is RefundStatus.REQUESTED:
            # Whoever asked was killed before it could write so; Alipay knows this number all the same.
            refund["status"] = await move_refund(refund, "send", actor=None, now=now, next_try_at=now)
        await move_refund(refund, "succeed", actor=None, now=now, succeeded_at=now)
        await book_as_gone(refund, left_at=left_at, now=now)
        text = f"{yuan_text(refund['amount_fen'])} 元已经原路退回{back_to(refund['channel'])}。"
        await queue_notice(f"refunded:{refund_id}", refund["donor_id"], text, sealer=sealer, now=now)
        return True


async def _record_refusal(refund_id: int, why: str, *, now: datetime) -> None:
    async with in_transaction():
        refund = await lock_refund(refund_id)
        if refund["status"] is not RefundStatus.UNKNOWN:
            return
        due_at = end_of_working_days(now, DAYS_TO_DECIDE)
        await move_refund(refund, "refuse", actor=None, now=now, due_at=due_at, detail={"why": why})
        await rows(SAY_WHY, refund_id, why[:80])


async def _record_unknown(refund: JsonRow, *, now: datetime) -> None:
    late_at = refund["created_at"] + UNKNOWN_IS_LATE
    await rows(STILL_UNKNOWN, refund["id"], next_try(refund["tries"], now), late_at)
