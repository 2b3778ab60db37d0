"""An SMS provider's adapter as a deployment would name it; this one sends nothing."""

from cishan.settings import Settings


class SilentProvider:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def send(self, key: str, phone: str, text: str) -> None:
        return None
