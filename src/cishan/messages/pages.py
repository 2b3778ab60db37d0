"""What the pages of messages show."""

from dataclasses import dataclass

from cishan.messages.queries import Message, SentMessage
from cishan.page_parts import Pagination


@dataclass(frozen=True)
class MessagesPage:
    messages: tuple[Message, ...]
    pagination: Pagination


@dataclass(frozen=True)
class OutboxPage:
    """The demo's outbox: what would have reached phones."""

    messages: tuple[SentMessage, ...]
