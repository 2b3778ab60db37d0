"""The only writer of the outbox. Rows are written inside the transaction of their cause and sent after its commit."""

from datetime import datetime

from cishan.database import rows
from cishan.messages.models import Channel
from cishan.sealing import Sealer

RECIPIENT_LABEL = "message.recipient"
TEXT_LABEL = "message.text"

QUEUE = """
INSERT INTO outbox_message (key, channel, account_id, recipient_sealed, text_sealed, created_at, next_try_at, tries, failure)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '') ON CONFLICT (key) DO NOTHING
"""


async def queue_sms(key: str, phone: str, text: str, *, sealer: Sealer, now: datetime) -> None:
    """An SMS to a phone; the same key is sent once, however often it is queued."""
    sealed_phone, sealed_text = sealer.seal(phone, RECIPIENT_LABEL), sealer.seal(text, TEXT_LABEL)
    await rows(QUEUE, key, Channel.SMS.value, None, sealed_phone, sealed_text, now, now)


async def queue_notice(key: str, account_id: int, text: str, *, sealer: Sealer, now: datetime) -> None:
    """An in-site message to an account, shown on its page of messages; the same key is shown once."""
    await rows(QUEUE, key, Channel.SITE.value, account_id, None, sealer.seal(text, TEXT_LABEL), now, None)


async def forget_notices(account_id: int) -> None:
    """Removes the in-site messages of somebody who closes their account."""
    await rows("DELETE FROM outbox_message WHERE account_id = $1 AND channel = $2", account_id, Channel.SITE.value)
