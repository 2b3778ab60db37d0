"""A person's own messages, and in a demo what was sent to whom."""

import re
from dataclasses import dataclass
from datetime import datetime

from cishan.accounts.viewer import Viewer
from cishan.database import rows
from cishan.messages.actions import RECIPIENT_LABEL, TEXT_LABEL
from cishan.sealing import Sealer

MESSAGES_A_PAGE = 20
OUTBOX_ROWS = 50
LINK = re.compile(r"(?:https?://[^/\s]+)?(/[A-Za-z0-9_/-]+)", re.ASCII)

MINE = """
SELECT text_sealed, created_at, count(*) OVER () AS total FROM outbox_message
 WHERE account_id = $1 AND channel = 'site' ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3
"""
NEWEST = """
SELECT recipient_sealed, text_sealed, created_at, sent_at FROM outbox_message
 WHERE channel = 'sms' ORDER BY id DESC LIMIT $1
"""


@dataclass(frozen=True)
class Message:
    text: str
    at: datetime


@dataclass(frozen=True)
class SentMessage:
    """One SMS of the demo's outbox; `sent` is False while it waits."""

    phone: str
    text: str
    at: datetime
    sent: bool

    @property
    def path(self) -> str:
        """The page of ours that the text leads to; empty when there is none."""
        found = LINK.search(self.text)
        return found.group(1) if found else ""


async def messages_of(viewer: Viewer, number: int, *, sealer: Sealer) -> tuple[tuple[Message, ...], int]:
    """One page of the person's in-site messages, the newest first, and how many there are in all."""
    found = await rows(MINE, viewer.account_id, MESSAGES_A_PAGE, (number - 1) * MESSAGES_A_PAGE)
    messages = tuple(Message(sealer.open(row["text_sealed"], TEXT_LABEL), row["created_at"]) for row in found)
    return messages, found[0]["total"] if found else 0


async def newest_sms(*, sealer: Sealer) -> tuple[SentMessage, ...]:
    """The newest SMS with phones and texts in full: for the demo's page alone, which production does not have."""
    return tuple(
        SentMessage(
            phone=sealer.open(row["recipient_sealed"], RECIPIENT_LABEL),
            text=sealer.open(row["text_sealed"], TEXT_LABEL),
            at=row["created_at"],
            sent=row["sent_at"] is not None,
        )
        for row in await rows(NEWEST, OUTBOX_ROWS)
    )
