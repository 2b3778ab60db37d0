"""How an SMS leaves: a port, and two transports for places where nothing may really be sent.

A provider's adapter is any class with SmsTransport's method; a deployment names it "package.module:Class" in
CISHAN_SMS_TRANSPORT. It is made with the settings.
"""

import json
import logging
import os
from importlib import import_module
from pathlib import Path
from typing import Protocol

from anyio import to_thread

from cishan.settings import Settings

OUTBOX_FILE = "outbox.log"

log = logging.getLogger(__name__)


class SmsTransport(Protocol):
    """Sends one SMS; `key` lets a provider recognise a repetition. Raises when it can't be sure that it was taken."""

    async def send(self, key: str, phone: str, text: str) -> None: ...


class FileTransport:
    """Appends each SMS to a file that only its owner may read. For demo and tests."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / OUTBOX_FILE

    async def send(self, key: str, phone: str, text: str) -> None:
        line = json.dumps({"key": key, "phone": phone, "text": text}, ensure_ascii=False)
        await to_thread.run_sync(self._append, line)

    def _append(self, line: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(handle, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(line + "\n")


class ConsoleTransport:
    """Writes each SMS to the log. For a developer's own machine."""

    async def send(self, key: str, phone: str, text: str) -> None:
        log.warning("SMS to %s: %s", phone, text)


def transport_of(settings: Settings) -> SmsTransport:
    """The transport a deployment asked for.

    Raises ValueError in production for file and console: neither reaches a phone, and both lay codes open.
    """
    name = settings.sms_transport
    if name in {"file", "console"}:
        if settings.is_production:
            raise ValueError(f"CISHAN_SMS_TRANSPORT={name} sends nothing; production needs a provider's adapter")
        return FileTransport(settings.data_directory) if name == "file" else ConsoleTransport()
    module, _, made_by = name.partition(":")
    if not made_by:
        raise ValueError(f"CISHAN_SMS_TRANSPORT={name!r} must be file, console or package.module:Class")
    transport: SmsTransport = getattr(import_module(module), made_by)(settings)
    return transport
