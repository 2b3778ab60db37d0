"""Sends what is due in the outbox. No transaction is open while a message is on its way.

A row is taken with a lease: `next_try_at` moves behind the longest that this run can take, so that no other run takes
it up meanwhile; a run that dies leaves its row to be taken again. `tries` tells a late answer from the current one.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from cishan.database import JsonRow, rows
from cishan.handled import Handled
from cishan.messages.actions import RECIPIENT_LABEL, TEXT_LABEL
from cishan.messages.transports import SmsTransport
from cishan.sealing import Sealer

SEND_SECONDS = 20
MOST_AT_ONCE = 100
MOST_TRIES = 8
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)

TAKE = """
UPDATE outbox_message SET next_try_at = $2, tries = tries + 1
 WHERE id = (SELECT id FROM outbox_message
              WHERE channel = 'sms' AND sent_at IS NULL AND next_try_at <= $1
              ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, key, recipient_sealed, text_sealed, tries
"""
SENT = "UPDATE outbox_message SET sent_at = $3, next_try_at = NULL, failure = '' WHERE id = $1 AND tries = $2"
FAILED = "UPDATE outbox_message SET next_try_at = $3, failure = $4 WHERE id = $1 AND tries = $2 AND sent_at IS NULL"

log = logging.getLogger(__name__)


async def deliver_due(as_of: datetime, limit: int, *, transport: SmsTransport, sealer: Sealer) -> Handled:
    """Sends up to `limit` messages that are due; one after another, each taken just before it is sent."""
    limit = min(limit, MOST_AT_ONCE)
    lease_ends = as_of + timedelta(seconds=SEND_SECONDS) * (limit + 1)
    handled = failed = 0
    while handled < limit:
        taken = await rows(TAKE, as_of, lease_ends)
        if not taken:
            break
        handled += 1
        failed += not await _send(taken[0], as_of, transport=transport, sealer=sealer)
    return Handled(handled, failed)


async def _send(message: JsonRow, as_of: datetime, *, transport: SmsTransport, sealer: Sealer) -> bool:
    try:
        phone = sealer.open(message["recipient_sealed"], RECIPIENT_LABEL)
        text = sealer.open(message["text_sealed"], TEXT_LABEL)
        async with asyncio.timeout(SEND_SECONDS):
            await transport.send(message["key"], phone, text)
    except Exception as error:
        # A provider may fail in any way; the message waits, and neither phone nor text gets into the log.
        log.warning("message %s failed at try %s: %s", message["id"], message["tries"], type(error).__name__)
        again = as_of + pause_after(message["tries"]) if message["tries"] < MOST_TRIES else None
        await rows(FAILED, message["id"], message["tries"], again, type(error).__name__)
        return False
    await rows(SENT, message["id"], message["tries"], as_of)
    return True


def pause_after(tries: int) -> timedelta:
    """One minute, then twice as long each time, an hour at most."""
    return min(FIRST_PAUSE * (1 << (tries - 1)), LONGEST_PAUSE)
